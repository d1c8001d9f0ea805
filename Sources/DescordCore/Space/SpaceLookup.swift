import DescordCrypto

/// What the rules need to know of a stored operation.
public struct SpaceEntry: Hashable, Sendable {
    public var id: OperationID
    public var author: Ed25519.PublicKey
    public var sequence: UInt64
    /// `previous`, then the dependencies.
    public var links: [OperationID]
    public var clock: HybridLogicalClock
    public var kind: OperationKind
    public var state: OperationState

    public init(
        id: OperationID, author: Ed25519.PublicKey, sequence: UInt64, links: [OperationID],
        clock: HybridLogicalClock, kind: OperationKind, state: OperationState
    ) {
        self.id = id
        self.author = author
        self.sequence = sequence
        self.links = links
        self.clock = clock
        self.kind = kind
        self.state = state
    }

    /// The entry of an operation in this state.
    public init(_ operation: Operation, state: OperationState) {
        self.init(
            id: operation.id, author: operation.author, sequence: operation.header.sequence,
            links: operation.header.links, clock: operation.header.clock, kind: operation.kind, state: state)
    }
}

/// What the rules of a space read; every list holds admitted operations only, in any order.
///
/// Lists may name more than the causal past of the operation that is judged: the rules look at its past
/// alone.
public protocol SpaceLookup {
    /// The space.
    var space: SpaceID { get }
    /// A settled operation (admitted, invalid or void); nil for others.
    func entry(_ id: OperationID) throws -> SpaceEntry?
    /// An admitted operation with its body.
    func operation(_ id: OperationID) throws -> Operation?
    /// The `member admit` operations of this key.
    func admissions(of key: Ed25519.PublicKey) throws -> [OperationID]
    /// The `member leave` operations by, and the `member remove` and `ban` operations of, this key.
    func departures(of key: Ed25519.PublicKey) throws -> [OperationID]
    /// The `member admit` operations whose join names this invite; several may let in one member.
    func uses(of invite: OperationID) throws -> [OperationID]
    /// The `invite revoke` operations of this invite.
    func revocations(of invite: OperationID) throws -> [OperationID]
    /// The `space visibility` operations.
    func visibilityChanges() throws -> [OperationID]
    /// Which of `candidates`, admitted authority operations all, are in the causal past of `roots`, the roots
    /// included. A lookup that stores pasts answers without a walk.
    func past(of roots: [OperationID], among candidates: [OperationID]) throws -> Set<OperationID>
    /// Whether a stored operation, in force or waiting, says that this key is or was a member: whose
    /// operations may wait.
    func isKnown(_ key: Ed25519.PublicKey) throws -> Bool
}

extension SpaceLookup {
    /// The creator's key; nil before the genesis is stored.
    public func creator() throws -> Ed25519.PublicKey? { try self.entry(self.space)?.author }

    /// Walks the links from `roots`. Clocks grow along links, so the walk turns round where none of the
    /// candidates can be any more.
    public func past(of roots: [OperationID], among candidates: [OperationID]) throws -> Set<OperationID> {
        var missing = Set(candidates)
        var found: Set<OperationID> = []
        var oldest: HybridLogicalClock?
        for id in candidates {
            guard let entry = try self.entry(id) else {
                missing.remove(id)
                continue
            }
            oldest = min(oldest ?? entry.clock, entry.clock)
        }
        guard let oldest else { return [] }
        var seen = Set(roots)
        var stack = roots
        while let id = stack.popLast(), !missing.isEmpty {
            if missing.remove(id) != nil { found.insert(id) }
            guard let entry = try self.entry(id), entry.clock > oldest else { continue }
            for link in entry.links where seen.insert(link).inserted { stack.append(link) }
        }
        return found
    }
}
