/// What a role lets its holders do; the bits stand on the wire.
public struct Permissions: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Post, edit and pin messages.
    public static let send = Permissions(rawValue: 1 << 0)
    /// React to messages.
    public static let react = Permissions(rawValue: 1 << 1)
    /// Begin threads.
    public static let thread = Permissions(rawValue: 1 << 2)
    /// Make invites.
    public static let invite = Permissions(rawValue: 1 << 3)
    /// Remove members, and end invites of others.
    public static let kick = Permissions(rawValue: 1 << 4)
    /// Ban keys, and lift bans.
    public static let ban = Permissions(rawValue: 1 << 5)
    /// Change, close and open channels of others, name their moderators, and post where others may not.
    public static let manageChannels = Permissions(rawValue: 1 << 6)
    /// Define, grant and take roles.
    public static let manageRoles = Permissions(rawValue: 1 << 7)
    /// Mute members, and delete their messages.
    public static let moderate = Permissions(rawValue: 1 << 8)
    /// Make channels.
    public static let createChannels = Permissions(rawValue: 1 << 9)
    /// Rename the space, and make it public or private.
    public static let manageSpace = Permissions(rawValue: 1 << 10)

    /// What a mute takes away.
    public static let speaking: Permissions = [.send, .react, .thread]
    /// Everything that this version knows.
    public static let all = Permissions(rawValue: (1 << 11) - 1)

    /// Every permission with its name, in the order of the bits.
    public static let names: [(permission: Permissions, name: String)] = [
        (.send, "send"), (.react, "react"), (.thread, "thread"), (.invite, "invite"), (.kick, "kick"),
        (.ban, "ban"), (.manageChannels, "manage-channels"), (.manageRoles, "manage-roles"),
        (.moderate, "moderate"), (.createChannels, "create-channels"), (.manageSpace, "manage-space"),
    ]

    /// The names of the permissions in the set, in the order of the bits; unknown bits have none.
    public var names: [String] {
        Self.names.filter { self.contains($0.permission) }.map(\.name)
    }
}

/// The roles that every space has from the beginning; they can be defined anew, but keep their rank.
public enum BuiltInRole: UInt8, Hashable, Sendable, CaseIterable {
    case member = 1
    case moderator = 2
    case admin = 3

    /// The role with this id, or nil.
    public init?(_ id: OperationID) {
        guard let role = Self.allCases.first(where: { $0.id == id }) else { return nil }
        self = role
    }

    /// The highest of them that somebody of this rank has: what an invite's rank means.
    public init(atRank rank: UInt32) {
        self = Self.allCases.last { $0.rank <= rank } ?? .member
    }

    /// The role's id: 31 zero bytes and the number.
    public var id: OperationID {
        let bytes = [UInt8](repeating: 0, count: OperationID.size - 1) + [self.rawValue]
        guard let id = OperationID(bytes: bytes) else { preconditionFailure("an id has 32 bytes") }
        return id
    }

    /// What it is called as long as nobody defines it anew.
    public var name: String {
        switch self {
        case .member: "member"
        case .moderator: "moderator"
        case .admin: "admin"
        }
    }

    /// Whom its holders outrank, for ever.
    public var rank: UInt32 {
        switch self {
        case .member: 0
        case .moderator: 400
        case .admin: 800
        }
    }

    /// What it permits as long as nobody defines it anew.
    public var permissions: Permissions {
        switch self {
        case .member: [.send, .react, .thread, .invite, .createChannels]
        case .moderator: Self.member.permissions.union([.kick, .moderate, .manageChannels])
        case .admin: .all
        }
    }
}
