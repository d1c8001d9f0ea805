import LibP2P
import LibP2PCore
import NIOCore

/// Moves bytes between a TCP channel and a `ConnectionMachine`, and the machine's events to streams and the
/// host.
///
/// Confined to the channel's event loop. What is read is handed to the machine at once; what it wants to send
/// is collected and written at the end of a burst of reads, or of the turn of the loop. Nothing is taken from
/// the machine while the socket is not writable, so that unsent bytes wait where they are counted.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The most bytes taken from the machine into one socket write.
    private static let writeSize = 128 * 1_024

    let eventLoop: any EventLoop
    let direction: Connection.Direction
    let remoteAddress: Multiaddr
    private let host: Host
    private var machine: ConnectionMachine
    private var context: ChannelHandlerContext?
    private var phase: Phase = .handshaking
    private(set) var connection: Connection?
    /// Told once how a dial ended.
    var onOutcome: ((Result<Connection, DialFailure>) -> Void)?

    private var streams: [StreamID: Stream] = [:]
    private var finished: [Stream] = []
    private var flushWaiters: [(stream: StreamID, promise: EventLoopPromise<Void>)] = []
    private var unreadBytes = 0
    private var scratch: [UInt8] = []
    private var isStarted = false
    private var isReading = false
    private var isOutputClosed = false
    private var flushScheduled = false
    private var timer: Scheduled<Void>?
    private var timerInstant = Instant.distantFuture

    private enum Phase {
        case handshaking
        case open
        /// The machine is done; its last bytes are on their way.
        case closing
        case closed
    }

    init(
        host: Host, direction: Connection.Direction, remoteAddress: Multiaddr,
        machine: consuming ConnectionMachine,
    ) {
        self.host = host
        self.eventLoop = host.eventLoop
        self.direction = direction
        self.remoteAddress = remoteAddress
        self.machine = machine
    }

    /// Whether the peer has not been authenticated yet.
    var isHalfOpen: Bool { self.phase == .handshaking }

    /// The Noise handshake hash.
    var handshakeHash: [UInt8] { self.machine.handshakeHash ?? [] }

    /// The peer's Noise static key.
    var remoteStaticKey: [UInt8] { self.machine.remoteStaticKey ?? [] }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if self.phase == .closing || self.phase == .closed {
            // Given up while the name was looked up.
            context.close(promise: nil)
        } else if context.channel.isActive {
            self.start()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.start()
        context.fireChannelActive()
    }

    private func start() {
        guard !self.isStarted, self.phase == .handshaking else { return }
        self.isStarted = true
        self.process { machine, _, events in machine.start(into: &events) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.phase == .handshaking || self.phase == .open else { return }
        self.isReading = true
        let buffer = self.unwrapInboundIn(data)
        self.process { machine, now, events in
            buffer.withUnsafeReadableBytes { machine.received($0, now: now, into: &events) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.scheduleFlush() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if self.phase == .handshaking || self.phase == .open {
            self.process { machine, _, events in machine.disconnected(into: &events) }
        }
        self.didCloseChannel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset by the peer is how connections often end: the close that follows says everything.
        context.close(promise: nil)
    }

    // MARK: - Machine

    /// Runs the machine and dispatches what it made of it. Callbacks run after the machine returned, so they
    /// may use it.
    private func process(
        _ body: (inout ConnectionMachine, Instant, inout [ConnectionMachine.Event]) -> Void
    ) {
        var events: [ConnectionMachine.Event] = []
        body(&self.machine, self.now, &events)
        for event in events {
            self.dispatch(event)
        }
        self.scheduleFlush()
        self.rearmTimer()
    }

    private var now: Instant { Instant(self.eventLoop.now) }

    private func dispatch(_ event: ConnectionMachine.Event) {
        guard self.phase == .handshaking || self.phase == .open else { return }
        switch event {
        case .upgraded(let peer, _):
            self.upgraded(peer)
        case .streamOpened(let id, let protocolID):
            guard let connection = self.connection else { return }
            let stream = Stream(id: id, protocolID: protocolID, direction: .inbound, connection: connection)
            self.streams[id] = stream
            self.host.accept(stream)
        case .streamNegotiated(let id, let protocolID):
            self.streams[id]?.didNegotiate(protocolID)
        case .streamRefused(let id):
            self.forget(id)?.didClose(.refused)
        case .streamData(let id, let bytes):
            if let stream = self.streams[id] {
                stream.received(bytes)
            } else {
                self.machine.consumed(bytes.count, on: id)
            }
        case .streamFinished(let id):
            self.streams[id]?.remoteDidFinish()
        case .streamReset(let id, let code):
            self.forget(id)?.didClose(.reset(code: code))
        case .streamWritable(let id):
            self.streams[id]?.onWritable?()
        case .roundTrip(let duration):
            self.connection?.rtt = duration
        case .closed(let failure):
            self.end(failure)
        }
    }

    private func upgraded(_ peer: PeerID) {
        guard self.phase == .handshaking else { return }
        self.phase = .open
        switch self.host.authenticated(self, peer: peer) {
        case .success(let connection):
            self.connection = connection
            self.host.announce(connection)
            self.report(.success(connection))
        case .failure(let failure):
            self.report(.failure(failure))
            self.close()
        }
    }

    private func report(_ outcome: Result<Connection, DialFailure>) {
        let onOutcome = self.onOutcome
        self.onOutcome = nil
        onOutcome?(outcome)
    }

    // MARK: - Streams

    func openStream(_ protocols: [String], on connection: Connection) -> Result<Stream, OpenStreamError> {
        guard self.phase == .open else { return .failure(.notConnected) }
        guard let id = self.machine.openStream(protocols, now: self.now) else {
            return .failure(.tooManyStreams)
        }
        let stream = Stream(id: id, protocolID: protocols[0], direction: .outbound, connection: connection)
        self.streams[id] = stream
        self.scheduleFlush()
        return .success(stream)
    }

    func write(_ bytes: [UInt8], on stream: Stream) {
        self.machine.write(bytes, on: stream.id)
        if self.machine.pendingBytes(on: stream.id) > self.host.configuration.limits.unsentBytesPerStream {
            self.reset(stream, code: StreamErrorCode.resourceLimit, failure: .limitReached)
        }
        self.scheduleFlush()
    }

    func pendingBytes(on stream: StreamID) -> Int {
        self.machine.pendingBytes(on: stream)
    }

    func finish(_ stream: Stream) {
        self.machine.finish(stream.id)
        self.scheduleFlush()
        self.closeIfFinished(stream)
    }

    func reset(_ stream: Stream, code: UInt32, failure: StreamFailure) {
        guard self.forget(stream.id) != nil else { return }
        self.machine.reset(stream.id, code: code)
        self.scheduleFlush()
        stream.didClose(failure)
    }

    func consumed(_ count: Int, on stream: StreamID) {
        self.machine.consumed(count, on: stream)
        self.scheduleFlush()
    }

    func keptUnread(_ count: Int, on stream: Stream) {
        self.unreadBytes += count
        guard self.unreadBytes > self.host.configuration.limits.unreadBytesPerConnection else { return }
        self.reset(stream, code: StreamErrorCode.resourceLimit, failure: .limitReached)
    }

    func releasedUnread(_ count: Int) {
        self.unreadBytes -= count
    }

    /// Ends a stream that both sides finished once its last bytes left.
    func closeIfFinished(_ stream: Stream) {
        guard stream.isFinishedBothWays, self.streams[stream.id] === stream else { return }
        guard self.machine.pendingBytes(on: stream.id) == 0 else {
            if !self.finished.contains(where: { $0 === stream }) { self.finished.append(stream) }
            return
        }
        self.finished.removeAll { $0 === stream }
        self.streams[stream.id] = nil
        stream.didClose(nil)
    }

    func whenFlushed(_ stream: Stream) -> EventLoopFuture<Void> {
        let promise = self.eventLoop.makePromise(of: Void.self)
        if stream.isClosed || self.context == nil || self.phase == .closed {
            promise.fail(StreamFailure.connectionClosed)
        } else {
            self.flushWaiters.append((stream.id, promise))
            self.scheduleFlush()
        }
        return promise.futureResult
    }

    private func forget(_ id: StreamID) -> Stream? {
        self.finished.removeAll { $0.id == id }
        let waiting = self.flushWaiters.filter { $0.stream == id }
        self.flushWaiters.removeAll { $0.stream == id }
        for waiter in waiting { waiter.promise.fail(StreamFailure.connectionClosed) }
        return self.streams.removeValue(forKey: id)
    }

    /// Whether bytes of any stream still wait to be sent.
    var hasUnsentBytes: Bool {
        self.phase == .open
            && (self.machine.hasOutbound
                || self.streams.keys.contains { self.machine.pendingBytes(on: $0) > 0 })
    }

    func setSupportedProtocols(_ protocols: [String]) {
        self.machine.setSupportedProtocols(protocols)
    }

    // MARK: - Writing

    private func scheduleFlush() {
        guard !self.isReading, !self.flushScheduled, self.context != nil else { return }
        self.flushScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.flushScheduled = false
            self.flush()
        }
    }

    private func flush() {
        guard let context = self.context, self.phase != .closed else { return }
        var wrote = false
        var events: [ConnectionMachine.Event] = []
        while context.channel.isWritable, self.machine.hasOutbound {
            self.scratch.removeAll(keepingCapacity: true)
            self.machine.takeOutbound(into: &self.scratch, maxBytes: Self.writeSize, events: &events)
            guard !self.scratch.isEmpty else { break }
            var buffer = context.channel.allocator.buffer(capacity: self.scratch.count)
            buffer.writeBytes(self.scratch)
            context.write(self.wrapOutboundOut(buffer), promise: nil)
            wrote = true
        }
        if wrote { context.flush() }
        for event in events { self.dispatch(event) }
        self.completeFlushWaiters(context)
        for stream in self.finished { self.closeIfFinished(stream) }
        if self.phase == .closing, !self.machine.hasOutbound { self.closeOutput(context) }
        self.host.didFlush(self)
        self.rearmTimer()
    }

    private func completeFlushWaiters(_ context: ChannelHandlerContext) {
        guard !self.flushWaiters.isEmpty else { return }
        let done = self.flushWaiters.filter { self.machine.pendingBytes(on: $0.stream) == 0 }
        guard !done.isEmpty else { return }
        self.flushWaiters.removeAll { self.machine.pendingBytes(on: $0.stream) == 0 }
        for waiter in done {
            // An empty write completes after everything that was written before it.
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: waiter.promise)
        }
    }

    // MARK: - Time

    private func rearmTimer() {
        guard self.phase == .handshaking || self.phase == .open, let deadline = self.machine.nextDeadline
        else { return }
        if self.timer != nil, self.timerInstant <= deadline { return }
        self.timer?.cancel()
        self.timerInstant = deadline
        let delay = max(.zero, deadline - self.now)
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            self.timer = nil
            self.timerFired()
        }
    }

    private func timerFired() {
        guard self.phase == .handshaking || self.phase == .open else { return }
        // The deadline may have moved while the timer ran.
        guard let deadline = self.machine.nextDeadline, deadline <= self.now else { return self.rearmTimer() }
        self.process { machine, now, events in machine.deadlineReached(now: now, into: &events) }
    }

    // MARK: - Ending

    /// Says goodbye; the socket closes when that was sent.
    func close(code: UInt32 = 0) {
        guard self.phase == .handshaking || self.phase == .open else { return }
        self.process { machine, _, events in machine.close(code: code, into: &events) }
        self.end(nil)
    }

    /// Closes the socket at once.
    func abort() {
        self.end(nil)
        if let context = self.context {
            context.close(promise: nil)
        } else {
            // A name is still being looked up, which cannot be stopped; nobody waits for it.
            self.didCloseChannel()
        }
    }

    /// The TCP connection did not come about; the channel is closed, or never was.
    func connectFailed() {
        self.end(nil)
        self.didCloseChannel()
    }

    /// Ends the streams, tells the host and lets the last bytes go.
    private func end(_ failure: ConnectionFailure?) {
        guard self.phase == .handshaking || self.phase == .open else { return }
        self.phase = .closing
        self.timer?.cancel()
        self.timer = nil
        self.connection?.isUsable = false
        let streams = self.streams.sorted { $0.key < $1.key }
        self.streams = [:]
        self.finished = []
        let waiters = self.flushWaiters
        self.flushWaiters = []
        for waiter in waiters { waiter.promise.fail(StreamFailure.connectionClosed) }
        for (_, stream) in streams { stream.didClose(.connectionClosed) }
        self.host.ended(self)
        self.report(.failure(.handshakeFailed(failure)))
        if self.context?.channel.isActive == true {
            self.scheduleFlush()
            self.timer = self.eventLoop.assumeIsolated().scheduleTask(
                in: TimeAmount(self.host.configuration.deadlines.linger)
            ) {
                self.context?.close(promise: nil)
            }
        } else {
            self.context?.close(promise: nil)
        }
    }

    /// Shuts our side down and reads on until the peer does the same: closing a socket with unread bytes
    /// would reset the connection and take our last bytes from the peer.
    private func closeOutput(_ context: ChannelHandlerContext) {
        guard !self.isOutputClosed else { return }
        self.isOutputClosed = true
        context.close(mode: .output, promise: nil)
    }

    private func didCloseChannel() {
        guard self.phase != .closed else { return }
        self.phase = .closed
        self.timer?.cancel()
        self.timer = nil
        self.host.closed(self)
    }
}

extension Instant {
    /// The loop's time: nanoseconds since the system's start.
    package init(_ deadline: NIODeadline) {
        self.init(nanoseconds: Int64(clamping: deadline.uptimeNanoseconds))
    }
}
