import DescordCore
import DescordCrypto
import DescordNode
import DescordStore
import Foundation
import Glibc
import LibP2PCore
import NIOCore
import NIOPosix

/// How many operations a second are verified, judged and stored durably, against the bare rate of signature
/// verification on both cores.
enum IngestRates {
    /// As the node takes them: the most in one transaction.
    private static let batchSize = IngestPipeline.maxBatchCount
    /// As a sync session hands them over.
    private static let pageSize = 256
    /// Pages that are on their way at once, as a sync session has them.
    private static let pageCount = SyncLimits.maxUnstoredCount / Self.pageSize
    /// A line of chat.
    private static let text = "a line of chat, as long as most of them are, which is not very long"

    static func measure(count: Int) throws -> [(String, Double)] {
        let (author, operations) = try Self.history(count: count)
        let encoded = operations.map(\.encoded)
        // Before and after, because what else this machine does changes from second to second.
        let bareBefore = Self.elapsed { Self.checkSignatures(count / 2, of: author) }
        let pipelined = try Self.withStore(of: author.space) { store in
            try Self.elapsed { try Self.ingest(encoded, into: store) }
        }
        let bare = bareBefore + Self.elapsed { Self.checkSignatures(count - count / 2, of: author) }
        let parts = try Self.withStore(of: author.space) { store in
            try Self.rates(encoded, by: author, into: store)
        }
        let each = Double(count)
        return [("signatures_per_s", each / bare), ("ingested_per_s", each / pipelined)] + parts
    }

    /// Checks so many signatures on both cores, and does nothing else.
    private static func checkSignatures(_ count: Int, of author: Author) {
        DispatchQueue.concurrentPerform(iterations: 2) { core in
            for _ in stride(from: core, to: count, by: 2) {
                let isValid = author.checkSample()
                precondition(isValid, "the signature is good")
            }
        }
    }

    private static func withStore<Value>(of space: SpaceID, _ body: (Store) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ingest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // what is left in /tmp goes away in time
        let store = try Store.open(home: Home(path: folder.path), key: .generate())
        try store.beginJoin(space)
        return try body(store)
    }

    /// Hands everything to the node's pipeline, from the event loop, as a sync session does.
    private static func ingest(_ encoded: [[UInt8]], into store: Store) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        try eventLoop.flatSubmit {
            let pipeline = IngestPipeline(eventLoop: eventLoop, store: store) {
                WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
            }
            let feed = Feed(encoded, into: pipeline, on: eventLoop)
            for _ in 0..<Self.pageCount { feed.submitPage() }
            return feed.isDone.map { pipeline.shutDown() }
        }.wait()
        try group.syncShutdownGracefully()
    }

    /// What a session would send, page by page.
    private final class Feed {
        private var rest: ArraySlice<[UInt8]>
        private var left: Int
        private let pipeline: IngestPipeline
        private let promise: EventLoopPromise<Void>

        init(_ encoded: [[UInt8]], into pipeline: IngestPipeline, on eventLoop: any EventLoop) {
            self.rest = encoded[...]
            self.left = encoded.count
            self.pipeline = pipeline
            self.promise = eventLoop.makePromise()
        }

        var isDone: EventLoopFuture<Void> { self.promise.futureResult }

        func submitPage() {
            let page = self.rest.prefix(IngestRates.pageSize)
            guard !page.isEmpty else { return }
            self.rest = self.rest.dropFirst(page.count)
            let forms = page.compactMap { try? UnverifiedOperation(decoding: $0) }
            self.pipeline.submit(forms.map { .sync($0) }, from: .file) { outcomes in
                let stored = outcomes.count { outcome in
                    if case .judged(_, .stored) = outcome { true } else { false }
                }
                guard stored == page.count else {
                    return self.promise.fail(Failure.lost(arrived: stored, of: page.count))
                }
                self.left -= stored
                if self.left == 0 { self.promise.succeed() } else { self.submitPage() }
            }
        }
    }

    /// Each part by itself: decoding and verifying, judging and storing.
    private static func rates(
        _ encoded: [[UInt8]], by author: Author, into store: Store
    ) throws -> [(String, Double)] {
        let count = encoded.count
        let key = author.key.publicKey
        let topic = SpaceTopic.name(of: author.space)

        var verifying = 0.0
        var storing = 0.0
        for start in stride(from: 0, to: count, by: Self.batchSize) {
            var batch: [DescordCore.Operation] = []
            verifying += Self.elapsed {
                let forms = encoded[start..<min(start + Self.batchSize, count)].map {
                    IngestPipeline.Form.gossip($0, topic: topic)
                }
                batch = BatchVerification.verify(forms) { $0 == key }.compactMap { found in
                    if case .verified(let operation) = found { operation } else { nil }
                }
            }
            storing += try Self.elapsed {
                let result = try store.ingest(batch, from: .file)
                guard result.admitted.count == batch.count else {
                    throw Failure.lost(arrived: result.admitted.count, of: batch.count)
                }
            }
        }
        let each = Double(count)
        return [("verified_per_s", each / verifying), ("stored_per_s", each / storing)]
    }

    /// A space's creator, who is not held to any budget here.
    private struct Author {
        let key: Ed25519.PrivateKey
        let space: SpaceID
        let sample: [UInt8]
        let signature: [UInt8]

        /// One verification of as many bytes as an operation signs.
        func checkSample() -> Bool { self.key.publicKey.isValid(signature: self.signature, for: self.sample) }
    }

    private static func history(count: Int) throws -> (Author, [DescordCore.Operation]) {
        let key = Ed25519.PrivateKey.generate()
        var clock = HybridLogicalClock(WallTime(milliseconds: 1_700_000_000_000))
        var sequence: UInt64 = 0
        var previous: OperationID?
        var space: SpaceID?
        var operations: [DescordCore.Operation] = []
        func write<Payload: OperationPayload>(_ payload: Payload, in channel: ChannelID? = nil) throws {
            let isContent = Payload.kind.operationClass == .content
            let header = OperationHeader(
                space: space, sequence: sequence, previous: previous, dependencies: [], clock: clock,
                kind: Payload.kind, channel: channel,
                nonce: space == nil ? Entropy.bytes(OperationHeader.nonceSize) : nil,
                body: isContent ? nil : payload.encoded)
            let operation = try Operation(
                signing: header, content: isContent ? payload.encoded : nil,
                salt: isContent ? Entropy.bytes(Operation.saltSize) : nil, by: key)
            operations.append(operation)
            space = operation.space
            previous = operation.id
            sequence += 1
            clock = HybridLogicalClock(rawValue: clock.rawValue + 65_536)
        }
        try write(SpaceCreate(name: "rates", isPublic: false))
        try write(BudgetChange(burst: .max, perMinute: nil, totalBytes: .max, controlBytes: nil))
        try write(ChannelCreate(name: "general"))
        let channel = operations[2].id
        while operations.count < count { try write(MessagePost(text: Self.text), in: channel) }
        guard let space else { preconditionFailure("the first operation makes the space") }
        let sample = operations[3].headerBytes
        let author = Author(key: key, space: space, sample: sample, signature: key.signature(for: sample))
        return (author, operations)
    }

    private static func elapsed(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        return (ContinuousClock.now - start) / .seconds(1)
    }
}
