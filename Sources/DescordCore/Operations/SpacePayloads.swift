import DescordCrypto
import LibP2PCore

/// Makes a space; the operation's id is the space's id.
public struct SpaceCreate: OperationPayload {
    public static let kind = OperationKind.spaceCreate

    /// What the creator calls it.
    public var name: String
    /// Whether everybody may read and join without a ticket.
    public var isPublic: Bool

    public init(name: String, isPublic: Bool) {
        self.name = name
        self.isPublic = isPublic
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBSpaceCreate(octets: bytes), message.hasName, message.hasIsPublic else {
            return nil
        }
        guard OperationPayloads.fits(message.name, PayloadLimits.maxNameSize) else { return nil }
        self.name = message.name
        self.isPublic = message.isPublic
    }

    public var encoded: [UInt8] {
        var message = PBSpaceCreate()
        message.name = self.name
        message.isPublic = self.isPublic
        return message.octets
    }
}

/// Gives the space another name.
public struct SpaceRename: OperationPayload {
    public static let kind = OperationKind.spaceRename

    /// The new name.
    public var name: String

    public init(name: String) {
        self.name = name
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBSpaceRename(octets: bytes), message.hasName else { return nil }
        guard OperationPayloads.fits(message.name, PayloadLimits.maxNameSize) else { return nil }
        self.name = message.name
    }

    public var encoded: [UInt8] {
        var message = PBSpaceRename()
        message.name = self.name
        return message.octets
    }
}

/// Makes the space public or private.
public struct SpaceVisibility: OperationPayload {
    public static let kind = OperationKind.spaceVisibility

    /// Whether everybody may read and join from now on.
    public var isPublic: Bool

    public init(isPublic: Bool) {
        self.isPublic = isPublic
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBSpaceVisibility(octets: bytes), message.hasIsPublic else { return nil }
        self.isPublic = message.isPublic
    }

    public var encoded: [UInt8] {
        var message = PBSpaceVisibility()
        message.isPublic = self.isPublic
        return message.octets
    }
}

/// Makes a channel; the operation's id is the channel's id.
public struct ChannelCreate: OperationPayload {
    public static let kind = OperationKind.channelCreate

    /// The channel's name.
    public var name: String
    /// What it is for.
    public var purpose: String?

    public init(name: String, purpose: String? = nil) {
        self.name = name
        self.purpose = purpose
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBChannelCreate(octets: bytes), message.hasName else { return nil }
        guard OperationPayloads.fits(message.name, PayloadLimits.maxNameSize) else { return nil }
        self.name = message.name
        guard OperationPayloads.fits(message.purpose, PayloadLimits.maxNoteSize) else { return nil }
        self.purpose = message.hasPurpose ? message.purpose : nil
    }

    public var encoded: [UInt8] {
        var message = PBChannelCreate()
        message.name = self.name
        if let purpose { message.purpose = purpose }
        return message.octets
    }
}

/// Changes what is present of the header's channel.
public struct ChannelUpdate: OperationPayload {
    public static let kind = OperationKind.channelUpdate

    /// The new name.
    public var name: String?
    /// The new purpose.
    public var purpose: String?
    /// Whether only those who manage or moderate it post in it.
    public var isReadOnly: Bool?

    public init(name: String? = nil, purpose: String? = nil, isReadOnly: Bool? = nil) {
        self.name = name
        self.purpose = purpose
        self.isReadOnly = isReadOnly
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBChannelUpdate(octets: bytes) else { return nil }
        guard OperationPayloads.fits(message.name, PayloadLimits.maxNameSize) else { return nil }
        self.name = message.hasName ? message.name : nil
        guard OperationPayloads.fits(message.purpose, PayloadLimits.maxNoteSize) else { return nil }
        self.purpose = message.hasPurpose ? message.purpose : nil
        self.isReadOnly = message.hasReadOnly ? message.readOnly : nil
    }

    public var encoded: [UInt8] {
        var message = PBChannelUpdate()
        if let name { message.name = name }
        if let purpose { message.purpose = purpose }
        if let isReadOnly { message.readOnly = isReadOnly }
        return message.octets
    }
}

/// Closes the header's channel for posting, or opens it again.
public struct ChannelArchive: OperationPayload {
    public static let kind = OperationKind.channelArchive

    /// Whether it is closed.
    public var archived: Bool

    public init(archived: Bool) {
        self.archived = archived
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBChannelArchive(octets: bytes), message.hasArchived else { return nil }
        self.archived = message.archived
    }

    public var encoded: [UInt8] {
        var message = PBChannelArchive()
        message.archived = self.archived
        return message.octets
    }
}

/// Makes somebody a moderator of the header's channel, or ends that.
public struct ChannelModerator: OperationPayload {
    public static let kind = OperationKind.channelModerator

    /// Who.
    public var member: Ed25519.PublicKey
    /// Whether they moderate it from now on.
    public var isModerator: Bool

    public init(member: Ed25519.PublicKey, isModerator: Bool) {
        self.member = member
        self.isModerator = isModerator
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBChannelModerator(octets: bytes), message.hasMember, message.hasModerator,
            let member = Ed25519.PublicKey(message.member.octets)
        else { return nil }
        self.member = member
        self.isModerator = message.moderator
    }

    public var encoded: [UInt8] {
        var message = PBChannelModerator()
        message.member = .init(octets: self.member.bytes)
        message.moderator = self.isModerator
        return message.octets
    }
}

/// Changes what each author may write; what is nil stays as it is.
public struct BudgetChange: OperationPayload {
    public static let kind = OperationKind.budgetChange

    /// Operations at once.
    public var burst: UInt32?
    /// Operations a minute at which the burst refills.
    public var perMinute: UInt32?
    /// Bytes of all operations of one author.
    public var totalBytes: UInt64?
    /// Bytes of one author's authority and mls operations.
    public var controlBytes: UInt64?

    public init(
        burst: UInt32? = nil, perMinute: UInt32? = nil, totalBytes: UInt64? = nil, controlBytes: UInt64? = nil
    ) {
        self.burst = burst
        self.perMinute = perMinute
        self.totalBytes = totalBytes
        self.controlBytes = controlBytes
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBBudgetChange(octets: bytes) else { return nil }
        self.burst = message.hasBurst ? message.burst : nil
        self.perMinute = message.hasPerMinute ? message.perMinute : nil
        self.totalBytes = message.hasTotalBytes ? message.totalBytes : nil
        self.controlBytes = message.hasControlBytes ? message.controlBytes : nil
    }

    public var encoded: [UInt8] {
        var message = PBBudgetChange()
        if let burst { message.burst = burst }
        if let perMinute { message.perMinute = perMinute }
        if let totalBytes { message.totalBytes = totalBytes }
        if let controlBytes { message.controlBytes = controlBytes }
        return message.octets
    }
}
