import DescordCrypto
import LibP2PCore

/// Asks to be let in: with a ticket (both fields) or into a public space (neither).
public struct MemberJoin: OperationPayload {
    public static let kind = OperationKind.memberJoin

    /// The invite create operation.
    public var invite: OperationID?
    /// By the invite's key, as `JoinProof` says, without the handshake hash.
    public var signature: [UInt8]?

    public init(invite: OperationID? = nil, signature: [UInt8]? = nil) {
        self.invite = invite
        self.signature = signature
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMemberJoin(octets: bytes) else { return nil }
        let invite = OperationID(bytes: message.invite.octets)
        guard (invite != nil) == message.hasInvite else { return nil }
        self.invite = invite
        guard message.hasSignature == message.hasInvite,
            !message.hasSignature || message.signature.count == Ed25519.signatureSize
        else { return nil }
        self.signature = message.hasSignature ? message.signature.octets : nil
    }

    public var encoded: [UInt8] {
        var message = PBMemberJoin()
        if let invite { message.invite = .init(octets: invite.bytes) }
        if let signature { message.signature = .init(octets: signature) }
        return message.octets
    }
}

/// Lets a newcomer in, after the checks that the admitting member makes by its own clock and past.
public struct MemberAdmit: OperationPayload {
    public static let kind = OperationKind.memberAdmit

    /// The member join operation.
    public var join: OperationID
    /// The newcomer: the join's author.
    public var member: Ed25519.PublicKey

    public init(join: OperationID, member: Ed25519.PublicKey) {
        self.join = join
        self.member = member
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMemberAdmit(octets: bytes), message.hasJoin, message.hasMember else {
            return nil
        }
        guard let join = OperationID(bytes: message.join.octets) else { return nil }
        self.join = join
        guard let member = Ed25519.PublicKey(message.member.octets) else { return nil }
        self.member = member
    }

    public var encoded: [UInt8] {
        var message = PBMemberAdmit()
        message.join = .init(octets: self.join.bytes)
        message.member = .init(octets: self.member.bytes)
        return message.octets
    }
}

/// The author leaves the space.
public struct MemberLeave: OperationPayload {
    public static let kind = OperationKind.memberLeave

    public init() {
    }

    public init?(decoding bytes: [UInt8]) {
        guard PBMemberLeave(octets: bytes) != nil else { return nil }
    }

    public var encoded: [UInt8] {
        PBMemberLeave().octets
    }
}

/// Removes a member.
public struct MemberRemove: OperationPayload {
    public static let kind = OperationKind.memberRemove

    /// Who is removed.
    public var member: Ed25519.PublicKey
    /// The member's last operation that stays in force; nil when it wrote nothing.
    public var lastGood: OperationID?
    /// Why.
    public var reason: String?

    public init(member: Ed25519.PublicKey, lastGood: OperationID? = nil, reason: String? = nil) {
        self.member = member
        self.lastGood = lastGood
        self.reason = reason
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMemberRemove(octets: bytes), message.hasMember else { return nil }
        guard let member = Ed25519.PublicKey(message.member.octets) else { return nil }
        self.member = member
        let lastGood = OperationID(bytes: message.lastGood.octets)
        guard (lastGood != nil) == message.hasLastGood else { return nil }
        self.lastGood = lastGood
        guard OperationPayloads.fits(message.reason, PayloadLimits.maxNoteSize) else { return nil }
        self.reason = message.hasReason ? message.reason : nil
    }

    public var encoded: [UInt8] {
        var message = PBMemberRemove()
        message.member = .init(octets: self.member.bytes)
        if let lastGood { message.lastGood = .init(octets: lastGood.bytes) }
        if let reason { message.reason = reason }
        return message.octets
    }
}

/// Makes an invite; the operation's id is the invite's id.
public struct InviteCreate: OperationPayload {
    public static let kind = OperationKind.inviteCreate

    /// The key whose private half is in the ticket.
    public var publicKey: Ed25519.PublicKey
    /// The rank of those who join with it.
    public var rank: UInt32
    /// How many may join with it, 1…1,000,000.
    public var uses: UInt32
    /// Milliseconds since 1970 after which nobody is let in; nil: never.
    public var expires: UInt64?

    public init(publicKey: Ed25519.PublicKey, rank: UInt32, uses: UInt32, expires: UInt64? = nil) {
        self.publicKey = publicKey
        self.rank = rank
        self.uses = uses
        self.expires = expires
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBInviteCreate(octets: bytes), message.hasPublicKey, message.hasRank,
            message.hasUses
        else { return nil }
        guard let publicKey = Ed25519.PublicKey(message.publicKey.octets) else { return nil }
        self.publicKey = publicKey
        guard message.rank <= PayloadLimits.maxRank else { return nil }
        self.rank = message.rank
        guard (1...PayloadLimits.maxInviteUses).contains(message.uses) else { return nil }
        self.uses = message.uses
        self.expires = message.hasExpires ? message.expires : nil
    }

    public var encoded: [UInt8] {
        var message = PBInviteCreate()
        message.publicKey = .init(octets: self.publicKey.bytes)
        message.rank = self.rank
        message.uses = self.uses
        if let expires { message.expires = expires }
        return message.octets
    }
}

/// Ends an invite.
public struct InviteRevoke: OperationPayload {
    public static let kind = OperationKind.inviteRevoke

    /// The invite create operation.
    public var invite: OperationID

    public init(invite: OperationID) {
        self.invite = invite
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBInviteRevoke(octets: bytes), message.hasInvite else { return nil }
        guard let invite = OperationID(bytes: message.invite.octets) else { return nil }
        self.invite = invite
    }

    public var encoded: [UInt8] {
        var message = PBInviteRevoke()
        message.invite = .init(octets: self.invite.bytes)
        return message.octets
    }
}
