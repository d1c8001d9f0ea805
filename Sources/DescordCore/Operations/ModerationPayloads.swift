import DescordCrypto
import LibP2PCore

/// Defines a role, or defines it anew; the first definition's id is the role's id.
public struct RoleDefine: OperationPayload {
    public static let kind = OperationKind.roleDefine

    /// The role; nil in its first definition.
    public var role: OperationID?
    /// What it is called.
    public var name: String
    /// Whom its holders outrank.
    public var rank: UInt32
    /// Bits: 0 send, 1 react, 2 thread, 3 invite, 4 kick, 5 ban, 6 manage channels, 7 manage roles, 8
    /// moderate.
    public var permissions: UInt64

    public init(role: OperationID? = nil, name: String, rank: UInt32, permissions: UInt64) {
        self.role = role
        self.name = name
        self.rank = rank
        self.permissions = permissions
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBRoleDefine(octets: bytes), message.hasName, message.hasRank,
            message.hasPermissions
        else { return nil }
        let role = OperationID(bytes: message.role.octets)
        guard (role != nil) == message.hasRole else { return nil }
        self.role = role
        guard OperationPayloads.fits(message.name, PayloadLimits.maxNameSize) else { return nil }
        self.name = message.name
        guard message.rank <= PayloadLimits.maxRank else { return nil }
        self.rank = message.rank
        self.permissions = message.permissions
    }

    public var encoded: [UInt8] {
        var message = PBRoleDefine()
        if let role { message.role = .init(octets: role.bytes) }
        message.name = self.name
        message.rank = self.rank
        message.permissions = self.permissions
        return message.octets
    }
}

/// Gives a role to a member.
public struct RoleGrant: OperationPayload {
    public static let kind = OperationKind.roleGrant

    /// The role.
    public var role: OperationID
    /// Who gets it.
    public var member: Ed25519.PublicKey

    public init(role: OperationID, member: Ed25519.PublicKey) {
        self.role = role
        self.member = member
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBRoleGrant(octets: bytes), message.hasRole, message.hasMember else { return nil }
        guard let role = OperationID(bytes: message.role.octets) else { return nil }
        self.role = role
        guard let member = Ed25519.PublicKey(message.member.octets) else { return nil }
        self.member = member
    }

    public var encoded: [UInt8] {
        var message = PBRoleGrant()
        message.role = .init(octets: self.role.bytes)
        message.member = .init(octets: self.member.bytes)
        return message.octets
    }
}

/// Takes a role from a member.
public struct RoleTake: OperationPayload {
    public static let kind = OperationKind.roleTake

    /// The role.
    public var role: OperationID
    /// Who loses it.
    public var member: Ed25519.PublicKey
    /// The member's last operation that stays in force.
    public var lastGood: OperationID?

    public init(role: OperationID, member: Ed25519.PublicKey, lastGood: OperationID? = nil) {
        self.role = role
        self.member = member
        self.lastGood = lastGood
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBRoleTake(octets: bytes), message.hasRole, message.hasMember else { return nil }
        guard let role = OperationID(bytes: message.role.octets) else { return nil }
        self.role = role
        guard let member = Ed25519.PublicKey(message.member.octets) else { return nil }
        self.member = member
        let lastGood = OperationID(bytes: message.lastGood.octets)
        guard (lastGood != nil) == message.hasLastGood else { return nil }
        self.lastGood = lastGood
    }

    public var encoded: [UInt8] {
        var message = PBRoleTake()
        message.role = .init(octets: self.role.bytes)
        message.member = .init(octets: self.member.bytes)
        if let lastGood { message.lastGood = .init(octets: lastGood.bytes) }
        return message.octets
    }
}

/// Removes somebody and keeps the key out.
public struct Ban: OperationPayload {
    public static let kind = OperationKind.ban

    /// Who is banned, member or not.
    public var member: Ed25519.PublicKey
    /// The last operation that stays in force; nil when it wrote nothing.
    public var lastGood: OperationID?
    /// Why.
    public var reason: String?

    public init(member: Ed25519.PublicKey, lastGood: OperationID? = nil, reason: String? = nil) {
        self.member = member
        self.lastGood = lastGood
        self.reason = reason
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBBan(octets: bytes), message.hasMember else { return nil }
        guard let member = Ed25519.PublicKey(message.member.octets) else { return nil }
        self.member = member
        let lastGood = OperationID(bytes: message.lastGood.octets)
        guard (lastGood != nil) == message.hasLastGood else { return nil }
        self.lastGood = lastGood
        guard OperationPayloads.fits(message.reason, PayloadLimits.maxNoteSize) else { return nil }
        self.reason = message.hasReason ? message.reason : nil
    }

    public var encoded: [UInt8] {
        var message = PBBan()
        message.member = .init(octets: self.member.bytes)
        if let lastGood { message.lastGood = .init(octets: lastGood.bytes) }
        if let reason { message.reason = reason }
        return message.octets
    }
}

/// Lifts a ban; it does not make a member of anybody.
public struct Unban: OperationPayload {
    public static let kind = OperationKind.unban

    /// Whose ban is lifted.
    public var member: Ed25519.PublicKey

    public init(member: Ed25519.PublicKey) {
        self.member = member
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBUnban(octets: bytes), message.hasMember else { return nil }
        guard let member = Ed25519.PublicKey(message.member.octets) else { return nil }
        self.member = member
    }

    public var encoded: [UInt8] {
        var message = PBUnban()
        message.member = .init(octets: self.member.bytes)
        return message.octets
    }
}

/// Keeps a member from sending.
public struct Mute: OperationPayload {
    public static let kind = OperationKind.mute

    /// Who is muted.
    public var member: Ed25519.PublicKey
    /// The last operation that stays in force.
    public var lastGood: OperationID?
    /// Zero lifts the mutes that this one follows; anything else is until when it is meant, in milliseconds
    /// since 1970, for people to read: no clock ends a mute.
    public var until: UInt64?

    /// Whether this lifts earlier mutes.
    public var isLifted: Bool { self.until == 0 }

    public init(member: Ed25519.PublicKey, lastGood: OperationID? = nil, until: UInt64? = nil) {
        self.member = member
        self.lastGood = lastGood
        self.until = until
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMute(octets: bytes), message.hasMember else { return nil }
        guard let member = Ed25519.PublicKey(message.member.octets) else { return nil }
        self.member = member
        let lastGood = OperationID(bytes: message.lastGood.octets)
        guard (lastGood != nil) == message.hasLastGood else { return nil }
        self.lastGood = lastGood
        self.until = message.hasUntil ? message.until : nil
    }

    public var encoded: [UInt8] {
        var message = PBMute()
        message.member = .init(octets: self.member.bytes)
        if let lastGood { message.lastGood = .init(octets: lastGood.bytes) }
        if let until { message.until = until }
        return message.octets
    }
}
