import LibP2P
import LibP2PCore
import NIOCore

/// The two streams to one peer and what waits on them. Confined to the loop.
final class GossipSubPeer {
    let id: PeerID
    /// What the peer speaks, or is hoped to speak until the outbound stream is agreed on.
    var protocolID: GossipSubProtocol
    /// Ours to write.
    var outbound: Stream?
    /// Theirs; only the newest is read.
    var inbound: Stream?
    var decoder: FrameDecoder
    /// Parts of a frame whose messages are more than may be pending at a time.
    var inboundParts: [RPC] = []
    /// When the frame that is being received began.
    var frameStart: Instant?
    var isReadingPaused = false
    /// Whether a first frame came: with it a peer announces its subscriptions, or that it has none.
    var hasAnnounced = false
    /// Messages that are being verified or validated.
    var pendingCount = 0
    var queue: OutboundQueue
    /// What was written before the peer agreed to the protocol, to be written again when it refuses; nil: it
    /// agreed.
    var unconfirmed: [RPC]? = []
    var unconfirmedBytes = 0
    /// Outbound streams that died in a row.
    var failures = 0
    var lastFailure: Instant?
    var retry: Scheduled<Void>?
    /// Whether an attempt to open the outbound stream is under way.
    var isOpening = false
    private var flushWaiters: [EventLoopPromise<Void>] = []

    init(id: PeerID, protocolID: GossipSubProtocol, configuration: GossipSub.Configuration) {
        self.id = id
        self.protocolID = protocolID
        self.decoder = FrameDecoder(maxFrameSize: configuration.parameters.maxRPCSize)
        self.queue = OutboundQueue(
            countMax: configuration.queueCountMax, bytesMax: configuration.queueBytesMax)
    }

    /// Whether all that was to be sent was written to a stream that the peer agreed to.
    private var isDrained: Bool { self.queue.isEmpty && self.unconfirmed?.isEmpty ?? true }

    /// Completes when the queue is empty and its bytes have reached the socket.
    func flushed(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        if self.isDrained {
            guard let outbound else { return eventLoop.makeSucceededVoidFuture() }
            return outbound.whenFlushed()
        }
        let promise = eventLoop.makePromise(of: Void.self)
        self.flushWaiters.append(promise)
        return promise.futureResult
    }

    /// Called when something has been written to the stream, or the stream was agreed to.
    func didWrite() {
        guard self.isDrained, !self.flushWaiters.isEmpty else { return }
        let waiters = self.flushWaiters
        self.flushWaiters = []
        for waiter in waiters {
            if let outbound { outbound.whenFlushed().cascade(to: waiter) } else { waiter.succeed() }
        }
    }

    /// Called when nothing more can be sent.
    func gaveUp() {
        self.retry?.cancel()
        self.retry = nil
        self.queue.removeAll()
        self.unconfirmed = nil
        let waiters = self.flushWaiters
        self.flushWaiters = []
        for waiter in waiters { waiter.succeed() }
    }
}
