import DescordCrypto
import LibP2P
import LibP2PCore
import NIOCore

/// Answers and asks `/ipfs/ping/1.0.0`: 32 random bytes come back (libp2p specs, "ping"). Confined to the
/// loop.
final class PingService {
    static let protocolID = "/ipfs/ping/1.0.0"
    /// The bytes of one ping.
    static let size = 32
    /// Inbound ping streams that a connection may have (libp2p specs: accept two).
    private static let maxInbound = 2

    private unowned let host: Host

    init(host: Host) {
        self.host = host
    }

    func start() {
        self.host.setHandler(Self.protocolID) { [weak self] in self?.answer($0) }
    }

    // MARK: - Answering

    private func answer(_ stream: Stream) {
        let connection = stream.connection
        guard
            self.host.connections(to: stream.peer).reduce(0, { $0 + $1.services.inboundPings })
                < Self.maxInbound
        else { return stream.reset(code: StreamErrorCode.resourceLimit) }
        connection.services.inboundPings += 1
        let idle = IdleTimer(host: self.host, stream: stream)
        idle.restart()
        var request: [UInt8] = []
        stream.onClosed = { _ in
            connection.services.inboundPings -= 1
            idle.cancel()
        }
        stream.onFinished = { [weak stream] in stream?.finish() }
        stream.onWritable = { [weak stream] in stream?.resumeReading() }
        stream.onData = { [weak stream] bytes in
            guard let stream else { return }
            idle.restart()
            request += bytes
            let whole = request.count - request.count % Self.size
            guard whole > 0 else { return }
            stream.write(Array(request.prefix(whole)))
            request.removeFirst(whole)
            // A peer that asks without reading the answers is not read on.
            if stream.pendingBytes > Self.maxUnsentAnswers { stream.pauseReading() }
        }
    }

    /// Unsent answers above which no more requests are read: above the machine's low-water mark, which
    /// resumes.
    private static let maxUnsentAnswers = 128 * 1_024

    // MARK: - Asking

    /// Measures a round trip; one ping at a time on a connection.
    func ping(_ connection: Connection) -> EventLoopFuture<Duration> {
        if let running = connection.services.ping { return running }
        guard let stream = connection.openStream(Self.protocolID) else {
            return self.host.eventLoop.makeFailedFuture(OpenStreamError.tooManyStreams)
        }
        let promise = self.host.eventLoop.makePromise(of: Duration.self)
        connection.services.ping = promise.futureResult
        let request = Entropy.bytes(Self.size)
        var answer: [UInt8] = []
        let host = self.host
        let start = host.now
        let timer = host.eventLoop.assumeIsolated().scheduleTask(
            in: TimeAmount(host.configuration.deadlines.ping)
        ) {
            stream.reset()
        }
        stream.onClosed = { failure in
            timer.cancel()
            connection.services.ping = nil
            promise.fail(OpenStreamError.stream(failure ?? .connectionClosed))
        }
        stream.onData = { [weak stream] bytes in
            guard let stream else { return }
            answer += bytes
            guard answer.count >= Self.size else { return }
            guard answer == request else { return stream.reset(code: StreamErrorCode.protocolViolation) }
            let duration = host.now - start
            connection.rtt = duration
            connection.services.ping = nil
            stream.onClosed = { _ in timer.cancel() }
            promise.succeed(duration)
            stream.finish()
        }
        stream.write(request)
        return promise.futureResult
    }
}

/// Resets a ping stream that is not used.
private final class IdleTimer {
    private let host: Host
    private weak var stream: Stream?
    private var timer: Scheduled<Void>?

    init(host: Host, stream: Stream) {
        self.host = host
        self.stream = stream
    }

    func restart() {
        self.timer?.cancel()
        self.timer = self.host.eventLoop.assumeIsolated().scheduleTask(
            in: TimeAmount(self.host.configuration.deadlines.pingIdle)
        ) { [weak self] in self?.stream?.reset() }
    }

    func cancel() {
        self.timer?.cancel()
    }
}
