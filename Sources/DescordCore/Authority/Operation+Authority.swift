import DescordCrypto

extension Operation {
    /// Whom an operation takes something from; for a leave, its author.
    public var revokedMember: Ed25519.PublicKey? {
        switch self.kind {
        case .memberLeave: self.author
        case .memberRemove: self.payload(MemberRemove.self)?.member
        case .ban: self.payload(Ban.self)?.member
        case .unban: self.payload(Unban.self)?.member
        case .roleTake: self.payload(RoleTake.self)?.member
        case .mute: self.payload(Mute.self)?.member
        default: nil
        }
    }

    /// To whom an operation gives something.
    public var grantedMember: Ed25519.PublicKey? {
        switch self.kind {
        case .memberAdmit: self.payload(MemberAdmit.self)?.member
        case .roleGrant: self.payload(RoleGrant.self)?.member
        case .channelModerator: self.payload(ChannelModerator.self)?.member
        default: nil
        }
    }

    /// The target's last operation that a revocation leaves in force.
    public var lastGood: OperationID? {
        switch self.kind {
        case .memberRemove: self.payload(MemberRemove.self)?.lastGood
        case .ban: self.payload(Ban.self)?.lastGood
        case .roleTake: self.payload(RoleTake.self)?.lastGood
        case .mute: self.payload(Mute.self)?.lastGood
        default: nil
        }
    }
}

extension SpaceLookup {
    /// Returns the rank that an admission gives: its invite's; 0 without one.
    func rank(admittedBy admit: MemberAdmit) throws -> UInt32 {
        guard let join = try self.operation(admit.join)?.payload(MemberJoin.self), let id = join.invite else {
            return 0
        }
        return try self.operation(id)?.payload(InviteCreate.self)?.rank ?? 0
    }
}
