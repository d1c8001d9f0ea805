import LibP2PCore
import LibP2PHost

/// One stream over Noise and Yamux: one side writes, the other counts and says how much it read.
enum StreamFlood {
    static let protocolID = "/bench/sink/1.0.0"
    /// Bytes a write.
    private static let chunkSize = 64 * 1_024
    /// Bytes that are kept waiting in the stream, so that it never runs dry.
    private static let pendingSize = 1_024 * 1_024

    /// Counts what comes on every stream, and answers with the count when the writer is done.
    @NetworkLoop static func serve(_ host: Host) {
        host.setHandler(Self.protocolID) { stream in
            var count: UInt64 = 0
            stream.onData = { count += UInt64($0.count) }
            stream.onFinished = { [unowned stream] in
                stream.write(Counter.bytes(count))
                stream.finish()
            }
        }
    }

    /// Writes `size` bytes; returns the seconds from the first write until the reader had them all.
    @NetworkLoop static func run(_ size: Int, over connection: Connection) async throws -> Double {
        guard let stream = connection.openStream(Self.protocolID) else { throw Failure.noStream }
        let answers = CounterReader(stream)
        let chunk = [UInt8](repeating: 7, count: Self.chunkSize)
        var rest = size
        func fill() {
            while rest > 0, stream.pendingBytes < Self.pendingSize {
                let count = min(rest, Self.chunkSize)
                stream.write(count == Self.chunkSize ? chunk : Array(chunk.prefix(count)))
                rest -= count
            }
            if rest == 0 { stream.finish() }
        }
        stream.onWritable = fill
        let start = ContinuousClock.now
        fill()
        let answer = try await answers.next()
        let elapsed = ContinuousClock.now - start
        guard answer == size else { throw Failure.lost(arrived: answer, of: size) }
        return elapsed.seconds
    }
}

/// Why a measurement came to nothing.
enum Failure: Error {
    /// The arguments are none of those that `Measurements` lists.
    case usage
    case noStream
    case streamEnded
    case notASubscriber
    case lost(arrived: Int, of: Int)
}

/// A count as both sides exchange it: 8 bytes, big-endian.
enum Counter {
    static let size = 8

    static func bytes(_ count: UInt64) -> [UInt8] {
        (0..<Self.size).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * UInt64($0))) }
    }

    static func value(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Takes counts off a stream.
final class CounterReader {
    private let chunks = EventQueue<[UInt8]>()
    private var bytes: [UInt8] = []

    init(_ stream: LibP2PHost.Stream) {
        let chunks = self.chunks
        stream.onData = { chunks.send($0) }
        // No chunk is empty: that stands for the end.
        stream.onClosed = { _ in chunks.send([]) }
    }

    /// Awaits the next one.
    @NetworkLoop func next() async throws -> Int {
        while self.bytes.count < Counter.size {
            let chunk = await self.chunks.next()
            guard !chunk.isEmpty else { throw Failure.streamEnded }
            self.bytes += chunk
        }
        defer { self.bytes.removeFirst(Counter.size) }
        return Int(Counter.value(Array(self.bytes.prefix(Counter.size))))
    }
}
