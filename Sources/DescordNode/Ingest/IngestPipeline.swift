import DescordCore
import DescordCrypto
import DescordStore
import LibP2PCore
import NIOCore
import NIOPosix

/// Verifies and stores what peers send, in batches, away from the event loop; also runs the node's other
/// writes, so that the database sees one writer.
///
/// Confined to its event loop; the work itself happens on one background thread. While a batch is being
/// committed the next one grows, so that the cost of a commit (one fsync) is shared by whatever arrived
/// meanwhile, and an idle node commits a single operation at once.
final class IngestPipeline {
    /// What became of one operation.
    enum Outcome: Sendable {
        /// Wrong in every state of the space: whoever forwarded it is at fault.
        case refused(OperationFailure)
        /// Of a space or topic that it was not expected on.
        case foreign
        /// The store's verdict; what it calls durable is on the disk.
        case judged(Operation, IngestVerdict)
        /// The database failed, with this error; nothing is known about the operation.
        case failed(any Error)
    }

    /// An operation as it came.
    enum Form: Sendable {
        /// A `SignedOperation` that nobody verified, and the topic that it came on.
        case gossip([UInt8], topic: String)
        /// Read from a sync stream; its signature is still to be checked.
        case sync(UnverifiedOperation)

        var size: Int {
            switch self {
            case .gossip(let bytes, _): bytes.count
            case .sync(let operation): operation.size
            }
        }
    }

    private struct Batch {
        var forms: [Form]
        var source: IngestSource
        var completion: ([Outcome]) -> Void
    }

    private struct Write {
        var body: @Sendable () -> Void
        var completion: () -> Void
    }

    /// Carries a value from the thread to the loop: written before the completion is scheduled, read after.
    private final class Slot<Value: Sendable>: @unchecked Sendable {
        var result: Result<Value, any Error>?
    }

    /// The most operations in one transaction: bounds how long a receipt waits behind others.
    static let maxBatchCount = 512

    /// Authors of whom an operation was verified: their keys need no second look, which costs more than a
    /// signature. Touched by the background thread alone.
    private final class KnownAuthors: @unchecked Sendable {
        static let maxCount = 16_384
        private var keys: Set<Ed25519.PublicKey> = []

        func contains(_ key: Ed25519.PublicKey) -> Bool { self.keys.contains(key) }

        func insert(_ key: Ed25519.PublicKey) {
            if self.keys.count >= Self.maxCount { self.keys.removeAll() }
            self.keys.insert(key)
        }
    }

    private let eventLoop: any EventLoop
    private let store: Store
    private let pool: NIOThreadPool
    private let authors = KnownAuthors()
    private let now: @Sendable () -> WallTime
    private var pending: [Batch] = []
    private var pendingWrites: [Write] = []
    private var isBusy = false
    private var drained: [EventLoopPromise<Void>] = []

    /// Called on the loop after every transaction that admitted something, with what it admitted.
    var onAdmitted: (([AdmittedOperation], IngestSource) -> Void)?
    /// Called on the loop when the database failed.
    var onFailure: ((any Error) -> Void)?

    init(eventLoop: any EventLoop, store: Store, now: @escaping @Sendable () -> WallTime) {
        self.eventLoop = eventLoop
        self.store = store
        self.now = now
        self.pool = NIOThreadPool(numberOfThreads: 1)
        self.pool.start()
    }

    /// Verifies where needed and stores; `completion` is called on the loop, one outcome an operation, in
    /// order.
    func submit(_ forms: [Form], from source: IngestSource, completion: @escaping ([Outcome]) -> Void) {
        self.pending.append(Batch(forms: forms, source: source, completion: completion))
        self.work()
    }

    /// Runs another write after what was submitted before it; `completion` is called on the loop.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value,
        completion: @escaping (Result<Value, any Error>) -> Void = { _ in }
    ) {
        let slot = Slot<Value>()
        let write = Write(
            body: { slot.result = Result { try body() } },
            completion: {
                guard let result = slot.result else { preconditionFailure("the write has run") }
                if case .failure(let error) = result { self.onFailure?(error) }
                completion(result)
            })
        self.pendingWrites.append(write)
        self.work()
    }

    /// Completes when everything that was submitted is done.
    func drain() -> EventLoopFuture<Void> {
        guard self.isBusy else { return self.eventLoop.makeSucceededVoidFuture() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.drained.append(promise)
        return promise.futureResult
    }

    /// Ends the thread; call it after `drain`.
    func shutDown() {
        self.pool.shutdownGracefully { _ in }
    }

    private func work() {
        guard !self.isBusy else { return }
        if !self.pending.isEmpty {
            self.isBusy = true
            self.commitBatch()
        } else if !self.pendingWrites.isEmpty {
            self.isBusy = true
            self.runWrites()
        } else {
            let drained = self.drained
            self.drained = []
            for promise in drained { promise.succeed() }
        }
    }

    private func commitBatch() {
        var count = 0
        var batches: [Batch] = []
        let source = self.pending[0].source
        while let next = self.pending.first, next.source == source,
            batches.isEmpty || count + next.forms.count <= Self.maxBatchCount
        {
            batches.append(next)
            count += next.forms.count
            self.pending.removeFirst()
        }
        let forms = batches.flatMap(\.forms)
        let store = self.store
        let authors = self.authors
        let now = self.now()
        let bound = NIOLoopBound((self, batches), eventLoop: self.eventLoop)
        self.pool.runIfActive(eventLoop: self.eventLoop) {
            Result { try Self.commit(forms, from: source, into: store, knownAuthors: authors, now: now) }
        }.whenComplete { result in
            let (pipeline, batches) = bound.value
            switch result.flatMap({ $0 }) {
            case .success(let (outcomes, admitted)):
                var rest = outcomes[...]
                for batch in batches {
                    batch.completion(Array(rest.prefix(batch.forms.count)))
                    rest = rest.dropFirst(batch.forms.count)
                }
                if !admitted.isEmpty { pipeline.onAdmitted?(admitted, source) }
            case .failure(let error):
                pipeline.onFailure?(error)
                for batch in batches { batch.completion(batch.forms.map { _ in .failed(error) }) }
            }
            pipeline.isBusy = false
            pipeline.work()
        }
    }

    private func runWrites() {
        let writes = self.pendingWrites
        self.pendingWrites = []
        let bodies = writes.map(\.body)
        let bound = NIOLoopBound((self, writes), eventLoop: self.eventLoop)
        self.pool.runIfActive(eventLoop: self.eventLoop) {
            for body in bodies { body() }
        }.whenComplete { _ in
            let (pipeline, writes) = bound.value
            for write in writes { write.completion() }
            pipeline.isBusy = false
            pipeline.work()
        }
    }

    /// Runs on the background thread.
    private static func commit(
        _ forms: [Form], from source: IngestSource, into store: Store, knownAuthors: KnownAuthors,
        now: WallTime
    ) throws -> ([Outcome], [AdmittedOperation]) {
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(forms.count)
        var operations: [Operation] = []
        var indices: [Int] = []
        for verification in BatchVerification.verify(forms, isKnownAuthor: knownAuthors.contains) {
            switch verification {
            case .verified(let operation):
                knownAuthors.insert(operation.author)
                indices.append(outcomes.count)
                operations.append(operation)
                outcomes.append(.foreign)  // until the store has judged it, below
            case .foreign: outcomes.append(.foreign)
            case .refused(let failure): outcomes.append(.refused(failure))
            }
        }
        guard !operations.isEmpty else { return (outcomes, []) }
        let result = try store.ingest(operations, from: source, now: now)
        for (index, (operation, verdict)) in zip(indices, zip(operations, result.verdicts)) {
            outcomes[index] = .judged(operation, verdict)
        }
        return (outcomes, result.admitted)
    }
}
