import DescordCrypto
import LibP2PCore

/// What synchronising reads of one space: the reconciliation set, which is every verified and durably stored
/// operation (admitted, waiting, held, invalid or void), and who may see it.
///
/// Reads are synchronous and see one consistent state; writes go through the session's driver. A joiner's
/// storage of a space of which it has nothing yet is empty, and knows the space's id.
public protocol SyncStorage {
    /// The space.
    var space: SpaceID { get }
    /// Whether strangers may join without a ticket.
    var isPublic: Bool { get }

    /// Count, fingerprint and hash of heads of the whole set; heads are operations that none in the set links
    /// to.
    func summary() -> SyncSummary
    /// The ids of the whole set: authority operations first, then by descending clock; ties by id.
    func ids() -> [OperationID]
    /// The whole set with the seconds of its clocks, the oldest first; within a second in any order.
    func items() -> [NegentropyItem]
    /// The heads of the whole set, sorted.
    func heads() -> [OperationID]
    /// Whether the set holds this operation, durably.
    func contains(_ id: OperationID) -> Bool
    /// Author, class and links of those of `ids` that are in the set; cheaper than `operation`.
    func entries(_ ids: [OperationID]) -> [OperationID: SyncEntry]
    /// An operation in the set.
    func operation(_ id: OperationID) -> Operation?
    /// Which of `ids`, which a peer has and we have not, should be pulled now: leaves out what was refused
    /// because its author's budget is used up. Keeps their order.
    func wanted(_ ids: [OperationID]) -> [OperationID]

    /// Whether this key is a member now.
    func isMember(_ key: Ed25519.PublicKey) -> Bool
    /// Whether these `member admit` operations, each verified, show that `key` was let in by somebody we know
    /// as a member, and we know of no removal or ban of anybody on the way. The first admits `key`, each
    /// further one admits the author of the one before.
    func acceptsIntroduction(of key: Ed25519.PublicKey, by admissions: [Operation]) -> Bool
    /// The `member admit` operations that introduce ourselves to a member who has not heard of us: the one
    /// that admitted us, then the one that admitted its author, and so on up to the creator, at most 8.
    func introduction() -> [Operation]
    /// An invite that we know, revoked or not.
    func invite(_ id: OperationID) -> InviteCreate?
    /// Whether we would let `joiner` in now; `invite` is nil in a public space.
    func joinVerdict(invite: OperationID?, joiner: Ed25519.PublicKey, now: WallTime) -> JoinVerdict

    /// The newest signed peer records of members, ours included, sorted by peer; at most 64.
    func memberRecords() -> [SyncRecord]
    /// The sequence of the newest record that we have of a peer, or nil.
    func recordSequence(of peer: PeerID) -> UInt64?

    /// Our own operations of which `member` has not said that it stored them; at most 10,000, the newest.
    func awaitingReceipts(from member: Ed25519.PublicKey) -> [OperationID]
}

/// Finds the storage of the space that an initiator means; the responder's view of all of its spaces.
public protocol SyncDirectory {
    /// The ids of the spaces that this home holds, sorted.
    func spaces() -> [SpaceID]
    /// The storage of one of them.
    func storage(of space: SpaceID) -> (any SyncStorage)?
}

/// What ordering operations for sending needs to know of one.
public struct SyncEntry: Hashable, Sendable {
    /// Whose it is.
    public var author: Ed25519.PublicKey
    /// The class of its kind.
    public var operationClass: OperationClass
    /// Its previous operation and dependencies.
    public var links: [OperationID]

    public init(author: Ed25519.PublicKey, operationClass: OperationClass, links: [OperationID]) {
        self.author = author
        self.operationClass = operationClass
        self.links = links
    }
}

/// A member's own statement of its addresses, as it is passed on.
public struct SyncRecord: Hashable, Sendable {
    /// Whose record.
    public var peer: PeerID
    /// Greater numbers replace smaller ones.
    public var sequence: UInt64
    /// The signed envelope.
    public var envelope: [UInt8]

    public init(peer: PeerID, sequence: UInt64, envelope: [UInt8]) {
        self.peer = peer
        self.sequence = sequence
        self.envelope = envelope
    }
}

/// What an answering member makes of a wish to join.
public enum JoinVerdict: Hashable, Sendable {
    case allowed
    /// The key is a member already: the session goes on as with a member.
    case alreadyMember
    /// The invite's time is over by our clock.
    case expired
    /// The invite was used as often as it may be.
    case usedUp
    /// The invite, or whoever wrote it, was revoked, or a ticket cannot restore this key.
    case revoked
    /// The key is banned.
    case banned
    /// No such invite, or the space is not public: answered as if there were no such space.
    case unknown
}
