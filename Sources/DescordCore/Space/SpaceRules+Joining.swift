import DescordCrypto
import LibP2PCore

// MARK: - Joining

extension SpaceRules {
    /// Returns whether somebody may ask to be let in like this: with an invite in the operation's past and
    /// its key's signature, or into a public space; never twice, and no ticket for those who left or were
    /// removed.
    ///
    /// Uses and expiry are the admitting member's to check.
    func permitsJoin(_ operation: Operation) throws -> Bool {
        guard let join = operation.payload(MemberJoin.self) else { return false }
        let view = try AuthorityView(self.lookup.past(of: operation.header.links), in: self.lookup)
        if let id = join.invite {
            guard try view.contains(id),
                let invite = try self.lookup.operation(id)?.payload(InviteCreate.self),
                JoinProof.isValid(operation, key: invite.publicKey)
            else { return false }
        }
        return try self.verdict(invite: join.invite, joiner: operation.author, in: view, now: nil) == .allowed
    }

    /// Returns whether an admission keeps the rules: the join is in its past and by the newcomer, and the
    /// invite was neither revoked, expired nor used up by the admission's own past and clock.
    func permitsAdmit(
        _ operation: Operation, _ admit: MemberAdmit, _ view: AuthorityView<Lookup>
    ) throws -> Bool {
        guard try view.contains(admit.join), let request = try self.lookup.operation(admit.join),
            request.author == admit.member, let join = request.payload(MemberJoin.self)
        else { return false }
        let now = operation.header.clock.wallTime
        return try self.verdict(invite: join.invite, joiner: admit.member, in: view, now: now) == .allowed
    }

    /// Returns whether `admitter` may let in `joiner` now, by everything that is here.
    ///
    /// An invite of a rank lets in through those who outrank it alone; to others it is unknown.
    public func joinVerdict(
        invite id: OperationID?, joiner: Ed25519.PublicKey, admitter: Ed25519.PublicKey, now: WallTime
    ) throws -> JoinVerdict {
        let view = AuthorityView(everythingIn: self.lookup)
        let verdict = try self.verdict(invite: id, joiner: joiner, in: view, now: now)
        guard verdict == .allowed, let id,
            let rank = try self.lookup.operation(id)?.payload(InviteCreate.self)?.rank, rank > 0
        else { return verdict }
        return try view.rank(of: admitter) ?? 0 > rank ? .allowed : .unknown
    }

    /// The checks in one place; without `now` neither expiry nor uses are looked at.
    private func verdict(
        invite id: OperationID?, joiner: Ed25519.PublicKey, in view: AuthorityView<Lookup>, now: WallTime?
    ) throws -> JoinVerdict {
        if try !view.holdings(of: joiner).isEmpty { return .alreadyMember }
        if let refusal = try self.departureVerdict(invite: id, joiner: joiner, in: view) { return refusal }
        guard let id else { return try self.isPublic(view) ? .allowed : .unknown }
        guard try view.contains(id), let operation = try self.lookup.operation(id),
            let invite = operation.payload(InviteCreate.self)
        else { return .unknown }
        let revocations = try self.lookup.revocations(ofInvite: id)
        guard try view.actingRank(of: id) != nil,
            try !revocations.contains(where: {
                try view.contains($0) && view.actingRank(of: $0) != nil
            }),
            try !view.holdings(of: operation.author).isEmpty
        else { return .revoked }
        guard let now else { return .allowed }
        if let expires = invite.expires, UInt64(max(0, now.milliseconds)) > expires { return .expired }
        let uses = try self.lookup.uses(of: id).filter(view.contains)
        return try self.usersByAdmission(uses).count < Int(invite.uses) ? .allowed : .usedUp
    }

    /// A ticket brings nobody back who left, was removed or is banned; a public space takes back who left.
    private func departureVerdict(
        invite: OperationID?, joiner: Ed25519.PublicKey, in view: AuthorityView<Lookup>
    ) throws -> JoinVerdict? {
        var departures: [SpaceEntry] = []
        var unbans: [OperationID] = []
        for id in try self.lookup.revocations(of: joiner).filter(view.contains) {
            guard let entry = try self.lookup.entry(id), try view.actingRank(of: id) != nil else { continue }
            switch entry.kind {
            case .memberLeave, .memberRemove, .ban: departures.append(entry)
            case .unban: unbans.append(id)
            default: break
            }
        }
        let isBanned = try departures.contains { departure in
            try departure.kind == .ban
                && !unbans.contains { try self.lookup.isAncestor(departure.id, of: $0) }
        }
        if isBanned { return .banned }
        // A lifted ban of somebody who never was a member leaves nothing behind.
        let wasMember = try self.lookup.grants(to: joiner).contains(where: view.contains)
        departures.removeAll { $0.kind == .ban && !wasMember }
        if departures.isEmpty { return nil }
        return invite == nil && departures.allSatisfy { $0.kind == .memberLeave } ? nil : .revoked
    }

    /// Returns the admissions of an invite beyond its uses, in the order of clock and id: they stay in force
    /// and are marked.
    public func overLimit(of invite: OperationID) throws -> Set<OperationID> {
        guard let limit = try self.lookup.operation(invite)?.payload(InviteCreate.self)?.uses else {
            return []
        }
        let excess = Set(try self.usersByAdmission(self.lookup.uses(of: invite)).dropFirst(Int(limit)))
        return try self.lookup.uses(of: invite).reduce(into: []) { found, id in
            guard let member = try self.lookup.operation(id)?.payload(MemberAdmit.self)?.member else {
                return
            }
            if excess.contains(member) { found.insert(id) }
        }
    }

    /// Returns how many members an invite let in; two members who answer one join use it once.
    public func useCount(of invite: OperationID) throws -> Int {
        try self.usersByAdmission(self.lookup.uses(of: invite)).count
    }

    /// Returns whom admissions let in, each once, in the order of the clock and id of the first.
    private func usersByAdmission(_ admissions: some Sequence<OperationID>) throws -> [Ed25519.PublicKey] {
        let ordered = try admissions.compactMap { try self.lookup.entry($0) }
            .sorted { ($0.clock, $0.id) < ($1.clock, $1.id) }
        var seen: Set<Ed25519.PublicKey> = []
        return try ordered.compactMap { try self.lookup.operation($0.id)?.payload(MemberAdmit.self)?.member }
            .filter { seen.insert($0).inserted }
    }
}
