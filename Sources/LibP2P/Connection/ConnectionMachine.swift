import DequeModule
import DescordCrypto
import LibP2PCore

/// One libp2p connection over a byte stream: multistream-select, Noise, Yamux, and multistream-select again
/// on every stream.
///
/// ```
/// dialer      /multistream, /noise, message 1 ──►              message 3, first streams ──►
/// listener                                   ◄── header, echo, message 2
/// ```
/// Confined to whoever drives it. A failure never throws: it resets a stream or ends in `.closed`, after
/// which only `takeOutbound` has anything left to do (the goodbye).
public struct ConnectionMachine: ~Copyable {
    /// Who connected.
    public enum Role: Sendable { case dialer, listener }

    /// What happened, in order.
    public enum Event: Equatable, Sendable {
        /// The peer is authenticated and streams can be used.
        case upgraded(peer: PeerID, earlyMuxer: Bool)
        /// The peer opened a stream and agreed on a protocol; its data follows.
        case streamOpened(StreamID, protocolID: String)
        /// The peer agreed to the protocol of a stream that we opened.
        case streamNegotiated(StreamID, protocolID: String)
        /// The peer speaks none of the protocols; the stream is gone.
        case streamRefused(StreamID)
        /// Data, to be credited by `consumed(_:on:)` when the reader took it.
        case streamData(StreamID, [UInt8])
        /// The peer writes no more on this stream.
        case streamFinished(StreamID)
        /// The stream is gone by the peer's wish or fault. Our own `reset` is not reported.
        case streamReset(StreamID, code: UInt32)
        /// The unsent bytes of a stream fell to the low-water mark.
        case streamWritable(StreamID)
        /// A ping was answered.
        case roundTrip(Duration)
        /// The connection is over, with all its streams; nothing follows. Nil when it was closed cleanly.
        case closed(ConnectionFailure?)
    }

    enum Phase {
        case securityDialer(MultistreamDialer)
        case securityListener(MultistreamListener)
        case noise
        case muxerDialer(MultistreamDialer)
        case muxerListener(MultistreamListener)
        case open
        case closed
    }

    static let noiseProtocol = "/noise"
    static let yamuxProtocol = "/yamux/1.0.0"

    let role: Role
    let configuration: ConnectionConfiguration
    var supportedProtocols: [String]

    // Internal rather than private for the extensions in this folder.
    var phase: Phase
    var handshake: NoiseHandshake
    /// An incomplete handshake message with its length, at most `NoiseHandshake.maxMessageSize` and 2 bytes.
    var handshakeFrame: [UInt8] = []
    var sender: NoiseCipher?
    var receiver: NoiseReceiver?
    var yamux: YamuxSession
    var negotiations: [UInt32: StreamNegotiation] = [:]
    /// The ends of negotiations, oldest first; those that ended are skipped.
    var negotiationDeadlines: Deque<(deadline: Instant, stream: UInt32)> = []

    /// Bytes for the socket as they are: multistream-select and handshake messages.
    var plainOutbound: [UInt8] = []
    /// Bytes that go into the next Noise frame before Yamux: the muxer's negotiation.
    var muxerOutbound: [UInt8] = []
    /// Whether Yamux frames may be sent.
    var isUpgraded = false

    let handshakeDeadline: Instant
    var lastReceived: Instant
    var now: Instant
    var yamuxEvents: [YamuxSession.Event] = []

    /// The authenticated peer, once known.
    public internal(set) var remotePeer: PeerID?
    /// The Noise handshake hash, 32 bytes, once the handshake is complete: the same on both sides and in no
    /// other connection, so that a signature over it is good for this connection alone.
    public internal(set) var handshakeHash: [UInt8]?
    /// The peer's Noise static key, 32 bytes, once the handshake is complete.
    public internal(set) var remoteStaticKey: [UInt8]?

    /// Takes the inbound protocols and fresh Noise keys; `noiseEphemeral` must never be used again.
    public init(
        role: Role, configuration: ConnectionConfiguration, supportedProtocols: [String],
        noiseStatic: X25519.PrivateKey, noiseEphemeral: X25519.PrivateKey, now: Instant
    ) {
        self.role = role
        self.configuration = configuration
        self.supportedProtocols = supportedProtocols
        self.phase =
            role == .dialer
            ? .securityDialer(MultistreamDialer(protocols: [Self.noiseProtocol]))
            : .securityListener(MultistreamListener())
        self.handshake = NoiseHandshake(
            role: role == .dialer ? .initiator : .responder, identity: configuration.key,
            expectedPeer: configuration.expectedPeer,
            muxers: configuration.offersEarlyMuxer ? [Self.yamuxProtocol] : [],
            staticKey: noiseStatic, ephemeral: noiseEphemeral)
        self.yamux = YamuxSession(
            role: role == .dialer ? .dialer : .listener, configuration: configuration.yamux, now: now)
        self.handshakeDeadline = now + configuration.handshakeTimeout
        self.lastReceived = now
        self.now = now
    }

    /// Begins the upgrade; to be called once. A listener waits for the dialer.
    public mutating func start(into events: inout [Event]) {
        guard case .securityDialer(let dialer) = self.phase else { return }
        self.plainOutbound += dialer.start()
        if self.configuration.isOptimistic { self.sendHandshakeMessage(self.handshake.start()) }
    }

    /// Takes bytes from the socket, any number at a time.
    public mutating func received(_ bytes: UnsafeRawBufferPointer, now: Instant, into events: inout [Event]) {
        guard !self.isClosed, !bytes.isEmpty else { return }
        self.advance(to: now)
        self.lastReceived = self.now
        if self.receiver != nil {
            self.receivedFrames(bytes, into: &events)
            return
        }
        var input = Array(bytes)[...]
        self.receivedHandshake(&input, into: &events)
        if self.receiver != nil, !self.isClosed, !input.isEmpty {
            input.withUnsafeBytes { self.receivedFrames($0, into: &events) }
        }
    }

    /// Takes note that the transport ended; the connection is over.
    public mutating func disconnected(into events: inout [Event]) {
        self.fail(.disconnected, into: &events)
        self.plainOutbound = []
        self.muxerOutbound = []
        self.isUpgraded = false
    }

    /// Changes what inbound streams may agree on; those under negotiation follow.
    public mutating func setSupportedProtocols(_ protocols: [String]) {
        self.supportedProtocols = protocols
    }

    /// Measures a round trip, unless one is being measured.
    public mutating func ping(now: Instant) {
        guard !self.isClosed else { return }
        self.advance(to: now)
        self.yamux.ping(now: self.now)
    }

    /// Closes the connection. With code 0 whatever the windows allow of the bytes already written is still to
    /// be taken, then a go-away; with another code the go-away alone.
    public mutating func close(code: UInt32, into events: inout [Event]) {
        guard !self.isClosed else { return }
        if code == 0 {
            self.yamux.close(code: 0)
        } else {
            self.yamux.abort(code: code)
        }
        self.end(nil, into: &events)
    }

    /// Whether the connection is over.
    public var isClosed: Bool {
        if case .closed = self.phase { return true }
        return false
    }

    /// The bytes of incomplete messages and frames that are held; far below 128 KiB, whatever the peer sends.
    package var incompleteByteCount: Int {
        let held = self.handshakeFrame.count + self.yamux.headerBytes.count
        switch self.receiver {
        case .some(let receiver): return held + receiver.bufferedCount
        case .none: return held
        }
    }

    // MARK: - Outbound

    /// Whether `takeOutbound` may have something.
    public var hasOutbound: Bool {
        !self.plainOutbound.isEmpty
            || (self.sender != nil
                && (!self.muxerOutbound.isEmpty || (self.isUpgraded && self.yamux.hasOutbound)))
    }

    /// Appends bytes for the socket to `buffer`: about `maxBytes`, which only handshake messages and a first
    /// small frame exceed. Window updates and pings come before data, and streams take turns.
    public mutating func takeOutbound(into buffer: inout [UInt8], maxBytes: Int, events: inout [Event]) {
        let start = buffer.count
        if !self.plainOutbound.isEmpty {
            buffer += self.plainOutbound
            self.plainOutbound = []
        }
        guard self.sender != nil else { return }
        while self.hasOutbound {
            let taken = buffer.count - start
            let room = maxBytes - taken
            guard taken == 0 || room >= Self.minFrameSize else { return }
            let budget = min(max(room, Self.minFrameSize) - Self.frameOverhead, NoiseCipher.maxPlaintextSize)
            let frameStart = buffer.count
            buffer.append(0)
            buffer.append(0)
            buffer += self.muxerOutbound
            let muxerCount = self.muxerOutbound.count
            self.muxerOutbound = []
            if self.isUpgraded {
                self.yamux.takeFrames(into: &buffer, budget: budget - muxerCount, events: &self.yamuxEvents)
            }
            self.translateWritable(into: &events)
            guard buffer.count > frameStart + NoiseCipher.lengthSize else {
                buffer.removeLast(NoiseCipher.lengthSize)
                return
            }
            guard self.sender?.sealFrame(in: &buffer, from: frameStart) == true else {
                buffer.removeLast(buffer.count - frameStart)
                self.fail(.noise(.nonceExhausted), into: &events)
                self.isUpgraded = false
                return
            }
        }
    }

    private mutating func translateWritable(into events: inout [Event]) {
        for event in self.yamuxEvents {
            if case .writable(let id) = event, !self.isClosed {
                events.append(.streamWritable(StreamID(value: id)))
            }
        }
        self.yamuxEvents.removeAll(keepingCapacity: true)
    }

    // MARK: - Ends

    /// Ends the connection for a reason; a peer that can read it is told.
    mutating func fail(_ failure: ConnectionFailure, into events: inout [Event]) {
        guard !self.isClosed else { return }
        switch failure {
        case .yamux: self.yamux.abort(code: Self.protocolErrorCode)
        default: self.yamux.abort(code: 0)
        }
        self.end(failure, into: &events)
    }

    mutating func end(_ failure: ConnectionFailure?, into events: inout [Event]) {
        self.phase = .closed
        self.negotiations = [:]
        self.negotiationDeadlines = []
        self.handshakeFrame = []
        events.append(.closed(failure))
    }

    mutating func advance(to now: Instant) {
        self.now = max(self.now, now)
    }

    /// Yamux's go-away code for a broken rule.
    static let protocolErrorCode: UInt32 = 1
    /// What a Noise frame adds to its plaintext.
    static let frameOverhead = NoiseCipher.lengthSize + ChaCha20Poly1305.tagSize
    /// No frame is cut smaller than this for lack of room.
    static let minFrameSize = 512
}
