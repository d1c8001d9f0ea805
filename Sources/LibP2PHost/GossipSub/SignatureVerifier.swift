import LibP2P
import LibP2PCore
import NIOCore
import NIOPosix

/// Verifies messages in batches: a few on the loop at once, many on a small pool of threads, answers in the
/// order of the questions. Confined to the loop.
final class SignatureVerifier {
    typealias Answer = (token: ValidationToken, failure: StrictSignFailure?)

    /// Up to this many messages are not worth a change of threads, which takes about as long as one
    /// signature.
    private static let inlineCountMax = 4
    /// Hashing more than this would hold up the loop.
    private static let inlineBytesMax = 65_536
    /// The most messages of one batch, so that all threads get some.
    private static let batchCountMax = 64

    private let eventLoop: any EventLoop
    private let threads: Int
    private let answer: ([Answer]) -> Void
    private var pool: NIOThreadPool?
    private var waiting: [(token: ValidationToken, message: Message)] = []
    private var isScheduled = false
    /// Batches in the order in which they were made; nil until a batch is answered.
    private var batches: [[Answer]?] = []
    private var firstBatch = 0
    private var isStopped = false

    init(eventLoop: any EventLoop, threads: Int, answer: @escaping ([Answer]) -> Void) {
        self.eventLoop = eventLoop
        self.threads = max(1, threads)
        self.answer = answer
    }

    /// Adds a message to the next batch, which begins with the next turn of the loop.
    func verify(_ token: ValidationToken, _ message: Message) {
        self.waiting.append((token, message))
        guard !self.isScheduled else { return }
        self.isScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isScheduled = false
            self.submit()
        }
    }

    /// Ends the threads; nothing is answered any more.
    func stop() {
        self.isStopped = true
        self.waiting = []
        self.pool?.shutdownGracefully { _ in }
        self.pool = nil
    }

    private func submit() {
        guard !self.isStopped else { return }
        let items = self.waiting
        self.waiting = []
        let size = items.reduce(0) { $0 + ($1.message.data?.count ?? 0) }
        if self.batches.isEmpty, items.count <= Self.inlineCountMax, size <= Self.inlineBytesMax {
            return self.answer(items.map { ($0.token, $0.message.verify()) })
        }
        for start in stride(from: 0, to: items.count, by: Self.batchCountMax) {
            self.run(Array(items[start..<min(start + Self.batchCountMax, items.count)]))
        }
    }

    private func run(_ items: [(token: ValidationToken, message: Message)]) {
        let number = self.firstBatch + self.batches.count
        self.batches.append(nil)
        self.runningPool().runIfActive(eventLoop: self.eventLoop) {
            items.map { (token: $0.token, failure: $0.message.verify()) }
        }.assumeIsolated().whenSuccess { answers in
            self.batches[number - self.firstBatch] = answers
            self.drain()
        }
    }

    private func drain() {
        while !self.isStopped, let first = self.batches.first, let answers = first {
            self.batches.removeFirst()
            self.firstBatch += 1
            self.answer(answers)
        }
    }

    private func runningPool() -> NIOThreadPool {
        if let pool { return pool }
        let pool = NIOThreadPool(numberOfThreads: self.threads)
        pool.start()
        self.pool = pool
        return pool
    }
}
