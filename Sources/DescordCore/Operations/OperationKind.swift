/// What an operation is handled as: which queue it waits in, where its payload stands, what may delete it.
public enum OperationClass: Int, Comparable, Sendable, CaseIterable {
    /// Decides who may do what: synced first, its body in the header, never deleted.
    case authority = 0
    /// Key agreement: body in the header.
    case mls = 1
    /// What people say: its content beside the header, deletable.
    case content = 2

    public static func < (a: OperationClass, b: OperationClass) -> Bool {
        a.rawValue < b.rawValue
    }
}

/// What an operation does, by its stable number on the wire.
///
/// The number's range decides the class, so that a node knows the class of kinds that it has never heard of.
/// Zero is no kind.
public struct OperationKind: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number on the wire: 1…999 authority, 1000…1999 mls, from 2000 content.
    public let rawValue: UInt32

    /// Returns nil for zero.
    public init?(rawValue: UInt32) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }

    private init(_ number: UInt32) {
        self.rawValue = number
    }

    public static let spaceCreate = OperationKind(1)
    public static let spaceRename = OperationKind(2)
    public static let spaceVisibility = OperationKind(3)
    public static let channelCreate = OperationKind(10)
    public static let channelUpdate = OperationKind(11)
    public static let channelArchive = OperationKind(12)
    public static let channelModerator = OperationKind(13)
    public static let memberJoin = OperationKind(20)
    public static let memberAdmit = OperationKind(21)
    public static let memberLeave = OperationKind(22)
    public static let memberRemove = OperationKind(23)
    public static let roleDefine = OperationKind(30)
    public static let roleGrant = OperationKind(31)
    public static let roleTake = OperationKind(32)
    public static let ban = OperationKind(40)
    public static let unban = OperationKind(41)
    public static let mute = OperationKind(42)
    public static let inviteCreate = OperationKind(50)
    public static let inviteRevoke = OperationKind(51)
    public static let budgetChange = OperationKind(60)

    public static let mlsKeyPackage = OperationKind(1000)
    public static let mlsCommit = OperationKind(1001)
    public static let mlsCheckpoint = OperationKind(1002)
    public static let mlsReboot = OperationKind(1003)

    public static let messagePost = OperationKind(2000)
    public static let messageEdit = OperationKind(2001)
    public static let messageDelete = OperationKind(2002)
    public static let reactionAdd = OperationKind(2010)
    public static let reactionRemove = OperationKind(2011)
    public static let pin = OperationKind(2020)
    public static let unpin = OperationKind(2021)
    public static let threadCreate = OperationKind(2030)
    public static let profile = OperationKind(2040)

    /// The class, by the number's range.
    public var operationClass: OperationClass {
        switch self.rawValue {
        case ..<1000: .authority
        case 1000..<2000: .mls
        default: .content
        }
    }

    /// Whether an operation of this kind names a channel; nil for kinds that are not known here.
    var namesChannel: Bool? {
        switch self {
        case .channelUpdate, .channelArchive, .channelModerator, .messagePost, .messageEdit, .messageDelete,
            .reactionAdd,
            .reactionRemove, .pin, .unpin, .threadCreate:
            true
        case .spaceCreate, .spaceRename, .spaceVisibility, .channelCreate, .memberJoin, .memberAdmit,
            .memberLeave, .memberRemove, .roleDefine, .roleGrant, .roleTake, .ban, .unban, .mute,
            .inviteCreate, .inviteRevoke, .budgetChange, .mlsKeyPackage, .mlsCommit, .mlsCheckpoint,
            .mlsReboot,
            .profile:
            false
        default: nil
        }
    }

    /// Whether a header names what its operation acts upon, or is in.
    enum Naming { case always, maybe, never }

    /// Whether an operation of this kind names a target.
    var namesTarget: Naming {
        switch self {
        case .messageEdit, .messageDelete, .reactionAdd, .reactionRemove, .pin, .unpin: .always
        case .messagePost, .threadCreate: .maybe
        default: .never
        }
    }

    /// Whether it acts upon a message, which it names as its target and links to.
    public var actsUponMessage: Bool { self.namesTarget == .always }

    /// Whether a mute takes away the right to write it.
    var isSpeech: Bool {
        switch self {
        case .messagePost, .messageEdit, .reactionAdd, .pin, .threadCreate: true
        default: false
        }
    }

    /// Whether it takes something away from others, so that what they wrote is to be judged anew.
    public var revokes: Bool {
        switch self {
        case .memberRemove, .roleTake, .ban, .mute: true
        default: false
        }
    }

    /// Whether this version knows what the kind means; others are stored and forwarded and not shown.
    public var isKnown: Bool { self.namesChannel != nil }

    public static func < (a: OperationKind, b: OperationKind) -> Bool {
        a.rawValue < b.rawValue
    }
}
