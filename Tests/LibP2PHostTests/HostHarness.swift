import DescordCrypto
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix

/// The event loop as a global actor: tests live on the loop that their hosts are confined to.
@globalActor actor Loop {
    static let shared = Loop()
    static let eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        Self.eventLoop.executor.asUnownedSerialExecutor()
    }
}

/// Carries a value between two pieces of code on the same loop, past a compiler that cannot know it.
private struct OnLoop<Value>: @unchecked Sendable {
    let value: Value
}

/// Awaits a future of the loop.
@Loop func value<Value>(_ future: EventLoopFuture<Value>) async throws -> Value {
    try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<OnLoop<Value>, any Error>) in
        future.assumeIsolated().whenComplete { continuation.resume(with: $0.map { OnLoop(value: $0) }) }
    }.value
}

/// A queue of events that a test awaits. Confined to the loop.
final class Events<Event> {
    private var waiting: [Event] = []
    private var waiter: CheckedContinuation<Void, Never>?

    func send(_ event: Event) {
        self.waiting.append(event)
        self.waiter?.resume()
        self.waiter = nil
    }

    /// The events that nobody awaited yet.
    var pending: [Event] { self.waiting }

    @Loop func next() async -> Event {
        while self.waiting.isEmpty {
            await withCheckedContinuation { self.waiter = $0 }
        }
        return self.waiting.removeFirst()
    }
}

/// What streams report, as values.
enum StreamEvent: Equatable {
    case data([UInt8])
    case finished
    case closed(StreamFailure?)
}

@Loop extension Host {
    /// Makes a host that listens on a free port of 127.0.0.1.
    static func make(
        key: Ed25519.PrivateKey = .generate(), listening: Bool = true,
        _ change: (inout Configuration) -> Void = { _ in }
    ) async throws -> Host {
        var configuration = Configuration(key: key)
        if listening { configuration.listenAddresses = [Multiaddr(parsing: "/ip4/127.0.0.1/tcp/0")!] }
        configuration.deadlines.linger = .milliseconds(200)
        change(&configuration)
        let host = Host(
            configuration: configuration, eventLoop: Loop.eventLoop, logger: Logger(label: "test"))
        _ = try await value(host.listen())
        return host
    }

    func dial(_ other: Host) async throws -> Connection {
        try await value(self.dial(other.boundAddresses, expecting: other.peerID, deadline: .seconds(20)))
    }

    func end() async throws {
        try await value(self.close())
    }

    /// The inbound streams of a protocol.
    func inbound(_ protocolID: String) -> Events<LibP2PHost.Stream> {
        let events = Events<LibP2PHost.Stream>()
        self.setHandler(protocolID) { stream in events.send(stream) }
        return events
    }

    /// Addresses at which another process proved this host's identity.
    var elsewhere: Events<Multiaddr> {
        let events = Events<Multiaddr>()
        self.onOwnIdentityElsewhere = { events.send($0) }
        return events
    }

    var changes: Events<HostChange> {
        let events = Events<HostChange>()
        self.observe(
            HostObserver(
                connected: { connection in events.send(.connected(connection.peer)) },
                identified: { connection, message in
                    events.send(.identified(connection.peer, message))
                },
                disconnected: { connection, last in
                    events.send(.disconnected(connection.peer, last: last))
                }))
        return events
    }
}

enum HostChange: Equatable {
    case connected(PeerID)
    case identified(PeerID, IdentifyMessage)
    case disconnected(PeerID, last: Bool)
}

@Loop extension LibP2PHost.Stream {
    /// Reads the stream into events; data is joined only by the network.
    var events: Events<StreamEvent> {
        let events = Events<StreamEvent>()
        self.onData = { bytes in events.send(.data(bytes)) }
        self.onFinished = { events.send(.finished) }
        self.onClosed = { failure in events.send(.closed(failure)) }
        return events
    }
}

@Loop extension Events where Event == StreamEvent {
    /// Awaits exactly `count` bytes.
    func bytes(_ count: Int) async -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard case .data(let more) = await self.next() else { return bytes }
            bytes += more
        }
        return bytes
    }
}

/// A TCP peer that speaks whatever a test makes it speak, or nothing.
@Loop final class RawPeer {
    let channel: any Channel
    let closed = Events<Bool>()
    let data = Events<[UInt8]>()

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let closed: Events<Bool>
        let data: Events<[UInt8]>
        init(closed: Events<Bool>, data: Events<[UInt8]>) {
            self.closed = closed
            self.data = data
        }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(self.unwrapInboundIn(data).readableBytesView)
            self.data.send(bytes)
        }
        func channelInactive(context: ChannelHandlerContext) {
            self.closed.send(true)
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    init(to address: Multiaddr) async throws {
        let socketAddress = try SocketAddress(ipAddress: "127.0.0.1", port: Int(address.tcpPort!))
        // In place before the connection is: a host may close it at once.
        let handler = NIOLoopBound(
            Handler(closed: self.closed, data: self.data), eventLoop: Loop.eventLoop)
        self.channel = try await value(
            ClientBootstrap(group: Loop.eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(handler.value)
                    }
                }
                .connect(to: socketAddress))
    }

    func write(_ bytes: [UInt8]) {
        self.channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func close() async {
        // A channel that is closed already is what is wanted.
        _ = try? await value(self.channel.close())
    }
}

/// A listener that never says a word, and counts who came.
@Loop final class Canary {
    let channel: any Channel
    let address: Multiaddr
    let visitors = Events<Bool>()

    init() async throws {
        let visitors = NIOLoopBound(self.visitors, eventLoop: Loop.eventLoop)
        self.channel = try await value(
            ServerBootstrap(group: Loop.eventLoop)
                .childChannelInitializer { channel in
                    visitors.value.send(true)
                    return channel.eventLoop.makeSucceededVoidFuture()
                }
                .bind(host: "127.0.0.1", port: 0))
        self.address = Multiaddr(ip: [127, 0, 0, 1], tcpPort: UInt16(self.channel.localAddress!.port!))!
    }

    func close() async throws {
        try await value(self.channel.close())
    }
}
