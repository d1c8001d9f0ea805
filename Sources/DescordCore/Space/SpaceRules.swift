import DescordCrypto
import LibP2PCore

/// Decides what becomes of an operation, from its links and its causal past alone.
///
/// This stage's authority: the creator, and members, who were admitted. Fails closed: what is not permitted
/// here is void.
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
        } else if try self.permits(operation) {
            return .admitted(byMember: true)
        }
        return isKnown ? .void : .ignored(.stranger)
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

    /// Returns whether the author was allowed to write this, by its causal past.
    private func permits(_ operation: Operation) throws -> Bool {
        guard try self.isMember(authorOf: operation) else { return false }
        let isCreator = try self.lookup.creator() == operation.author
        switch operation.kind {
        case .memberAdmit:
            return try self.permitsAdmit(operation)
        case .inviteCreate:
            guard let invite = operation.payload(InviteCreate.self) else { return false }
            if isCreator { return invite.rank <= PayloadLimits.maxRank }
            return try invite.rank == 0
                || invite.rank < self.rank(of: operation.author, at: operation.header.links)
        case .inviteRevoke:
            guard let revoke = operation.payload(InviteRevoke.self) else { return false }
            return try isCreator || self.isOwn(revoke.invite, of: operation)
        case .channelUpdate, .channelArchive:
            guard let channel = operation.header.channel else { return false }
            return try isCreator || self.isOwn(channel, of: operation)
        case .memberRemove, .ban, .unban, .mute:
            return try isCreator && self.target(of: operation) != operation.author
        case .spaceRename, .spaceVisibility, .budgetChange, .roleDefine, .roleGrant, .roleTake:
            return isCreator
        default:
            return try self.isInItsChannel(operation)
        }
    }

    /// Returns whether the channel that a content operation names was made in its causal past; kinds that
    /// name none, or that are not known here, are nothing to this rule.
    private func isInItsChannel(_ operation: Operation) throws -> Bool {
        guard operation.operationClass == .content, operation.kind.namesChannel == true else { return true }
        guard let channel = operation.header.channel, let entry = try self.lookup.entry(channel),
            entry.kind == .channelCreate, entry.state == .admitted
        else { return false }
        return try self.lookup.past(of: operation.header.links, among: [channel]).contains(channel)
    }

    /// Returns whether the author of `operation` wrote `target`, in the operation's causal past: an author
    /// who forked its chain may name what only some homes have yet, and all must come to the same answer.
    private func isOwn(_ target: OperationID, of operation: Operation) throws -> Bool {
        guard let entry = try self.lookup.entry(target), entry.author == operation.author,
            entry.state == .admitted
        else { return false }
        return try self.lookup.past(of: operation.header.links, among: [target]).contains(target)
    }

    private func target(of operation: Operation) throws -> Ed25519.PublicKey? {
        operation.payload(MemberRemove.self)?.member ?? operation.payload(Ban.self)?.member
    }
}
