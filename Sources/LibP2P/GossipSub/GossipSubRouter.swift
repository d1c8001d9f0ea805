import LibP2PCore

/// Gossipsub v1.2, v1.1, v1.0 and floodsub for one node and all its peers (libp2p specs "gossipsub").
///
/// A value without clock, sockets or randomness of its own: inputs go in, outputs come out, and what it does
/// depends on nothing but its inputs and the seed of its generator. Peers and topics are small integers
/// inside. It is large and is never copied. Its driver owns the streams, verifies signatures, and asks the
/// application.
///
/// ```
/// rpcReceived ─► form, seen? ─► .verify ─► verified ─► marked as seen ─► .validate ─► validated ─► .deliver
///                   │                         │                                           │      and forward
///                   └► REJECT, DUPLICATE      └► REJECT, DUPLICATE                        └► REJECT
/// ```
public struct GossipSubRouter: ~Copyable, Sendable {
    private let settings: GossipSubSettings
    /// Ourselves.
    public let localPeer: PeerID
    /// Whether `.trace` outputs are made; off, they cost nothing.
    public var isTracing = false
    /// Whether the node asks for places in meshes.
    public internal(set) var graftPolicy: GraftPolicy

    var prng: PRNG
    var peers = Registry<PeerID, Peer>()
    var topics = Registry<Topic, TopicState>()
    var seen: SeenCache
    var cache: MessageCache
    var pending: [UInt64: PendingMessage] = [:]
    /// Copies whose signatures are being verified, by id; more than one when they differ.
    var verifying: [MessageID: [UInt64]] = [:]
    /// The one verified message of an id that the application is asked about.
    var validating: [MessageID: UInt64] = [:]
    var nextToken: UInt64 = 0
    /// What peers advertised and we asked for, until it arrives or its time is up.
    var promised: [MessageID: NumberSet] = [:]
    var promiseQueue: [(id: MessageID, peer: Int, expires: Instant)] = []
    var nextHeartbeat: Instant?
    var heartbeatCount = 0
    /// Peers' scores; nil: everybody's is 0.
    var scores: PeerScore?
    /// Who is heard when there is too much to validate; nil: everybody.
    var gater: PeerGater?
    /// Peers that always get everything, connected or not.
    var directPeers: Set<PeerID> = []
    /// When direct peers are dialled next.
    var nextDirectDial: Instant?
    /// Peers whose messages are not taken, whoever brings them.
    var blockedPeers: Set<PeerID> = []
    var subscriptionFilter = SubscriptionFilter.all
    /// What waits for bandwidth.
    var shaper: Shaper
    /// What goes out at the end of the input that is being handled.
    var outboxes = Outboxes()

    /// Makes a router without peers and topics. `parameters` must be valid
    /// (`GossipSubParameters.validated()`).
    public init(parameters: GossipSubParameters, localPeer: PeerID, prng: PRNG) {
        self.init(settings: GossipSubSettings(parameters), localPeer: localPeer, prng: prng)
    }

    /// Makes a router without peers and topics, which may share its settings with others.
    public init(settings: GossipSubSettings, localPeer: PeerID, prng: PRNG) {
        let parameters = settings.parameters
        self.settings = settings
        self.localPeer = localPeer
        self.graftPolicy = parameters.graftPolicy
        self.prng = prng
        self.seen = SeenCache(ttl: parameters.seenTTL, countMax: parameters.seenCountMax)
        self.cache = MessageCache(
            historyLength: parameters.historyLength, historyGossip: parameters.historyGossip,
            bytesMax: parameters.historyBytesMax)
        self.shaper = Shaper(
            topicLimit: parameters.topicRateLimit, peerLimit: parameters.peerRateLimit)
        self.scores = settings.score.map(PeerScore.init(sharing:))
        self.gater = parameters.peerGater.map(PeerGater.init(parameters:))
    }

    /// The numbers that it runs with.
    public var parameters: GossipSubParameters {
        @inline(__always) _read { yield self.settings.parameters }
    }

    /// Takes an input and appends what follows from it.
    public mutating func handle(_ input: Input, now: Instant, into outputs: inout [Output]) {
        if self.nextHeartbeat == nil { self.nextHeartbeat = now + self.parameters.heartbeatInitialDelay }
        switch input {
        case .peerConnected(let peer, let connection):
            self.peerConnected(peer, connection, now: now, into: &outputs)
        case .peerBeganAgain(let peer): self.peerBeganAgain(peer)
        case .peerDisconnected(let peer): self.peerDisconnected(peer, now: now, into: &outputs)
        case .rpcReceived(let peer, let rpc): self.rpcReceived(rpc, from: peer, now: now, into: &outputs)
        case .subscribe(let topic): self.join(topic, now: now, into: &outputs)
        case .unsubscribe(let topic): self.leave(topic, now: now, into: &outputs)
        case .publish(let message, let isUrgent):
            self.publish(message, isUrgent: isUrgent, now: now, into: &outputs)
        case .verified(let token, let failure): self.verified(token, failure, now: now, into: &outputs)
        case .validated(let token, let result): self.validated(token, result, now: now, into: &outputs)
        case .queueFull(let peer, let rpc): self.queueFull(peer, rpc, into: &outputs)
        case .setTopicConfiguration, .setTopicScore, .setOnlineMembers, .setSubscriptionFilter,
            .setGraftPolicy:
            self.configure(input)
        case .setAllowedPeers(let topic, let peers):
            self.setAllowedPeers(peers, in: topic, now: now, into: &outputs)
        case .restoreBackoffs(let backoffs):
            self.restore(backoffs, now: now)
        case .restoreScores(let scores): self.scores?.restore(scores, now: now)
        case .setDirectPeers(let peers): self.setDirectPeers(peers, now: now, into: &outputs)
        case .setBlockedPeers(let peers): self.setBlockedPeers(peers, now: now, into: &outputs)
        case .setApplicationScore(let peer, let score): self.scores?.setApplicationScore(score, of: peer)
        case .signedPeerRecord(let peer, let record): self.recordReceived(record, of: peer)
        }
        self.flush(now: now, into: &outputs)
    }

    private mutating func configure(_ input: Input) {
        switch input {
        case .setTopicConfiguration(let topic, let configuration):
            precondition(
                configuration.degrees?.isConsistent ?? true, "the topic's degrees contradict each other")
            let number = self.intern(topic)
            self.topics[number].configuration = configuration
        case .setTopicScore(let topic, let parameters): self.scores?.setTopicParameters(parameters, of: topic)
        case .setOnlineMembers(let topic, let count):
            let number = self.intern(topic)
            self.topics[number].onlineMembers = count
            self.forgetIfIdle(number)
        case .setSubscriptionFilter(let filter): self.subscriptionFilter = filter
        case .setGraftPolicy(let policy): self.graftPolicy = policy
        default: preconditionFailure("no setting")
        }
    }

    /// When `deadlineReached` has something to do; nil before the first input.
    public var nextDeadline: Instant? {
        guard let release = self.shaper.nextRelease else { return self.nextHeartbeat }
        return self.nextHeartbeat.map { Swift.min($0, release) } ?? release
    }

    /// Does what is due at `now`: the heartbeat, and what waited for bandwidth.
    public mutating func deadlineReached(now: Instant, into outputs: inout [Output]) {
        self.releaseHeld(now: now, into: &outputs)
        guard let due = self.nextHeartbeat, due <= now else { return }
        self.heartbeat(now: now, into: &outputs)
        let next = due + self.parameters.heartbeatInterval
        // A driver that was asleep does not catch up on the heartbeats that it missed.
        self.nextHeartbeat = next > now ? next : now + self.parameters.heartbeatInterval
        self.flush(now: now, into: &outputs)
    }
}
