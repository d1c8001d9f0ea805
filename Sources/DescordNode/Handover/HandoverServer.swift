import Glibc
import NIOCore
import NIOPosix

/// The lock holder's side of the hand-over socket.
///
/// Confined to the node's event loop. Accepts while the node serves; when the node leaves, it stops
/// accepting, finishes what it accepted, and only then may the lock be released.
final class HandoverServer {
    /// Answers one request: called at most once, later or at once.
    typealias Reply = (Result<HandoverResult, HandoverError>) -> Void

    /// The most invocations that are served at once.
    static let maxConnections = 512
    /// The most requests of one invocation that wait for their answers: a command sends one after another, a
    /// program that uses the library perhaps hundreds.
    static let maxRequestsPerClient = 1_024

    private final class Client {
        let connection: LineConnection
        var saidHello = false
        var follows = false
        var requestsInFlight = 0
        init(connection: LineConnection) { self.connection = connection }
    }

    private let eventLoop: any EventLoop
    private let socket: RunSocket
    private let user: uid_t
    private let maxConnections: Int
    private let handle: (HandoverRequest, @escaping Reply) -> Void
    private var listener: (any Channel)?
    private var clients: [ObjectIdentifier: Client] = [:]
    private var requestsInFlight = 0
    private var drained: EventLoopPromise<Void>?

    init(
        eventLoop: any EventLoop, socket: RunSocket, user: uid_t = geteuid(),
        maxConnections: Int = HandoverServer.maxConnections,
        handle: @escaping (HandoverRequest, @escaping Reply) -> Void
    ) {
        self.eventLoop = eventLoop
        self.socket = socket
        self.user = user
        self.maxConnections = maxConnections
        self.handle = handle
    }

    /// Binds the socket; the caller holds the lock, so that whatever stands there is stale.
    func start() -> EventLoopFuture<Void> {
        self.socket.unlink()
        let server = NIOLoopBound(self, eventLoop: self.eventLoop)
        return ServerBootstrap(group: self.eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try server.value.accept(channel)
                }
            }
            .bind(unixDomainSocketPath: self.socket.path)
            .map { channel in
                server.value.listener = channel
                server.value.socket.restrict()
            }
    }

    /// Tells every follower that operations arrived, up to `arrival` in the database's order.
    func notifyFollowers(arrival: Int64) {
        var line = HandoverLine(method: "arrived")
        line.params = .init(arrival: arrival)
        let encoded = line.encoded
        for client in self.clients.values where client.follows {
            client.connection.write(encoded)
        }
    }

    /// Stops accepting and completes when every accepted request was answered; followers are cut off.
    func stop() -> EventLoopFuture<Void> {
        self.socket.unlink()
        self.listener?.close(promise: nil)
        self.listener = nil
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.drained = promise
        self.finishIfDrained()
        let server = NIOLoopBound(self, eventLoop: self.eventLoop)
        return promise.futureResult.map {
            for client in server.value.clients.values { client.connection.close() }
        }
    }

    private func accept(_ channel: any Channel) throws {
        guard self.clients.count < self.maxConnections, self.drained == nil else {
            channel.close(promise: nil)
            return
        }
        let connection = LineConnection()
        let client = Client(connection: connection)
        let id = ObjectIdentifier(connection)
        self.clients[id] = client
        connection.onLine = { [weak self, weak client] line in
            if let client { self?.receive(line, from: client) }
        }
        connection.onClosed = { [weak self] in self?.clients[id] = nil }
        try channel.pipeline.syncOperations.addHandler(connection)
        let bound = NIOLoopBound(connection, eventLoop: self.eventLoop)
        RunSocket.isPeer(of: channel, self.user).whenComplete { result in
            if case .success(true) = result { return }
            bound.value.close()
        }
    }

    private func receive(_ bytes: [UInt8], from client: Client) {
        let line: HandoverLine
        do {
            line = try HandoverLine(decoding: bytes)
        } catch {
            client.connection.write(HandoverLine(error: error).encoded)
            client.connection.close()
            return
        }
        let request: HandoverRequest
        do {
            request = try HandoverRequest(line)
        } catch {
            client.connection.write(HandoverLine(id: line.id, error: error).encoded)
            return
        }
        if case .hello(let version) = request {
            guard version == HandoverRequest.version else {
                let error = HandoverError(
                    code: HandoverError.Code.invalidParameters,
                    message: "the node of this home speaks hand-over version \(HandoverRequest.version)",
                    reason: "version")
                client.connection.write(HandoverLine(id: line.id, error: error).encoded)
                return
            }
            client.saidHello = true
            var result = HandoverResult()
            result.version = HandoverRequest.version
            client.connection.write(HandoverLine(id: line.id, result: result).encoded)
            return
        }
        guard client.saidHello else {
            let error = HandoverError(code: HandoverError.Code.invalidRequest, message: "hello comes first")
            client.connection.write(HandoverLine(id: line.id, error: error).encoded)
            client.connection.close()
            return
        }
        if case .follow = request {
            client.follows = true
            client.connection.write(HandoverLine(id: line.id, result: HandoverResult()).encoded)
            return
        }
        guard client.requestsInFlight < Self.maxRequestsPerClient else { return client.connection.close() }
        client.requestsInFlight += 1
        self.requestsInFlight += 1
        self.handle(request) { [weak self] result in
            client.requestsInFlight -= 1
            switch result {
            case .success(let value):
                client.connection.write(HandoverLine(id: line.id, result: value).encoded)
            case .failure(let error): client.connection.write(HandoverLine(id: line.id, error: error).encoded)
            }
            self?.requestsInFlight -= 1
            self?.finishIfDrained()
        }
    }

    private func finishIfDrained() {
        guard self.requestsInFlight == 0, let drained = self.drained else { return }
        drained.succeed()
    }
}
