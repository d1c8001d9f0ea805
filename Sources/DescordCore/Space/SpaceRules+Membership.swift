import DescordCrypto
import LibP2PCore

// MARK: - Membership

extension SpaceRules {
    /// Returns whether the author of `operation` was a member in its causal past.
    ///
    /// The usual case costs one look at the author's previous operation: if that was permitted and did not
    /// end the membership, and nobody ever ended it, neither did anything since.
    func isMember(authorOf operation: Operation) throws -> Bool {
        let author = operation.author
        if try self.lookup.creator() == author { return true }
        if let id = operation.header.previous, let previous = try self.lookup.entry(id),
            previous.author == author, previous.state == .admitted,
            previous.kind != .memberJoin, previous.kind != .memberLeave,
            try self.lookup.departures(of: author).isEmpty
        {
            return true
        }
        return try self.isMember(author, at: operation.header.links)
    }

    /// Returns whether `key` is a member by the causal past of `roots`, or, without roots, by everything
    /// admitted.
    public func isMember(_ key: Ed25519.PublicKey, at roots: [OperationID]? = nil) throws -> Bool {
        if try self.lookup.creator() == key { return true }
        return try self.admission(of: key, at: roots) != nil
    }

    /// Returns the admission that makes `key` a member: one with no departure that is later than or
    /// concurrent to it. The first by id, so that every home names the same one.
    public func admission(of key: Ed25519.PublicKey, at roots: [OperationID]? = nil) throws -> OperationID? {
        let admissions = try self.lookup.admissions(of: key)
        guard !admissions.isEmpty else { return nil }
        let departures = try self.lookup.departures(of: key)
        let past = try self.inPast(admissions + departures, of: roots)
        let gone = departures.filter(past.contains)
        for admission in admissions.sorted() where past.contains(admission) {
            if try gone.isEmpty || self.lookup.past(of: [admission], among: gone).count == gone.count {
                return admission
            }
        }
        return nil
    }

    /// Returns the rank of a member: the creator's, or its invite's.
    public func rank(of key: Ed25519.PublicKey, at roots: [OperationID]? = nil) throws -> UInt32 {
        if try self.lookup.creator() == key { return PayloadLimits.creatorRank }
        guard let id = try self.admission(of: key, at: roots),
            let admit = try self.lookup.operation(id)?.payload(MemberAdmit.self),
            let join = try self.lookup.operation(admit.join)?.payload(MemberJoin.self),
            let invite = join.invite
        else { return 0 }
        return try self.lookup.operation(invite)?.payload(InviteCreate.self)?.rank ?? 0
    }

    /// Returns whether the space is public by the causal past of `roots`, or by everything admitted: the last
    /// change by clock, then id, else what the genesis says.
    public func isPublic(at roots: [OperationID]? = nil) throws -> Bool {
        let changes = try self.lookup.visibilityChanges()
        let past = try self.inPast(changes, of: roots)
        let entries = try changes.filter(past.contains).compactMap { try self.lookup.entry($0) }
        if let last = entries.max(by: { ($0.clock, $0.id) < ($1.clock, $1.id) }),
            let change = try self.lookup.operation(last.id)?.payload(SpaceVisibility.self)
        {
            return change.isPublic
        }
        return try self.lookup.operation(self.lookup.space)?.payload(SpaceCreate.self)?.isPublic ?? false
    }

    func inPast(_ candidates: [OperationID], of roots: [OperationID]?) throws -> Set<OperationID> {
        guard let roots else { return Set(candidates) }
        return try self.lookup.past(of: roots, among: candidates)
    }
}
