import LibP2PCore

/// Decides what becomes of an operation: whether it is eligible, from its links and its causal past alone,
/// and whether it is effective, from what revocations the whole set has. Fails closed.
public struct SpaceRules<Lookup: SpaceLookup> {
    /// What becomes of an operation.
    public enum Judgement: Hashable, Sendable {
        /// In force; `byMember` is false for the join of somebody who is no member yet.
        case admitted(byMember: Bool)
        /// These links are not settled; the author is known.
        case waiting(missing: [OperationID])
        /// Too far ahead until then; `missing` links are not settled either.
        case held(until: WallTime, missing: [OperationID])
        /// Contradicts its links.
        case invalid
        /// Not permitted, by somebody who is known.
        case void
        /// Permitted, and taken back by a revocation that it does not follow.
        case revoked
        /// Not to be stored.
        case ignored(IgnoreReason)
    }

    let lookup: Lookup

    /// The rules over what `lookup` sees.
    public init(_ lookup: Lookup) {
        self.lookup = lookup
    }

    /// Judges an operation that is looked at when it is `now`; the time decides only what is held or ignored.
    public func judge(_ operation: Operation, now: WallTime) throws -> Judgement {
        guard operation.space == self.lookup.space else { return .ignored(.foreignSpace) }
        let clock = operation.header.clock
        if clock.verdict(at: now) == .ignored { return .ignored(.farFuture) }
        if operation.isGenesis { return .admitted(byMember: true) }
        let parents = try operation.header.links.map { try self.lookup.entry($0) }
        let missing = zip(operation.header.links, parents).filter { $0.1 == nil }.map(\.0)
        let isKnown = try self.lookup.isKnown(operation.author)
        if clock.verdict(at: now) == .held {
            return isKnown ? .held(until: clock.releaseTime, missing: missing) : .ignored(.stranger)
        }
        guard missing.isEmpty else { return isKnown ? .waiting(missing: missing) : .ignored(.unknownParents) }
        let settled = parents.compactMap { $0 }
        guard self.isConsistent(operation, with: settled) else {
            return isKnown ? .invalid : .ignored(.stranger)
        }
        if operation.kind == .memberJoin {
            if try self.permitsJoin(operation) { return .admitted(byMember: false) }
            return isKnown ? .void : .ignored(.stranger)
        }
        let bases = try self.bases(of: operation)
        guard !bases.isEmpty else { return isKnown ? .void : .ignored(.stranger) }
        guard try self.actingRank(of: operation, bases: bases) != nil else { return .revoked }
        return .admitted(byMember: true)
    }

    /// Returns whether the operation's clock is above its parents', none of them is invalid, and its place in
    /// the author's chain is the one after `previous`.
    private func isConsistent(_ operation: Operation, with parents: [SpaceEntry]) -> Bool {
        guard operation.header.clock.isAbove(parents.map(\.clock)),
            parents.allSatisfy({ $0.state != .invalid })
        else { return false }
        guard operation.header.previous != nil, let previous = parents.first else { return true }
        return previous.author == operation.author && previous.sequence < .max
            && previous.sequence + 1 == operation.header.sequence
    }
}
