import DescordCore
import DescordStore

/// Takes the operations of a file into a home, a batch a transaction.
struct Importation {
    /// Operations of one transaction: as many as a sync session hands over at once.
    static let batchCount = 256
    /// Bytes of one transaction.
    static let batchBytes = 4_194_304

    private let store: Store
    private var batch: [Operation] = []
    private var batchSize = 0
    /// What became of the operations, in the order in which they are told.
    private(set) var read = 0
    private(set) var stored = 0
    private(set) var duplicates = 0
    private(set) var waiting = 0
    private(set) var void = 0
    private(set) var ignored = 0
    /// Of those, how many may be taken later.
    private(set) var postponed = 0
    /// Whether the space says of itself that everybody may join.
    private(set) var isPublic = false

    init(into store: Store) {
        self.store = store
    }

    /// Takes the next operation; returns whether a batch was committed.
    mutating func take(_ operation: Operation) throws(StoreError) -> Bool {
        if let genesis = operation.payload(SpaceCreate.self) { self.isPublic = genesis.isPublic }
        self.batch.append(operation)
        self.batchSize += operation.encoded.count
        self.read += 1
        guard self.batch.count >= Self.batchCount || self.batchSize >= Self.batchBytes else { return false }
        try self.commit()
        return true
    }

    /// Commits what was taken; returns once it is on the disk.
    mutating func commit() throws(StoreError) {
        guard !self.batch.isEmpty else { return }
        let result = try self.store.ingest(self.batch, from: .file)
        self.batch = []
        self.batchSize = 0
        for verdict in result.verdicts {
            switch verdict {
            case .stored, .requested: self.stored += 1
            case .duplicate: self.duplicates += 1
            case .waiting, .held: self.waiting += 1
            case .invalid, .void, .revoked: self.void += 1
            case .ignored(.overBudget), .ignored(.waitingRoomFull):
                self.ignored += 1
                self.postponed += 1
            case .ignored: self.ignored += 1
            }
        }
    }
}
