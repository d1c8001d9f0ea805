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
        let roots = operation.header.links
        if let id = join.invite {
            guard try self.lookup.past(of: roots, among: [id]).contains(id),
                let invite = try self.lookup.operation(id)?.payload(InviteCreate.self),
                JoinProof.isValid(operation, key: invite.publicKey)
            else { return false }
        }
        let verdict = try self.verdict(invite: join.invite, joiner: operation.author, at: roots, now: nil)
        return verdict == .allowed
    }

    /// Returns whether an admission keeps the rules: the join is in its past and by the newcomer, and the
    /// invite was neither revoked, expired nor used up by the admission's own past and clock.
    func permitsAdmit(_ operation: Operation) throws -> Bool {
        guard let admit = operation.payload(MemberAdmit.self) else { return false }
        let roots = operation.header.links
        guard try self.lookup.past(of: roots, among: [admit.join]).contains(admit.join),
            let request = try self.lookup.operation(admit.join), request.author == admit.member,
            let join = request.payload(MemberJoin.self)
        else { return false }
        let verdict = try self.verdict(
            invite: join.invite, joiner: admit.member, at: roots, now: operation.header.clock.wallTime)
        return verdict == .allowed
    }

    /// Returns whether `joiner` may be let in by everything that is admitted here.
    public func joinVerdict(
        invite: OperationID?, joiner: Ed25519.PublicKey, now: WallTime
    ) throws -> JoinVerdict {
        try self.verdict(invite: invite, joiner: joiner, at: nil, now: now)
    }

    /// The checks in one place; without `now` neither expiry nor uses are looked at.
    private func verdict(
        invite id: OperationID?, joiner: Ed25519.PublicKey, at roots: [OperationID]?, now: WallTime?
    ) throws -> JoinVerdict {
        if try self.isMember(joiner, at: roots) { return .alreadyMember }
        if let refusal = try self.departureVerdict(invite: id, joiner: joiner, at: roots) { return refusal }
        guard let id else { return try self.isPublic(at: roots) ? .allowed : .unknown }
        guard let operation = try self.lookup.operation(id), let invite = operation.payload(InviteCreate.self)
        else { return .unknown }
        let revocations = try self.lookup.revocations(of: id)
        guard try self.inPast(revocations, of: roots).isEmpty,
            try self.isMember(operation.author, at: roots)
        else { return .revoked }
        guard let now else { return .allowed }
        if let expires = invite.expires, UInt64(max(0, now.milliseconds)) > expires { return .expired }
        let uses = try self.inPast(self.lookup.uses(of: id), of: roots)
        return try self.usersByAdmission(uses).count < Int(invite.uses) ? .allowed : .usedUp
    }

    /// A ticket brings nobody back who left, was removed or banned; a public space takes back who left.
    private func departureVerdict(
        invite: OperationID?, joiner: Ed25519.PublicKey, at roots: [OperationID]?
    ) throws -> JoinVerdict? {
        let past = try self.inPast(self.lookup.departures(of: joiner), of: roots)
        guard !past.isEmpty else { return nil }
        let kinds = try past.sorted().compactMap { try self.lookup.entry($0)?.kind }
        if kinds.contains(.ban) { return .banned }
        return invite == nil && kinds.allSatisfy { $0 == .memberLeave } ? nil : .revoked
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
