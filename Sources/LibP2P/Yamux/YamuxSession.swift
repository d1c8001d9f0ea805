import DequeModule
import LibP2PCore

/// The Yamux multiplexer (hashicorp/yamux `spec.md`, libp2p specs "yamux"): plaintext in, frames out.
///
/// Everything that a peer can grow is bounded: streams by the configuration, data by the windows, answers to
/// pings and refusals by constants here, and nothing is kept of a frame but its header. Ids of streams that
/// are gone are told from ids never opened by two counters and a short list, not by remembering them all.
package struct YamuxSession: ~Copyable {
    /// Which ids are ours.
    package enum Role: Sendable { case dialer, listener }

    /// What received frames came to.
    package enum Event: Equatable, Sendable {
        /// The peer opened a stream.
        case opened(UInt32)
        /// Data, to be credited by `consumed(_:on:)`.
        case data(UInt32, [UInt8])
        /// The peer writes no more on this stream.
        case finished(UInt32)
        /// The stream is gone.
        case reset(UInt32, code: UInt32)
        /// The unsent bytes of a stream fell to the low-water mark.
        case writable(UInt32)
        /// A ping was answered.
        case roundTrip(Duration)
        /// The peer closes the session.
        case goAway(code: UInt32)
    }

    /// The most answers to pings that wait to be sent; pings beyond them stay unanswered, as elsewhere.
    static let maxPendingPongs = 8
    /// The most refusals that wait to be sent, before opening streams counts as a flood.
    static let maxPendingResets = 512
    /// The most ids that were skipped by opens out of order and may still come.
    static let maxSkippedStreams = 256
    /// Adjacent data of one stream is joined into events up to this size, so that a byte a frame does not
    /// cost an allocation a byte.
    static let joinedDataSize = 16_384
    /// A session that received this much asks for the round-trip time, which window growth needs.
    static let measuredVolume = 65_536

    let role: Role
    let configuration: YamuxConfiguration

    // Internal rather than private for the extensions in this folder; nothing else touches them.
    var streams: [UInt32: YamuxStream] = [:]
    var nextLocalID: UInt32
    /// The highest id that the peer opened, zero before the first.
    var highestRemoteID: UInt32 = 0
    var skippedRemoteIDs: [UInt32] = []
    var inboundCount = 0
    var outboundCount = 0
    var unacknowledgedCount = 0
    var extraWindow = 0

    // Reading
    var headerBytes: [UInt8] = []
    /// The data frame whose payload is being read; nil stream to skip it.
    var payload: (stream: UInt32?, remaining: Int, isLast: Bool)?
    var receivedCount = 0

    // Writing
    var pongs: Deque<UInt32> = []
    var resets: Deque<(stream: UInt32, code: UInt32)> = []
    var controls: Deque<UInt32> = []
    var ready: Deque<UInt32> = []
    var goAwayCode: UInt32?
    var isGoAwaySent = false

    // Round trips
    var pingCounter: UInt32 = 0
    var isPingQueued = false
    var pingSentAt: Instant?
    var roundTrip: Duration?
    var now: Instant

    package init(role: Role, configuration: YamuxConfiguration, now: Instant) {
        self.role = role
        self.configuration = configuration
        self.nextLocalID = role == .dialer ? 1 : 2
        self.now = now
    }

    /// The streams that are open.
    package var streamCount: Int { self.streams.count }

    /// Whether the stream is open.
    package func contains(_ id: UInt32) -> Bool { self.streams[id] != nil }

    /// The unsent bytes of a stream.
    package func pendingBytes(on id: UInt32) -> Int { self.streams[id]?.queue.count ?? 0 }

    /// When the ping was sent that has not been answered.
    package var pingOutstandingSince: Instant? { self.pingSentAt }

    // MARK: - Streams

    /// Opens a stream, or returns nil at a limit or when the session is closing.
    package mutating func open(now: Instant) -> UInt32? {
        self.now = max(self.now, now)
        guard self.goAwayCode == nil, self.outboundCount < self.configuration.maxOutboundStreams,
            self.unacknowledgedCount < self.configuration.maxUnacknowledgedStreams,
            self.nextLocalID <= .max - 2
        else { return nil }
        let id = self.nextLocalID
        self.nextLocalID += 2
        self.streams[id] = YamuxStream(isLocal: true, now: self.now)
        self.outboundCount += 1
        self.unacknowledgedCount += 1
        self.markReady(id)
        return id
    }

    /// Queues `bytes`; ignored when the stream is gone or finished.
    package mutating func write(_ bytes: [UInt8], on id: UInt32) {
        guard let isFinishing = self.streams[id]?.isFinishing, !isFinishing else { return }
        self.streams[id]?.queue.append(bytes)
        if self.pendingBytes(on: id) > self.configuration.lowWaterMark {
            self.streams[id]?.isAboveLowWater = true
        }
        self.markReady(id)
    }

    /// Sends a FIN after what is queued.
    package mutating func finish(_ id: UInt32) {
        guard self.streams[id] != nil else { return }
        self.streams[id]?.isFinishing = true
        self.markReady(id)
    }

    /// Drops the stream and tells the peer, unless the peer never heard of it.
    package mutating func reset(_ id: UInt32, code: UInt32) {
        guard let stream = self.streams[id] else { return }
        self.remove(id)
        if !stream.needsSYN {
            self.resets.append((id, code))
        }
    }

    /// Takes note that the reader took `count` bytes; once half the window is free the peer is told.
    package mutating func consumed(_ count: Int, on id: UInt32) {
        guard var stream = self.streams[id] else { return }
        precondition(count >= 0 && count <= Int(stream.unconsumed), "more consumed than was delivered")
        stream.unconsumed -= UInt32(count)
        if !stream.isRemoteFinished, !stream.isControlQueued, stream.credit >= stream.windowSize / 2 {
            self.grow(&stream)
            self.streams[id] = stream
            self.queueControl(id)
        } else {
            self.streams[id] = stream
        }
    }

    /// Puts a stream into the queue for window updates and acknowledgements.
    mutating func queueControl(_ id: UInt32) {
        self.streams[id]?.isControlQueued = true
        // As with `ready`: a peer must not make the queue grow by streams that vanish.
        if self.controls.count > 2 * self.streams.count + 64 {
            let streams = self.streams
            self.controls.removeAll { streams[$0]?.isControlQueued != true }
        }
        self.controls.append(id)
    }

    /// Doubles the window of a stream that used half of it within four round trips: the window, not the
    /// reader, is what limits the sender.
    private mutating func grow(_ stream: inout YamuxStream) {
        defer { stream.lastCredit = self.now }
        guard let roundTrip = self.roundTrip, self.now - stream.lastCredit < roundTrip * 4 else { return }
        let room = min(
            Int(self.configuration.maxStreamWindow) - Int(stream.windowSize),
            self.configuration.maxExtraWindow - self.extraWindow)
        let growth = min(Int(stream.windowSize), room)
        guard growth > 0 else { return }
        stream.windowSize += UInt32(growth)
        self.extraWindow += growth
    }

    /// Forgets a stream and what it counted for.
    mutating func remove(_ id: UInt32) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        if stream.isLocal {
            self.outboundCount -= 1
            if !stream.isAcknowledged { self.unacknowledgedCount -= 1 }
        } else {
            self.inboundCount -= 1
        }
        self.extraWindow -= stream.extraWindow
    }

    /// Puts a stream with something to send into the round.
    mutating func markReady(_ id: UInt32) {
        guard let stream = self.streams[id], !stream.isReady, stream.isSendable else { return }
        self.streams[id]?.isReady = true
        // Streams that vanished are left in the round until their turn; a peer must not make it grow by that.
        if self.ready.count > 2 * self.streams.count + 64 {
            let streams = self.streams
            self.ready.removeAll { streams[$0]?.isReady != true }
        }
        self.ready.append(id)
    }

    // MARK: - Session

    /// Asks for a round trip, unless one is being measured.
    package mutating func ping(now: Instant) {
        self.now = max(self.now, now)
        guard self.pingSentAt == nil else { return }
        self.pingCounter &+= 1
        self.pingSentAt = self.now
        self.isPingQueued = true
    }

    /// Asks again when a ping was not answered by a peer that is otherwise alive.
    package mutating func pingAnew(now: Instant) {
        self.pingSentAt = nil
        self.ping(now: now)
    }

    /// Closes the session: what the windows allow is still sent, then a go-away; nothing is opened any more.
    package mutating func close(code: UInt32) {
        if self.goAwayCode == nil { self.goAwayCode = code }
    }

    /// Drops everything that was to be sent, except a go-away.
    package mutating func abort(code: UInt32) {
        self.streams = [:]
        self.pongs = []
        self.resets = []
        self.controls = []
        self.ready = []
        self.isPingQueued = false
        self.goAwayCode = self.goAwayCode ?? code
    }
}
