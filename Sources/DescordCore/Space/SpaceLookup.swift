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
    /// The channel that it is in or about.
    public var channel: ChannelID?
    public var state: OperationState

    public init(
        id: OperationID, author: Ed25519.PublicKey, sequence: UInt64, links: [OperationID],
        clock: HybridLogicalClock, kind: OperationKind, channel: ChannelID?, state: OperationState
    ) {
        self.id = id
        self.author = author
        self.sequence = sequence
        self.links = links
        self.clock = clock
        self.kind = kind
        self.channel = channel
        self.state = state
    }

    /// The entry of an operation in this state.
    public init(_ operation: Operation, state: OperationState) {
        self.init(
            id: operation.id, author: operation.author, sequence: operation.header.sequence,
            links: operation.header.links, clock: operation.header.clock, kind: operation.kind,
            channel: operation.header.channel, state: state)
    }
}

/// What the rules of a space read. Every list holds eligible operations only (those of which the state is
/// `admitted` or `revoked`), in any order.
///
/// Lists may name more than the causal past of the operation that is judged: the rules look at its past
/// alone.
public protocol SpaceLookup {
    /// The space.
    var space: SpaceID { get }
    /// What the rules found out already; for as long as this lookup sees one state of the set.
    var cache: AuthorityCache { get }

    /// The creator's key; nil before the genesis is stored.
    func creator() throws -> Ed25519.PublicKey?
    /// A settled operation (not waiting, not held); nil for others.
    func entry(_ id: OperationID) throws -> SpaceEntry?
    /// An eligible operation with its body.
    func operation(_ id: OperationID) throws -> Operation?
    /// The place of an eligible authority operation in pasts; nil for others.
    func index(of id: OperationID) throws -> UInt32?
    /// The authority operations in the causal past of a settled operation, itself included.
    func past(of id: OperationID) throws -> AuthorityPast
    /// Whether `ancestor` is in the causal past of `id`, or is it; both are settled.
    func isAncestor(_ ancestor: OperationID, of id: OperationID) throws -> Bool

    /// How an eligible authority operation was permitted.
    func bases(of id: OperationID) throws -> [Basis]
    /// The rank with which an eligible authority operation acts in the whole set; nil when it is not
    /// effective.
    func actingRank(of id: OperationID) throws -> UInt32?

    /// The `member admit`, `role grant` and `channel moderator` operations that name this key.
    func grants(to key: Ed25519.PublicKey) throws -> [OperationID]
    /// The `member leave` operations by, and the `member remove`, `ban`, `unban`, `role take` and `mute`
    /// operations of, this key.
    func revocations(of key: Ed25519.PublicKey) throws -> [OperationID]
    /// All `member remove`, `ban`, `role take` and `mute` operations.
    func revocations() throws -> [OperationID]
    /// The `role define` operations of this role, the first included.
    func definitions(of role: OperationID) throws -> [OperationID]
    /// The operations of this kind that say what is so from now on: of a channel (`channel update`, `channel
    /// archive`), or of the space.
    func changes(_ kind: OperationKind, of channel: ChannelID?) throws -> [OperationID]
    /// The `member admit` operations whose join names this invite; several may let in one member.
    func uses(of invite: OperationID) throws -> [OperationID]
    /// The `invite revoke` operations of this invite.
    func revocations(ofInvite invite: OperationID) throws -> [OperationID]
    /// The authority operations of this author.
    func authorityOperations(by key: Ed25519.PublicKey) throws -> [OperationID]
    /// The `role grant` operations of this role.
    func grants(of role: OperationID) throws -> [OperationID]
    /// Whether a stored operation, in force or waiting, says that this key is or was a member: whose
    /// operations may wait.
    func isKnown(_ key: Ed25519.PublicKey) throws -> Bool
}

extension SpaceLookup {
    public func creator() throws -> Ed25519.PublicKey? { try self.entry(self.space)?.author }

    /// The authority operations in the causal past of `roots`, these included.
    public func past(of roots: [OperationID]) throws -> AuthorityPast {
        try roots.reduce(into: AuthorityPast()) { $0.formUnion(try self.past(of: $1)) }
    }

    /// Walks the links from `id`. Clocks grow along links, so the walk turns round below the one that is
    /// looked for.
    public func isAncestor(_ ancestor: OperationID, of id: OperationID) throws -> Bool {
        if ancestor == id { return true }
        if let index = try self.index(of: ancestor) { return try self.past(of: id).contains(index) }
        guard let wanted = try self.entry(ancestor) else { return false }
        var seen: Set<OperationID> = [id]
        var stack = [id]
        while let next = stack.popLast() {
            guard let entry = try self.entry(next), entry.clock > wanted.clock else { continue }
            if entry.links.contains(ancestor) { return true }
            for link in entry.links where seen.insert(link).inserted { stack.append(link) }
        }
        return false
    }
}
