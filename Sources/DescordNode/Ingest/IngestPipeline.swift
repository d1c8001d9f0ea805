import DescordCore
import DescordCrypto
import DescordStore
import Dispatch
import LibP2PCore
import NIOCore
import NIOPosix

/// Verifies and stores what peers send, in batches, away from the event loop; also runs the node's other
/// writes, so that the database sees one writer.
///
/// Confined to its event loop; one background thread writes. While a batch is being committed the next one
/// grows and is verified, so that the cost of a commit (one fsync) is shared by whatever arrived meanwhile,
/// the other cores have work, and an idle node commits a single operation at once.
package final class IngestPipeline {
    /// What became of one operation.
    package enum Outcome: Sendable {
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
    package enum Form: Sendable {
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
        /// What the signatures are; nil before they were checked.
        var verifications: [BatchVerification.Verification]?
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
    package static let maxBatchCount = 1_024
    /// Fewer than these are verified where they are committed: going to another thread takes longer.
    private static let minAheadCount = 32

    private let eventLoop: any EventLoop
    private let store: Store
    private let pool: NIOThreadPool
    private let authors = KnownAuthors()
    private let now: @Sendable () -> WallTime
    /// What came and is not looked at yet.
    private var pending: [Batch] = []
    /// What is verified and not stored yet; all of it came before what is pending.
    private var verified: [Batch] = []
    private var pendingWrites: [Write] = []
    private var isVerifying = false
    private var isWriting = false
    private var drained: [EventLoopPromise<Void>] = []

    /// Called on the loop after every transaction that admitted something, with what it admitted.
    var onAdmitted: (([AdmittedOperation], IngestSource) -> Void)?
    /// Called on the loop when the database failed.
    var onFailure: ((any Error) -> Void)?

    package init(eventLoop: any EventLoop, store: Store, now: @escaping @Sendable () -> WallTime) {
        self.eventLoop = eventLoop
        self.store = store
        self.now = now
        self.pool = NIOThreadPool(numberOfThreads: 1)
        self.pool.start()
    }

    /// Verifies where needed and stores; `completion` is called on the loop, one outcome an operation, in
    /// order.
    package func submit(_ forms: [Form], from source: IngestSource, completion: @escaping ([Outcome]) -> Void)
    {
        self.pending.append(
            Batch(forms: forms, source: source, verifications: nil, completion: completion))
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
    package func shutDown() {
        self.pool.shutdownGracefully { _ in }
    }

    private var isBusy: Bool {
        self.isWriting || self.isVerifying || !self.verified.isEmpty || !self.pending.isEmpty
            || !self.pendingWrites.isEmpty
    }

    private func work() {
        self.startBatches()
        if !self.isWriting, !self.isVerifying, !self.pendingWrites.isEmpty {
            self.runWrites()
        }
        guard !self.isBusy else { return }
        let drained = self.drained
        self.drained = []
        for promise in drained { promise.succeed() }
    }

    /// Gives the writer its next batch, and the other threads what comes after it, as far as there is any.
    private func startBatches() {
        if !self.isWriting {
            if !self.verified.isEmpty {
                self.commit(Self.takeBatch(from: &self.verified))
            } else if !self.isVerifying, !self.pending.isEmpty {  // what is being verified comes first
                self.commit(Self.takeBatch(from: &self.pending))
            }
        }
        if self.isWriting, !self.isVerifying, !self.pending.isEmpty { self.verifyAhead() }
    }

    /// Takes what fits one transaction and came from one source.
    private static func takeBatch(from queue: inout [Batch]) -> [Batch] {
        var count = 0
        var taken: [Batch] = []
        for next in queue {
            let fits = taken.isEmpty || count + next.forms.count <= Self.maxBatchCount
            guard fits, next.source == taken.first?.source ?? next.source else { break }
            taken.append(next)
            count += next.forms.count
        }
        queue.removeFirst(taken.count)
        return taken
    }

    /// Checks the signatures of what is to be committed next, while something else is written.
    private func verifyAhead() {
        guard self.pending.reduce(0, { $0 + $1.forms.count }) >= Self.minAheadCount else { return }
        self.isVerifying = true
        let batches = Self.takeBatch(from: &self.pending)
        let forms = batches.flatMap(\.forms)
        let authors = self.authors
        let eventLoop = self.eventLoop
        let bound = NIOLoopBound((self, batches), eventLoop: eventLoop)
        DispatchQueue.global(qos: .userInitiated).async {
            let verifications = BatchVerification.verify(forms, authors)
            eventLoop.execute {
                let (pipeline, batches) = bound.value
                var rest = verifications[...]
                for var batch in batches {
                    batch.verifications = Array(rest.prefix(batch.forms.count))
                    rest = rest.dropFirst(batch.forms.count)
                    pipeline.verified.append(batch)
                }
                pipeline.isVerifying = false
                pipeline.work()
            }
        }
    }

    private func commit(_ batches: [Batch]) {
        self.isWriting = true
        let source = batches[0].source
        // All of one queue: all are verified, or none is.
        let verifications = batches.compactMap(\.verifications).flatMap { $0 }
        let forms = verifications.isEmpty ? batches.flatMap(\.forms) : []
        let store = self.store
        let authors = self.authors
        let now = self.now()
        let bound = NIOLoopBound((self, batches), eventLoop: self.eventLoop)
        self.pool.runIfActive(eventLoop: self.eventLoop) {
            Result {
                try Self.commit(
                    verifications.isEmpty ? BatchVerification.verify(forms, authors) : verifications,
                    from: source, into: store, now: now)
            }
        }.whenComplete { result in
            let (pipeline, batches) = bound.value
            pipeline.isWriting = false
            pipeline.startBatches()  // before the answers, which the other threads need not wait for
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
            pipeline.work()
        }
    }

    private func runWrites() {
        self.isWriting = true
        let writes = self.pendingWrites
        self.pendingWrites = []
        let bodies = writes.map(\.body)
        let bound = NIOLoopBound((self, writes), eventLoop: self.eventLoop)
        self.pool.runIfActive(eventLoop: self.eventLoop) {
            for body in bodies { body() }
        }.whenComplete { _ in
            let (pipeline, writes) = bound.value
            for write in writes { write.completion() }
            pipeline.isWriting = false
            pipeline.work()
        }
    }

    /// Runs on the background thread.
    private static func commit(
        _ verifications: [BatchVerification.Verification], from source: IngestSource, into store: Store,
        now: WallTime
    ) throws -> ([Outcome], [AdmittedOperation]) {
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(verifications.count)
        var operations: [Operation] = []
        var indices: [Int] = []
        for verification in verifications {
            switch verification {
            case .verified(let operation):
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
