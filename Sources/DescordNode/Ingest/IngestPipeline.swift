import DescordCore
import DescordStore
import LibP2PCore
import NIOCore
import NIOPosix

/// Verifies and stores what peers send, in batches, away from the event loop.
///
/// Confined to its event loop; the work itself happens on one background thread, which is also what serialises
/// writing. While a batch is being committed the next one grows, so that the cost of a commit (one fsync) is shared
/// by whatever arrived meanwhile, and an idle node commits a single operation at once.
final class IngestPipeline {
    /// What became of one operation.
    enum Outcome {
        /// Not an operation in any state of the space: whoever forwarded it is at fault.
        case refused(OperationFailure)
        /// The store's verdict; it is durable when the verdict says stored.
        case judged(Operation, IngestVerdict)
        /// The database failed; nothing is known about the operation.
        case failed
    }

    /// An operation as it came, and who wants to know what became of it.
    struct Item {
        enum Form {
            /// A `SignedOperation` that nobody verified.
            case bytes([UInt8])
            case verified(Operation)
        }
        let form: Form
        let source: IngestSource
        let completion: (Outcome) -> Void
    }

    /// The most operations in one transaction: bounds how long a receipt waits behind others.
    static let maxBatchCount = 512
    /// The most bytes of operations that wait; more stops the readers of the streams they come from.
    static let maxPendingBytes = 64 << 20

    private let eventLoop: any EventLoop
    private let store: Store
    private let pool: NIOThreadPool
    private let now: @Sendable () -> WallTime
    private var pending: [Item] = []
    private var isBusy = false
    private var drainWaiters: [EventLoopPromise<Void>] = []

    /// Called on the loop after every batch that admitted something.
    var onAdmitted: (([AdmittedOperation], [IngestSource]) -> Void)?

    init(eventLoop: any EventLoop, store: Store, now: @escaping @Sendable () -> WallTime) {
        self.eventLoop = eventLoop
        self.store = store
        self.now = now
        self.pool = NIOThreadPool(numberOfThreads: 1)
        self.pool.start()
    }
}
