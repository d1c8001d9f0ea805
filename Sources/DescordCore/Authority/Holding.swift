import DescordCrypto

/// What makes somebody more than a stranger: an admission, a granted role, a channel to moderate, or having
/// made the space.
public struct Holding: Hashable, Sendable {
    /// The operation that gave it; nil for the creator, from whom nothing can be taken.
    public var source: OperationID?
    /// The role; nil for the creator and for moderators of one channel.
    public var role: OperationID?
    /// Whom it lets its holder act upon: those of a lower rank.
    public var rank: UInt32
    /// What it permits.
    public var permissions: Permissions
    /// The one channel in which it permits that; nil: everywhere.
    public var channel: ChannelID?
    /// The operations that have to be effective for it: the source, and the definition of the role.
    public var supports: [OperationID]

    /// The creator's.
    public static let creator = Holding(
        source: nil, role: nil, rank: PayloadLimits.creatorRank, permissions: .all, channel: nil, supports: []
    )

    /// The rank with which moderators of one channel act there.
    public static let channelModeratorRank: UInt32 = 1
}

/// One way in which an operation was permitted: with what its author held in the operation's causal past.
public struct Basis: Hashable, Sendable {
    /// The rank with which the operation acts when it rests on this: the holding's, or for an admission the
    /// invite's author's when that is lower.
    public var rank: UInt32
    /// The holding's rank: only whoever acts with a higher one can take it away.
    public var holdingRank: UInt32
    /// The operation that gave the holding; nil for the creator.
    public var holding: OperationID?
    /// The holding's role, which a `role take` names.
    public var role: OperationID?
    /// The operations that have to be effective, with at least `rank`.
    public var supports: [OperationID]

    init(_ holding: Holding, rank: UInt32? = nil, with supports: [OperationID] = []) {
        self.rank = rank ?? holding.rank
        self.holdingRank = holding.rank
        self.holding = holding.source
        self.role = holding.role
        self.supports = holding.supports + supports
    }
}

extension Basis {
    /// Restores what `encode` returned; nil for anything else.
    public static func decode(_ bytes: [UInt8]) -> [Basis]? {
        var rest = bytes[...]
        func number() -> UInt32? {
            guard rest.count >= 2 else { return nil }
            defer { rest = rest.dropFirst(2) }
            return UInt32(rest[rest.startIndex]) << 8 | UInt32(rest[rest.startIndex + 1])
        }
        func id() -> OperationID? {
            defer { rest = rest.dropFirst(OperationID.size) }
            return OperationID(bytes: rest.prefix(OperationID.size))
        }
        var bases: [Basis] = []
        while !rest.isEmpty {
            guard let rank = number(), let holdingRank = number(), let shape = rest.popFirst() else {
                return nil
            }
            var basis = Basis(.creator)
            basis.rank = rank
            basis.holdingRank = holdingRank
            if shape & 1 != 0 { basis.holding = id() }
            if shape & 2 != 0 { basis.role = id() }
            for _ in 0..<shape >> 2 {
                guard let support = id() else { return nil }
                basis.supports.append(support)
            }
            bases.append(basis)
        }
        return bases
    }

    /// The form in the database: for each the two ranks (2 bytes each), which ids follow, the ids.
    public static func encode(_ bases: [Basis]) -> [UInt8] {
        var bytes: [UInt8] = []
        for basis in bases {
            for rank in [basis.rank, basis.holdingRank] {
                bytes += [UInt8(truncatingIfNeeded: rank >> 8), UInt8(truncatingIfNeeded: rank)]
            }
            let shape = (basis.holding == nil ? 0 : 1) | (basis.role == nil ? 0 : 2)
            bytes.append(UInt8(shape | basis.supports.count << 2))
            for id in [basis.holding, basis.role].compactMap({ $0 }) + basis.supports { bytes += id.bytes }
        }
        return bytes
    }
}
