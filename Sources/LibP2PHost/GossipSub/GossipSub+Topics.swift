import LibP2P
import LibP2PCore

// MARK: - What the application asks for
extension GossipSub {
    /// Joins a topic: its peers are told, and its messages come to `onMessage`.
    public func subscribe(_ topic: Topic) {
        self.apply(.subscribe(topic))
    }

    /// Leaves a topic, with the short backoff.
    public func unsubscribe(_ topic: Topic) {
        self.apply(.unsubscribe(topic))
    }

    /// Signs data with the host's key and publishes it. `seqno` must be above every number that the key used.
    public func publish(
        _ data: [UInt8], to topic: Topic, seqno: UInt64, isUrgent: Bool = false
    ) -> Result<Publication, PublicationRefusal> {
        self.publish(
            .signed(topic: topic, data: data, seqno: seqno, by: self.host.configuration.key),
            isUrgent: isUrgent)
    }

    /// Publishes a complete message of our own; an urgent one goes ahead of what waits in the queues.
    public func publish(
        _ message: Message, isUrgent: Bool = false
    ) -> Result<Publication, PublicationRefusal> {
        guard !self.isClosed else { return .failure(.closed) }
        for output in self.apply(.publish(message, isUrgent: isUrgent)) {
            switch output {
            case .published(let id, _, let peers): return .success(Publication(id: id, peers: peers))
            case .publicationRefused(_, _, .duplicate): return .failure(.duplicate)
            case .publicationRefused(_, _, .tooLarge): return .failure(.tooLarge)
            default: continue
            }
        }
        preconditionFailure("the router answers every publication")
    }

    /// Why a publication went nowhere.
    public enum PublicationRefusal: Error, Hashable, Sendable {
        /// The id was seen before: the number was used twice.
        case duplicate
        /// An RPC with this message alone would be larger than the protocol allows.
        case tooLarge
        /// The driver was closed.
        case closed
    }

    /// Lets only these peers count as subscribers of a topic; nil: everybody. Call it before `subscribe`, so
    /// that nobody else is told.
    public func setAllowedPeers(_ peers: Set<PeerID>?, in topic: Topic) {
        self.apply(.setAllowedPeers(topic, peers))
    }

    /// Changes a topic's settings.
    public func setConfiguration(_ configuration: TopicConfiguration, of topic: Topic) {
        self.apply(.setTopicConfiguration(topic, configuration))
    }

    /// Keeps these peers outside of meshes, always sends them everything, and dials them when they are not
    /// connected (explicit peering agreements). The agreement must be mutual.
    public func setDirectPeers(_ addresses: [PeerID: [Multiaddr]]) {
        self.dialer.directAddresses = addresses
        self.apply(.setDirectPeers(Set(addresses.keys)))
    }

    /// Takes nothing more from these peers, and nothing that they wrote.
    public func setBlockedPeers(_ peers: Set<PeerID>) {
        self.apply(.setBlockedPeers(peers))
    }

    /// Sets the application's own score of a peer (P5); nil: the default.
    public func setApplicationScore(_ score: Double?, of peer: PeerID) {
        self.apply(.setApplicationScore(peer, score))
    }

    /// Says how many members of a topic are known to be online, ourselves not counted.
    public func setOnlineMembers(_ count: Int?, of topic: Topic) {
        self.apply(.setOnlineMembers(topic, count))
    }

    /// Starts or stops asking for places in meshes.
    public func setGraftPolicy(_ policy: GraftPolicy) {
        self.apply(.setGraftPolicy(policy))
    }

    /// A backoff as it is remembered between runs.
    public struct RemainingBackoff: Hashable, Sendable {
        public var topic: Topic
        public var peer: PeerID
        public var remaining: Duration

        public init(topic: Topic, peer: PeerID, remaining: Duration) {
            self.topic = topic
            self.peer = peer
            self.remaining = remaining
        }
    }

    /// The backoffs that have not ended; the caller keeps them with the time of day.
    public var backoffs: [RemainingBackoff] {
        let now = self.host.now
        return self.router.backoffs(now: now).map {
            RemainingBackoff(topic: $0.topic, peer: $0.peer, remaining: $0.expires - now)
        }
    }

    /// Remembers backoffs of an earlier run.
    public func restore(_ backoffs: [RemainingBackoff]) {
        let now = self.host.now
        let cap = self.configuration.parameters.backoffMax
        self.apply(
            .restoreBackoffs(
                backoffs.map {
                    Backoff(topic: $0.topic, peer: $0.peer, expires: now + min($0.remaining, cap))
                }))
    }

    /// How long a peer still must not be grafted into a topic's mesh; nil when it may be.
    public func backoff(of peer: PeerID, in topic: Topic) -> Duration? {
        let now = self.host.now
        return self.router.backoff(of: peer, in: topic, now: now).map { $0 - now }
    }

    /// Whether a connected peer said what it subscribes to, or does not speak gossipsub.
    public func hasAnnounced(_ peer: PeerID) -> Bool {
        self.peers[peer].map(\.hasAnnounced) ?? false
    }

    /// The topics that we are subscribed to.
    public var joinedTopics: [Topic] { self.router.joinedTopics }

    /// The peers that pubsub runs with.
    public var connectedPeers: [PeerID] { self.router.connectedPeers }

    /// The connected peers that count as subscribers of a topic.
    public func subscribers(_ topic: Topic) -> [PeerID] { self.router.subscribers(topic) }

    /// The peers in a topic's mesh.
    public func meshPeers(_ topic: Topic) -> [PeerID] { self.router.meshPeers(topic) }

    /// Between which sizes a topic's mesh is kept now; nil when we have nothing to do with it.
    public func meshDegrees(_ topic: Topic) -> MeshDegrees? { self.router.meshDegrees(topic) }

    /// The topics of ours that a peer counts as a subscriber of.
    public func topics(of peer: PeerID) -> [Topic] { self.router.topics(of: peer) }

    /// What passed through a topic since the start.
    public func counters(_ topic: Topic) -> TopicCounters { self.router.counters(topic) }

    /// The topics that have counters.
    public var ownTopics: [Topic] { self.router.ownTopics }

    /// A peer's score; 0 without scoring.
    public func score(of peer: PeerID) -> Double { self.router.score(of: peer) }

    /// What a connected peer's score is made of; nil without scoring.
    public func scoreParts(of peer: PeerID) -> ScoreParts? { self.router.scoreParts(of: peer) }

    /// Whether a peer is in a topic's mesh, and why not.
    public func meshStanding(of peer: PeerID, in topic: Topic) -> MeshStanding {
        self.router.meshStanding(of: peer, in: topic, now: self.host.now)
    }

    /// The scores that outlive this run.
    public var retainedScores: [RetainedScore] { self.router.retainedScores(now: self.host.now) }

    /// Remembers scores of an earlier run.
    public func restore(_ scores: [RetainedScore]) {
        self.apply(.restoreScores(scores))
    }
}
