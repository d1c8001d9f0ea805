import Glibc
import NIOCore
import NIOPosix

/// An invocation's side of the hand-over socket.
///
/// Confined to its event loop. When the holder goes away, every open request fails with `cutOff`, and the
/// caller starts again at taking the lock.
final class HandoverClient {
    /// The holder went away before it answered.
    struct CutOff: Error {}

    private let eventLoop: any EventLoop
    private let connection: LineConnection
    private var channel: (any Channel)?
    private var nextID = 1
    private var waiting: [Int: EventLoopPromise<HandoverResult>] = [:]
    private var isClosed = false

    /// Called for every `arrived` notification after `follow`.
    var onArrival: ((Int64) -> Void)?
    /// Called once when the holder is gone.
    var onClosed: (() -> Void)?

    private init(eventLoop: any EventLoop, connection: LineConnection) {
        self.eventLoop = eventLoop
        self.connection = connection
    }

    /// Connects, checks that the holder is the same user, and says hello.
    static func connect(
        to socket: RunSocket, eventLoop: any EventLoop, user: uid_t = geteuid()
    ) -> EventLoopFuture<NIOLoopBound<HandoverClient>> {
        let connection = LineConnection()
        let client = HandoverClient(eventLoop: eventLoop, connection: connection)
        // The connection keeps the client alive until it is gone, so that no request is left without an end.
        connection.onLine = { line in client.receive(line) }
        connection.onClosed = { client.closed() }
        let bound = NIOLoopBound(client, eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value.connection)
                }
            }
            .connect(unixDomainSocketPath: socket.path)
            .flatMap { (channel: any Channel) -> EventLoopFuture<Bool> in
                bound.value.channel = channel
                return RunSocket.isPeer(of: channel, user)
            }
            .flatMap { (isOwn: Bool) -> EventLoopFuture<HandoverResult> in
                guard isOwn else {
                    bound.value.close()
                    return eventLoop.makeFailedFuture(
                        HandoverError(
                            code: HandoverError.Code.failed,
                            message: "the socket of this home belongs to another user",
                            reason: "not_permitted"))
                }
                return bound.value.send(.hello(version: HandoverRequest.version))
            }
            .map { _ in bound }
    }

    /// Sends a request; the future fails with a `HandoverError` or with `CutOff`.
    func send(_ request: HandoverRequest) -> EventLoopFuture<HandoverResult> {
        guard !self.isClosed else { return self.eventLoop.makeFailedFuture(CutOff()) }
        let id = self.nextID
        self.nextID += 1
        let promise = self.eventLoop.makePromise(of: HandoverResult.self)
        self.waiting[id] = promise
        self.connection.write(request.line(id: id))
        return promise.futureResult
    }

    /// Ends the connection.
    func close() {
        self.connection.close()
    }

    private func receive(_ bytes: [UInt8]) {
        // The holder is broken: start again elsewhere.
        guard let line = try? HandoverLine(decoding: bytes) else {
            self.close()
            return
        }
        if line.method == "arrived", let arrival = line.params?.arrival {
            self.onArrival?(arrival)
        } else if let id = line.id, let promise = self.waiting.removeValue(forKey: id) {
            if let error = line.error {
                promise.fail(error)
            } else {
                promise.succeed(line.result ?? HandoverResult())
            }
        }
    }

    private func closed() {
        self.isClosed = true
        let waiting = self.waiting.sorted { $0.key < $1.key }
        self.waiting = [:]
        for (_, promise) in waiting { promise.fail(CutOff()) }
        let closed = self.onClosed
        self.onClosed = nil
        closed?()
    }
}
