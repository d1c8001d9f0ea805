import DescordCrypto

// MARK: - What an operation needs

extension SpaceRules {
    /// Returns every way in which the author of an operation was permitted to write it by its causal past,
    /// best first; none when it was not.
    ///
    /// An operation rests on one holding, which has both the permission and a rank above whatever it acts
    /// upon.
    public func bases(of operation: Operation) throws -> [Basis] {
        if operation.isGenesis { return [Basis(.creator)] }
        let view = try AuthorityView(self.lookup.past(of: operation.header.links), in: self.lookup)
        let holdings = try view.holdings(of: operation.author)
        guard !holdings.isEmpty else { return [] }
        if let admit = operation.payload(MemberAdmit.self) {
            return try self.bases(of: operation, admit, holdings, view)
        }
        guard let isEnough = try self.requirement(of: operation, view) else { return [] }
        return holdings.filter(isEnough).map { Basis($0) }.sorted { $0.rank > $1.rank }
    }

    /// An admission acts with the rank of the invite's author when that is lower than its own, so that nobody
    /// above the one can be reached through the other.
    private func bases(
        of operation: Operation, _ admit: MemberAdmit, _ holdings: [Holding], _ view: AuthorityView<Lookup>
    ) throws -> [Basis] {
        guard try self.permitsAdmit(operation, admit, view) else { return [] }
        let rank = try self.lookup.rank(admittedBy: admit)
        let invite = try self.lookup.operation(admit.join)?.payload(MemberJoin.self)?.invite
        let inviting = try invite.map { Set(try self.lookup.bases(of: $0).map(\.rank)).sorted(by: >) }
        var bases: [Basis] = []
        for holding in holdings where holding.channel == nil && (rank == 0 || holding.rank > rank) {
            for acting in inviting ?? [holding.rank] {
                bases.append(
                    Basis(holding, rank: min(acting, holding.rank), with: invite.map { [$0] } ?? []))
            }
        }
        return bases.sorted { $0.rank > $1.rank }
    }

    /// Returns what a holding must be for this operation; nil when nothing is enough.
    private func requirement(
        of operation: Operation, _ view: AuthorityView<Lookup>
    ) throws -> ((Holding) -> Bool)? {
        func general(_ permissions: Permissions, above rank: UInt32? = nil) -> (Holding) -> Bool {
            { holding in
                holding.channel == nil && holding.permissions.isSuperset(of: permissions)
                    && rank.map { holding.rank > $0 } ?? true
            }
        }
        switch operation.kind {
        case .spaceRename, .spaceVisibility: return general(.manageSpace)
        case .budgetChange: return { $0 == .creator }
        case .channelCreate: return general(.createChannels)
        case .channelUpdate, .channelArchive: return try self.channelRequirement(of: operation)
        case .channelModerator:
            guard let channel = operation.header.channel, try self.isChannel(channel, of: operation) else {
                return nil
            }
            return general(.manageChannels, above: Holding.channelModeratorRank)
        case .inviteCreate:
            guard let invite = operation.payload(InviteCreate.self) else { return nil }
            return general(.invite, above: invite.rank == 0 ? nil : invite.rank)
        case .inviteRevoke: return try self.inviteRequirement(of: operation, view)
        case .memberLeave: return general([])
        case .memberRemove, .ban, .roleTake, .mute, .unban:
            return try self.revocationRequirement(of: operation, view)
        case .roleDefine, .roleGrant: return try self.roleRequirement(of: operation, view)
        case .memberJoin, .spaceCreate: return nil
        default: return try self.contentRequirement(of: operation, view)
        }
    }

    private func channelRequirement(of operation: Operation) throws -> ((Holding) -> Bool)? {
        guard let channel = operation.header.channel, try self.isChannel(channel, of: operation) else {
            return nil
        }
        let isOwn = try self.lookup.entry(channel)?.author == operation.author
        return { holding in
            holding.channel == nil && isOwn
                || holding.permissions.contains(.manageChannels)
                    && (holding.channel == nil || holding.channel == channel)
        }
    }

    private func inviteRequirement(
        of operation: Operation, _ view: AuthorityView<Lookup>
    ) throws -> ((Holding) -> Bool)? {
        guard let revoke = operation.payload(InviteRevoke.self), try view.contains(revoke.invite),
            let invite = try self.lookup.entry(revoke.invite), invite.kind == .inviteCreate
        else { return nil }
        if invite.author == operation.author { return { $0.channel == nil } }
        let rank = try view.rank(of: invite.author) ?? 0
        return { $0.channel == nil && $0.permissions.contains(.kick) && $0.rank > rank }
    }

    /// A revocation needs a rank above its target's, and links to the last operation that it leaves in force.
    private func revocationRequirement(
        of operation: Operation, _ view: AuthorityView<Lookup>
    ) throws -> ((Holding) -> Bool)? {
        guard let target = operation.revokedMember, target != operation.author else { return nil }
        if let lastGood = operation.lastGood {
            let isLinked = operation.header.links.contains(lastGood)
            guard try isLinked || view.contains(lastGood),
                try self.lookup.entry(lastGood)?.author == target
            else { return nil }
        }
        let rank = try view.rank(of: target)
        let permission: Permissions
        var above = rank ?? 0
        switch operation.kind {
        case .memberRemove: permission = .kick
        case .ban, .unban: permission = .ban
        case .mute: permission = .moderate
        default:
            guard let take = operation.payload(RoleTake.self),
                let role = try view.definition(of: take.role)
            else { return nil }
            permission = .manageRoles
            above = max(above, role.rank)
        }
        return { $0.channel == nil && $0.permissions.contains(permission) && $0.rank > above }
    }

    /// Whoever defines or grants a role outranks it and whoever gets it, and has every permission in it; its
    /// rank is that of the first definition for ever.
    private func roleRequirement(
        of operation: Operation, _ view: AuthorityView<Lookup>
    ) throws -> ((Holding) -> Bool)? {
        let above: UInt32
        let given: Permissions
        if let define = operation.payload(RoleDefine.self) {
            if let id = define.role {
                guard try self.isRole(id, in: view), let role = try view.definition(of: id),
                    role.rank == define.rank
                else { return nil }
            }
            above = define.rank
            given = Permissions(rawValue: define.permissions)
        } else {
            guard let grant = operation.payload(RoleGrant.self),
                let role = try view.definition(of: grant.role)
            else { return nil }
            above = max(role.rank, try view.rank(of: grant.member) ?? 0)
            given = role.permissions
        }
        // The creator gives what later versions will know, too.
        return { holding in
            holding == .creator
                || holding.channel == nil && holding.rank > above
                    && holding.permissions.isSuperset(of: given.union(.manageRoles))
        }
    }

    private func isRole(_ id: OperationID, in view: AuthorityView<Lookup>) throws -> Bool {
        if BuiltInRole(id) != nil { return true }
        guard try view.contains(id), let define = try self.lookup.operation(id)?.payload(RoleDefine.self)
        else { return false }
        return define.role == nil
    }

    /// Content of a kind that names a channel needs that channel in its past, open for its author.
    private func contentRequirement(
        of operation: Operation, _ view: AuthorityView<Lookup>
    ) throws -> ((Holding) -> Bool)? {
        guard operation.operationClass == .content, operation.kind.namesChannel == true else {
            return { $0.channel == nil }
        }
        guard let channel = operation.header.channel, try self.isChannel(channel, of: operation) else {
            return nil
        }
        var message: SpaceEntry?
        if operation.kind.actsUponMessage {
            guard let found = try self.target(of: operation) else { return nil }
            message = found
        }
        let permission: Permissions
        switch operation.kind {
        case .messageDelete:
            guard let message, message.author != operation.author else { return { $0.channel == nil } }
            let rank = try view.rank(of: message.author) ?? 0
            return { holding in
                (holding.channel == nil || holding.channel == channel)
                    && holding.permissions.contains(.moderate) && holding.rank > rank
            }
        case .messageEdit where message?.author != operation.author: return nil
        case .messagePost, .messageEdit, .pin: permission = .send
        case .reactionAdd: permission = .react
        case .threadCreate: permission = .thread
        default: return { $0.channel == nil }  // what takes back is always permitted to members
        }
        let archive = try view.register(self.lookup.changes(.channelArchive, of: channel))
        if let archive, try self.lookup.operation(archive)?.payload(ChannelArchive.self)?.archived == true {
            return nil
        }
        guard operation.kind == .messagePost || operation.kind == .threadCreate,
            try self.isReadOnly(channel, view)
        else { return { $0.channel == nil && $0.permissions.contains(permission) } }
        return { holding in
            !holding.permissions.isDisjoint(with: [.moderate, .manageChannels])
                && (holding.channel == channel
                    || holding.channel == nil && holding.permissions.contains(permission))
        }
    }

    /// Returns the message that an operation acts upon: one that it links to, in its channel; nil when there
    /// is none, or when whoever wrote it was not permitted to.
    private func target(of operation: Operation) throws -> SpaceEntry? {
        guard let id = operation.header.target, operation.header.links.contains(id),
            let entry = try self.lookup.entry(id), entry.kind == .messagePost,
            entry.channel == operation.header.channel, entry.state == .admitted || entry.state == .revoked
        else { return nil }
        return entry
    }

    /// Returns whether only moderators post in a channel.
    func isReadOnly(_ channel: ChannelID, _ view: AuthorityView<Lookup>) throws -> Bool {
        let changes = try self.lookup.changes(.channelUpdate, of: channel).filter {
            try self.lookup.operation($0)?.payload(ChannelUpdate.self)?.isReadOnly != nil
        }
        guard let id = try view.register(changes) else { return false }
        return try self.lookup.operation(id)?.payload(ChannelUpdate.self)?.isReadOnly ?? false
    }

    /// Returns whether an operation's past has the creation of this channel.
    private func isChannel(_ channel: ChannelID, of operation: Operation) throws -> Bool {
        guard let entry = try self.lookup.entry(channel), entry.kind == .channelCreate,
            let index = try self.lookup.index(of: channel)
        else { return false }
        return try self.lookup.past(of: operation.header.links).contains(index)
    }
}

// MARK: - In force or not

extension SpaceRules {
    /// Returns the rank with which an eligible operation acts in the whole set; nil when it is void there.
    public func actingRank(of operation: Operation, bases: [Basis]) throws -> UInt32? {
        // Somebody who asks to be let in does not rest on anything.
        if operation.kind == .memberJoin { return 0 }
        return try AuthorityView(everythingIn: self.lookup)
            .actingRank(of: SpaceEntry(operation, state: .admitted), bases: bases)
    }

    /// Returns the ranks with which the authority operations act that revocations can reach, when everything
    /// that is there counts: what a further revocation may have changed.
    public func ranksUnderRevocations() throws -> [OperationID: UInt32?] {
        try AuthorityView.ranks(under: AuthorityView.revocations(in: self.lookup), in: self.lookup)
    }

    /// Returns which write of a register counts by everything that is here.
    public func register(_ writes: [OperationID]) throws -> OperationID? {
        try AuthorityView(everythingIn: self.lookup).register(writes)
    }

    /// Returns what a role is by everything that is here; nil when there is none of this id.
    public func definition(
        of role: OperationID
    ) throws -> (source: OperationID?, name: String, rank: UInt32, permissions: Permissions)? {
        try AuthorityView(everythingIn: self.lookup).definition(of: role)
    }

    /// Returns the operations that keep an eligible one from being in force, sorted; none when it is.
    public func obstacles(to operation: Operation) throws -> [OperationID] {
        try AuthorityView(everythingIn: self.lookup)
            .obstacles(to: SpaceEntry(operation, state: .admitted), bases: self.bases(of: operation))
    }

    /// Returns what the author of an operation held by its causal past.
    public func holdings(before operation: Operation) throws -> [Holding] {
        try AuthorityView(self.lookup.past(of: operation.header.links), in: self.lookup)
            .holdings(of: operation.author)
    }
}
