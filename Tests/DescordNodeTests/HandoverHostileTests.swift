import Glibc
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import DescordNode

/// What stands between a line connection and a socket that takes nothing.
private final class Blocked: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private var promises: [EventLoopPromise<Void>] = []

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if let promise { self.promises.append(promise) }
    }

    func release() {
        for promise in self.promises { promise.succeed() }
        self.promises = []
    }
}

/// A client of the hand-over socket that keeps to nothing: it hands on each line, and says when it was cut
/// off.
private final class RawClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let closed: EventLoopPromise<String>
    private var text = ""

    init(_ closed: EventLoopPromise<String>) { self.closed = closed }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        self.text += String(decoding: bytes.readableBytesView, as: UTF8.self)
    }

    func channelInactive(context: ChannelHandlerContext) { self.closed.succeed(self.text) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

@Suite(.timeLimit(.minutes(1))) struct HandoverHostileTests {
    private static let hello = #"{"id":1,"jsonrpc":"2.0","method":"hello","params":{"version":1}}"# + "\n"
    private static let peers = #"{"id":2,"jsonrpc":"2.0","method":"peers"}"# + "\n"

    /// Serves on a loop, with one raw connection; returns what that connection heard until it was cut off,
    /// and how many requests were handled.
    private func served(
        _ written: String, user: uid_t = geteuid(), maxConnections: Int = 512, hangUp: Bool = false,
        _ then: @escaping @Sendable (any EventLoop, RunSocket) -> EventLoopFuture<Void> = { loop, _ in
            loop.makeSucceededVoidFuture()
        }
    ) async throws -> (heard: String, handled: Int) {
        let folder = try TemporaryFolder()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let socket = try #require(RunSocket(folder: folder.path, name: "node.sock"))
        return try await loop.flatSubmit {
            let handled = NIOLoopBoundBox(0, eventLoop: loop)
            let server = HandoverServer(
                eventLoop: loop, socket: socket, user: user, maxConnections: maxConnections
            ) { _, reply in
                handled.value += 1
                reply(.success(HandoverResult()))
            }
            let bound = NIOLoopBound(server, eventLoop: loop)
            let closed = loop.makePromise(of: String.self)
            return server.start().flatMap { Self.connect(to: socket, loop, closed) }
                .flatMap { channel in
                    channel.writeAndFlush(ByteBuffer(string: written)).recover { _ in }.flatMap {
                        hangUp ? channel.close().recover { _ in } : loop.makeSucceededVoidFuture()
                    }
                }
                .flatMap { closed.futureResult }
                .flatMap { heard in then(loop, socket).map { heard } }
                .flatMap { heard in bound.value.stop().map { (heard, handled.value) } }
        }.get()
    }

    private static func connect(
        to socket: RunSocket, _ loop: any EventLoop, _ closed: EventLoopPromise<String>
    ) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawClient(closed))
                }
            }
            .connect(unixDomainSocketPath: socket.path)
    }

    @Test func anotherUserIsCutOffUnheard() async throws {
        let result = try await self.served(Self.hello + Self.peers, user: geteuid() + 1)
        #expect(result.heard.isEmpty && result.handled == 0)
    }

    @Test func aHolderOfAnotherUserIsNotSpokenTo() async throws {
        let folder = try TemporaryFolder()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let socket = try #require(RunSocket(folder: folder.path, name: "node.sock"))
        await #expect(throws: HandoverError.self) {
            try await loop.flatSubmit {
                let server = HandoverServer(eventLoop: loop, socket: socket) { _, reply in
                    reply(.success(HandoverResult()))
                }
                let bound = NIOLoopBound(server, eventLoop: loop)
                return server.start().flatMap {
                    HandoverClient.connect(to: socket, eventLoop: loop, user: geteuid() + 1)
                }.map { _ in }.always { _ in _ = bound.value.stop() }
            }.get()
        }
    }

    @Test func garbageAndRequestsBeforeHelloEndTheConnection() async throws {
        let garbage = try await self.served("{\u{0}]\n" + Self.peers)
        #expect(garbage.heard.contains("\(HandoverError.Code.parseError)") && garbage.handled == 0)
        let early = try await self.served(Self.peers)
        #expect(early.heard.contains("hello comes first") && early.handled == 0)
        let nested = String(repeating: "[", count: 100_000) + "\n"
        #expect(try await self.served(nested).heard.contains("\(HandoverError.Code.parseError)"))
    }

    @Test func halfARequestIsForgottenWithItsConnection() async throws {
        let result = try await self.served(Self.hello + String(Self.peers.dropLast(9)), hangUp: true) {
            loop, socket in
            HandoverClient.connect(to: socket, eventLoop: loop).flatMap { client in
                client.value.send(.peers).map { _ in client.value.close() }
            }
        }
        #expect(result.handled == 1)
    }

    @Test func connectionsBeyondTheBoundAreClosedAtOnce() async throws {
        let folder = try TemporaryFolder()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let socket = try #require(RunSocket(folder: folder.path, name: "node.sock"))
        let answered = try await loop.flatSubmit {
            let server = HandoverServer(eventLoop: loop, socket: socket, maxConnections: 2) { _, reply in
                reply(.success(HandoverResult()))
            }
            let bound = NIOLoopBound(server, eventLoop: loop)
            let cut = loop.makePromise(of: String.self)
            return server.start()
                .flatMap { HandoverClient.connect(to: socket, eventLoop: loop) }
                .flatMap { first in
                    HandoverClient.connect(to: socket, eventLoop: loop).flatMap { second in
                        Self.connect(to: socket, loop, cut).flatMap { _ in cut.futureResult }
                            .flatMap { _ in first.value.send(.peers).and(second.value.send(.peers)) }
                            .map { _ in
                                first.value.close()
                                second.value.close()
                            }
                    }
                }
                .flatMap { bound.value.stop() }.map { true }
        }.get()
        #expect(answered)
    }

    @Test func lineOverTheBoundClosesAndIsNotHeard() throws {
        let channel = EmbeddedChannel()
        let connection = LineConnection()
        var lines: [Int] = []
        connection.onLine = { lines.append($0.count) }
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: HandoverRequest.maxLineSize / 2)
        try channel.writeInbound(ByteBuffer(bytes: chunk))
        try channel.writeInbound(ByteBuffer(bytes: chunk + [UInt8(ascii: "\n")]))
        #expect(lines == [HandoverRequest.maxLineSize] && channel.isActive)
        try channel.writeInbound(ByteBuffer(bytes: chunk))
        try channel.writeInbound(ByteBuffer(bytes: chunk))
        #expect(channel.isActive)
        try channel.writeInbound(ByteBuffer(bytes: [UInt8(ascii: "x"), UInt8(ascii: "\n")]))
        #expect(lines.count == 1 && !channel.isActive)
    }

    @Test func otherEndThatNeverReadsIsCutOff() throws {
        let channel = EmbeddedChannel()
        let blocked = Blocked()
        let connection = LineConnection()
        try channel.pipeline.syncOperations.addHandlers([blocked, connection])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let count = LineConnection.maxUnsentSize >> 20
        for _ in 0..<count { connection.write(line) }
        #expect(channel.isActive)
        // What was taken makes room again.
        blocked.release()
        for _ in 0..<count { connection.write(line) }
        #expect(channel.isActive)
        connection.write([0])
        #expect(!channel.isActive)
        blocked.release()
    }

    @Test func requestsOfOneClientAreBounded() async throws {
        let folder = try TemporaryFolder()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let socket = try #require(RunSocket(folder: folder.path, name: "node.sock"))
        let handled = try await loop.flatSubmit {
            let replies = NIOLoopBoundBox<[HandoverServer.Reply]>([], eventLoop: loop)
            let server = HandoverServer(eventLoop: loop, socket: socket) { _, reply in
                replies.value.append(reply)
            }
            let bound = NIOLoopBound(server, eventLoop: loop)
            let closed = loop.makePromise(of: String.self)
            let flood = String(repeating: Self.peers, count: HandoverServer.maxRequestsPerClient + 10)
            return server.start().flatMap { Self.connect(to: socket, loop, closed) }
                .flatMap { $0.writeAndFlush(ByteBuffer(string: Self.hello + flood)) }
                .flatMap { closed.futureResult }
                .flatMap { _ in
                    let count = replies.value.count
                    for reply in replies.value { reply(.success(HandoverResult())) }
                    return bound.value.stop().map { count }
                }
        }.get()
        #expect(handled == HandoverServer.maxRequestsPerClient)
    }
}
