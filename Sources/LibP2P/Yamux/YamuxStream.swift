import LibP2PCore

/// The state of one open Yamux stream; it is gone as soon as both sides finished or one reset it.
struct YamuxStream: Sendable {
    /// Whether we opened it.
    let isLocal: Bool
    /// Whether the frame that opens it is still to be sent.
    var needsSYN: Bool
    /// Whether the frame that accepts it is still to be sent.
    var needsACK: Bool
    /// Whether the peer is known to have accepted it.
    var isAcknowledged: Bool

    /// What we may still send.
    var sendWindow: UInt32 = YamuxConfiguration.initialWindow
    /// What the peer may still send.
    var receiveWindow: UInt32 = YamuxConfiguration.initialWindow
    /// What the receive window is filled up to when the reader keeps up.
    var windowSize: UInt32 = YamuxConfiguration.initialWindow
    /// Bytes of frames whose header was read, not yet consumed by the reader.
    var unconsumed: UInt32 = 0
    /// When credit was last given, which tells whether the window limits the sender.
    var lastCredit: Instant

    /// Bytes that wait for the window or for their turn.
    var queue = ByteQueue()
    /// Whether the queue was above the low-water mark since that was last reported.
    var isAboveLowWater = false
    /// Nothing is written any more; a FIN follows the queue.
    var isFinishing = false
    /// Our FIN was sent.
    var isFINSent = false
    /// The peer's FIN was read.
    var isRemoteFinished = false

    /// Whether the stream stands in the round of those with something to send.
    var isReady = false
    /// Whether the stream stands in the queue for window updates and acknowledgements.
    var isControlQueued = false

    init(isLocal: Bool, now: Instant) {
        self.isLocal = isLocal
        self.needsSYN = isLocal
        self.needsACK = !isLocal
        self.isAcknowledged = !isLocal
        self.lastCredit = now
    }

    /// What the reader has consumed and the peer has not been told of.
    var credit: UInt32 { self.windowSize - self.receiveWindow - self.unconsumed }

    /// Whether a data frame (or the FIN, or the SYN) can be sent now.
    var isSendable: Bool {
        self.needsSYN || (!self.queue.isEmpty && self.sendWindow > 0)
            || (self.isFinishing && !self.isFINSent && self.queue.isEmpty)
    }

    /// What the window grew beyond its initial size.
    var extraWindow: Int { Int(self.windowSize - YamuxConfiguration.initialWindow) }
}
