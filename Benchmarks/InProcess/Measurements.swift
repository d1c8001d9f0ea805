import Glibc
import LibP2PCore
import LibP2PHost
import NIOPosix

/// What can only be measured inside a process, one measurement an invocation; one JSON object on stdout.
/// `Benchmarks/run.py` runs it.
///
///     InProcessBenchmark cipher | signatures SIZE
///     InProcessBenchmark serve [messages]             prints {"address": …} and stays until stdin ends
///     InProcessBenchmark hello ADDRESS                connects, hears of the subscription, leaves
///     InProcessBenchmark stream ADDRESS BYTES
///     InProcessBenchmark messages ADDRESS COUNT SIZE
///     InProcessBenchmark connections ADDRESS COUNT    each with identify, one after another
///     InProcessBenchmark router message | duplicate PEERS MESH [scored]
///     InProcessBenchmark router heartbeat PEERS TOPICS [scored]
///     InProcessBenchmark reconciliation ITEMS DIFFERENCES
///     InProcessBenchmark ingest OPERATIONS
@main
struct Measurements {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let numbers = arguments.compactMap { Int($0) }
        if arguments.first == "router", arguments.count >= 2, numbers.count == 2 {
            return Self.say(try self.router(arguments[1], numbers, isScored: arguments.last == "scored"))
        }
        if arguments.first == "reconciliation", numbers.count == 2 {
            return Self.say(try ReconciliationRates.measure(count: numbers[0], differences: numbers[1]))
        }
        if arguments.first == "ingest", let count = numbers.first {
            return Self.say(try IngestRates.measure(count: count))
        }
        switch (arguments.first, Self.address(in: arguments), numbers.first) {
        case ("cipher", nil, nil): Self.say(CryptoRates.cipher())
        case ("signatures", nil, let size?): Self.say(CryptoRates.signatures(size: size))
        case ("serve", nil, nil): try await self.serve(messages: arguments.last == "messages")
        case ("hello", let address?, nil): Self.say([("seconds", try await self.hello(address))])
        case ("stream", let address?, let size?):
            Self.say([("seconds", try await self.stream(address, size))])
        case ("messages", let address?, let count?) where numbers.count == 2:
            Self.say([("seconds", try await self.messages(address, count, size: numbers[1]))])
        case ("connections", let address?, let count?):
            Self.say(try await self.connections(address, count))
        default:
            throw Failure.usage
        }
    }

    private static func router(
        _ what: String, _ numbers: [Int], isScored: Bool
    ) throws -> [(String, Double)] {
        switch what {
        case "message":
            try RouterRates.message(peerCount: numbers[0], meshSize: numbers[1], isScored: isScored)
        case "duplicate":
            try RouterRates.duplicate(peerCount: numbers[0], meshSize: numbers[1], isScored: isScored)
        case "heartbeat":
            try RouterRates.heartbeat(peerCount: numbers[0], topicCount: numbers[1], isScored: isScored)
        default: throw Failure.usage
        }
    }

    private static func address(in arguments: [String]) -> Multiaddr? {
        arguments.dropFirst().first.flatMap { Multiaddr(parsing: $0) }
    }

    private static func say(_ values: [(String, Double)]) {
        print("{" + values.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
        fflush(nil)
    }

    /// Without messages there is no gossipsub, whose streams other measurements would pay for.
    @NetworkLoop private static func serve(messages: Bool) async throws {
        let peer = try await Peer(isListening: true)
        StreamFlood.serve(peer.host)
        if messages { MessageFlood.serve(peer.host, peer.startGossip()) }
        print("{\"address\": \"\(peer.address)\"}")
        fflush(nil)
        await StandardInput.end()
        try await peer.close()
    }

    @NetworkLoop private static func hello(_ address: Multiaddr) async throws -> Double {
        let peer = try await Peer(isListening: false)
        let gossip = peer.startGossip()
        let start = ContinuousClock.now
        _ = try await peer.connect(to: address)
        try await MessageFlood.waitForSubscriber(gossip)
        let elapsed = ContinuousClock.now - start
        try await peer.close()
        return elapsed.seconds
    }

    @NetworkLoop private static func stream(_ address: Multiaddr, _ size: Int) async throws -> Double {
        let peer = try await Peer(isListening: false)
        let connection = try await peer.connect(to: address)
        let seconds = try await StreamFlood.run(size, over: connection)
        try await peer.close()
        return seconds
    }

    @NetworkLoop private static func messages(
        _ address: Multiaddr, _ count: Int, size: Int
    ) async throws -> Double {
        let peer = try await Peer(isListening: false)
        let gossip = peer.startGossip()
        let connection = try await peer.connect(to: address)
        let seconds = try await MessageFlood.run(count, size: size, with: gossip, over: connection)
        try await peer.close()
        return seconds
    }

    /// Each connection is dialled, authenticated, described by both sides, and closed before the next.
    @NetworkLoop private static func connections(
        _ address: Multiaddr, _ count: Int
    ) async throws -> [(String, Double)] {
        let peer = try await Peer(isListening: false)
        var durations: [Double] = []
        let start = ContinuousClock.now
        for _ in 0..<count {
            let began = ContinuousClock.now
            let connection = try await peer.connect(to: address)
            durations.append((ContinuousClock.now - began).seconds)
            connection.close()
        }
        let elapsed = (ContinuousClock.now - start).seconds
        try await peer.close()
        let median = durations.sorted()[count / 2]
        return [("per_s", Double(count) / elapsed), ("median_ms", median * 1_000)]
    }
}

/// Standard input as a sign of life of whoever started us.
enum StandardInput {
    /// Returns when it ends.
    static func end() async {
        await withCheckedContinuation { continuation in
            NIOThreadPool.singleton.submit { _ in
                while getchar() != EOF {}
                continuation.resume()
            }
        }
    }
}
