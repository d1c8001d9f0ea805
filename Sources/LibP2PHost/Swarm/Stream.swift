import LibP2P
import LibP2PCore
import NIOCore

/// A bidirectional byte stream of one protocol on a connection.
///
/// Confined to the host's event loop. Data that arrives before `onData` is set, or while reading is paused,
/// waits inside; the peer's flow-control window, and a limit a connection, bound it. The callbacks are let go
/// when the stream ends, so that they may capture it.
public final class Stream {
    /// The peer at the other end.
    public let peer: PeerID
    /// What carries the stream.
    public let connection: Connection
    /// The agreed protocol; on an optimistic outbound stream the one that was offered.
    public internal(set) var protocolID: String
    /// Who opened it.
    public let direction: Connection.Direction

    /// Called with bytes in order; they count as read when it returns. Setting it delivers what waited.
    public var onData: (([UInt8]) -> Void)? {
        didSet { if self.onData != nil { self.scheduleDelivery() } }
    }
    /// Called once after the last byte when the peer will send no more.
    public var onFinished: (() -> Void)? {
        didSet { if self.onFinished != nil { self.scheduleDelivery() } }
    }
    /// Called once, last; nil when both sides finished. Unread data of a stream that failed is dropped.
    public var onClosed: ((StreamFailure?) -> Void)?
    /// Called when `pendingBytes` fell below the low-water mark after having been above it.
    public var onWritable: (() -> Void)?
    /// Called when the peer agreed to the protocol of an optimistic stream.
    public var onNegotiated: (() -> Void)?

    let id: StreamID
    private unowned let driver: ConnectionHandler
    private var unread: [[UInt8]] = []
    private(set) var unreadBytes = 0
    private var isPaused = false
    private var isDelivering = false
    private var deliveryScheduled = false
    private var remoteFinished: RemoteFinish = .open
    private var localFinished = false
    /// Whether the stream has ended and no further callback will come.
    public private(set) var isClosed = false
    private var negotiation: EventLoopPromise<Stream>?

    private enum RemoteFinish {
        case open
        case waiting
        case delivered
    }

    init(id: StreamID, protocolID: String, direction: Connection.Direction, connection: Connection) {
        self.id = id
        self.protocolID = protocolID
        self.direction = direction
        self.connection = connection
        self.peer = connection.peer
        self.driver = connection.driver
    }

    /// Queues bytes; they leave as the peer's window and the socket allow. Ignored after `finish` or the end.
    public func write(_ bytes: [UInt8]) {
        guard !self.isClosed, !self.localFinished, !bytes.isEmpty else { return }
        self.driver.write(bytes, on: self)
    }

    /// The bytes that were written and have not been handed to the socket. Writers of much data keep it low.
    public var pendingBytes: Int {
        self.isClosed ? 0 : self.driver.pendingBytes(on: self.id)
    }

    /// Says that nothing more will be written; what was written still goes out.
    public func finish() {
        guard !self.isClosed, !self.localFinished else { return }
        self.localFinished = true
        self.driver.finish(self)
        self.scheduleDelivery()
    }

    /// Ends the stream at once in both directions. `onClosed` is called with the code.
    public func reset(code: UInt32 = 0) {
        guard !self.isClosed else { return }
        self.driver.reset(self, code: code, failure: .reset(code: code))
    }

    /// Stops `onData` until `resumeReading`; the peer can send until its window is used up.
    public func pauseReading() {
        self.isPaused = true
    }

    /// Delivers what waited, and what comes.
    public func resumeReading() {
        guard self.isPaused else { return }
        self.isPaused = false
        self.scheduleDelivery()
    }

    /// Completes when everything written so far has reached the socket; fails when the stream ends before.
    public func whenFlushed() -> EventLoopFuture<Void> {
        self.driver.whenFlushed(self)
    }

    // MARK: - Events from the connection

    func received(_ bytes: [UInt8]) {
        guard !self.isClosed else { return }
        if self.unread.isEmpty, !self.isPaused, !self.isDelivering, let onData = self.onData {
            self.isDelivering = true
            onData(bytes)
            self.isDelivering = false
            if !self.isClosed { self.driver.consumed(bytes.count, on: self.id) }
            if !self.unread.isEmpty { self.scheduleDelivery() }
        } else {
            self.unread.append(bytes)
            self.unreadBytes += bytes.count
            self.driver.keptUnread(bytes.count, on: self)
        }
    }

    func remoteDidFinish() {
        guard !self.isClosed, self.remoteFinished == .open else { return }
        self.remoteFinished = .waiting
        self.deliver()
    }

    func didNegotiate(_ protocolID: String) {
        self.protocolID = protocolID
        if let negotiation = self.negotiation {
            self.negotiation = nil
            negotiation.assumeIsolated().succeed(self)
        }
        self.onNegotiated?()
    }

    /// Returns a future for the agreement on a protocol.
    func whenNegotiated(on eventLoop: any EventLoop) -> EventLoopFuture<Stream> {
        let promise = eventLoop.makePromise(of: Stream.self)
        self.negotiation = promise
        return promise.futureResult
    }

    /// Whether both sides finished and the reader has seen it.
    var isFinishedBothWays: Bool { self.localFinished && self.remoteFinished == .delivered }

    /// Ends the stream; the driver has already forgotten it.
    func didClose(_ failure: StreamFailure?) {
        guard !self.isClosed else { return }
        self.isClosed = true
        self.unread = []
        self.driver.releasedUnread(self.unreadBytes)
        self.unreadBytes = 0
        if let negotiation = self.negotiation {
            self.negotiation = nil
            negotiation.fail(OpenStreamError.stream(failure ?? .connectionClosed))
        }
        let onClosed = self.onClosed
        self.onData = nil
        self.onFinished = nil
        self.onWritable = nil
        self.onNegotiated = nil
        self.onClosed = nil
        onClosed?(failure)
    }

    // MARK: - Delivery

    private func scheduleDelivery() {
        guard !self.isClosed, !self.deliveryScheduled, !self.unread.isEmpty || self.remoteFinished == .waiting
        else { return }
        self.deliveryScheduled = true
        self.driver.eventLoop.assumeIsolated().execute {
            self.deliveryScheduled = false
            self.deliver()
        }
    }

    private func deliver() {
        guard !self.isDelivering else { return }
        self.isDelivering = true
        var index = 0
        while index < self.unread.count, !self.isPaused, !self.isClosed, let onData = self.onData {
            let bytes = self.unread[index]
            index += 1
            self.unreadBytes -= bytes.count
            self.driver.releasedUnread(bytes.count)
            onData(bytes)
            if !self.isClosed { self.driver.consumed(bytes.count, on: self.id) }
        }
        if !self.isClosed { self.unread.removeFirst(index) }
        self.isDelivering = false
        guard !self.isClosed, self.unread.isEmpty, self.remoteFinished == .waiting, !self.isPaused else {
            return
        }
        if let onFinished = self.onFinished {
            self.remoteFinished = .delivered
            self.onFinished = nil
            onFinished()
        } else if self.onData != nil || self.localFinished {
            self.remoteFinished = .delivered
        }
        if !self.isClosed { self.driver.closeIfFinished(self) }
    }
}
