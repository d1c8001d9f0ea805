import DescordCore
import DescordCrypto

/// What was read of one space in this transaction, so that operations that follow the same few are judged
/// without reading these again.
///
/// It holds settled facts alone. What a further authority operation may change is forgotten when one is
/// stored or changes its state; what is about one operation and never changes, when there is too much of it.
final class LookupCache {
    /// Which list of authority operations: their kinds, and what they are about.
    struct List: Hashable {
        let kinds: ActKinds
        let subject: [UInt8]?
    }

    /// The most operations that are remembered: several times those of one batch.
    private static let maxCount = 4_096

    /// Settled operations.
    private(set) var entries: [OperationID: SpaceEntry] = [:]
    /// The pasts of settled operations.
    private(set) var pasts: [OperationID: AuthorityPast] = [:]
    /// The places of authority operations in pasts.
    var indices: [OperationID: UInt32] = [:]
    /// Eligible authority operations with their bodies.
    var operations: [OperationID: Operation] = [:]
    var lists: [List: [OperationID]] = [:]
    /// Of whom it is known whether they are or were members.
    var known: [Ed25519.PublicKey: Bool] = [:]

    func remember(_ entry: SpaceEntry) {
        if self.entries.count >= Self.maxCount { self.entries = [:] }
        self.entries[entry.id] = entry
    }

    func remember(_ past: AuthorityPast, of id: OperationID) {
        if self.pasts.count >= Self.maxCount { self.pasts = [:] }
        self.pasts[id] = past
    }

    /// Forgets what follows from the state of this operation, which changed.
    func stateChanged(of operation: Operation) {
        guard operation.operationClass == .authority else {
            self.entries[operation.id] = nil
            return
        }
        self.entries = [:]
        self.pasts = [:]
        self.indices = [:]
        self.operations = [:]
        self.lists = [:]
        self.known = [:]
    }
}
