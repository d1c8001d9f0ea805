import LibP2PCore

extension GossipSubRouter {
    /// The connected peers, in the order in which they came.
    public var connectedPeers: [PeerID] {
        self.peers.order.map { self.peers[$0].id }
    }

    /// How a connected peer is connected.
    public func connection(of peer: PeerID) -> PeerConnection? {
        self.peers.number(of: peer).map { self.peers[$0].connection }
    }

    /// The topics that we are subscribed to, in the order in which we first met them.
    public var joinedTopics: [Topic] {
        self.topics.order.compactMap { self.topics[$0].isJoined ? self.topics[$0].topic : nil }
    }

    /// The peers in a topic's mesh.
    public func meshPeers(_ topic: Topic) -> [PeerID] {
        self.ids(topic) { $0.mesh }
    }

    /// The peers that we publish to without being subscribed.
    public func fanoutPeers(_ topic: Topic) -> [PeerID] {
        self.ids(topic) { $0.fanout }
    }

    /// The connected peers that count as subscribers of a topic.
    public func subscribers(_ topic: Topic) -> [PeerID] {
        self.ids(topic) { $0.subscribers }
    }

    /// The topics of ours that a peer counts as a subscriber of.
    public func topics(of peer: PeerID) -> [Topic] {
        guard let number = self.peers.number(of: peer) else { return [] }
        return self.topics.order.compactMap {
            let state = self.topics[$0]
            return state.isOurs && state.subscribers.contains(number) ? state.topic : nil
        }
    }

    /// What passed through a topic; zeros when nothing did.
    public func counters(_ topic: Topic) -> TopicCounters {
        self.topics.number(of: topic).map { self.topics[$0].counters } ?? TopicCounters()
    }

    /// The topics that we have, or had, to do with.
    public var ownTopics: [Topic] {
        self.topics.order.compactMap { self.topics[$0].isOurs ? self.topics[$0].topic : nil }
    }

    /// The backoffs that have not ended, to be remembered for the next run; sorted by topic and peer.
    public func backoffs(now: Instant) -> [Backoff] {
        var backoffs: [Backoff] = []
        for number in self.topics.order {
            let state = self.topics[number]
            for (peer, expires) in state.backoffs where expires > now {
                backoffs.append(Backoff(topic: state.topic, peer: peer, expires: expires))
            }
        }
        return backoffs.sorted { $0.topic == $1.topic ? $0.peer < $1.peer : $0.topic < $1.topic }
    }

    /// Until when a peer must not be grafted into a topic's mesh; nil when it may be.
    public func backoff(of peer: PeerID, in topic: Topic, now: Instant) -> Instant? {
        guard let number = self.topics.number(of: topic), let expires = self.topics[number].backoffs[peer],
            expires > now
        else { return nil }
        return expires
    }

    /// A peer's score, connected or remembered; 0 without scoring.
    public func score(of peer: PeerID) -> Double {
        guard let number = self.peers.number(of: peer) else { return self.scores?.score(of: peer) ?? 0 }
        return self.score(of: number)
    }

    /// What a connected peer's score is made of; nil without scoring.
    public func scoreParts(of peer: PeerID) -> ScoreParts? {
        self.peers.number(of: peer).flatMap { self.scores?.parts(of: $0) }
    }

    /// The scores that outlive a run.
    public func retainedScores(now: Instant) -> [RetainedScore] {
        self.scores?.retained(now: now) ?? []
    }

    /// The extensions that a connected peer announced; nil: none, or it speaks an older protocol.
    public func extensions(of peer: PeerID) -> RPC.Extensions? {
        self.peers.number(of: peer).flatMap { self.peers[$0].extensions }
    }

    /// Whether a peer is in a topic's mesh, and why not.
    public func meshStanding(of peer: PeerID, in topic: Topic, now: Instant) -> MeshStanding {
        guard let number = self.topics.number(of: topic), self.topics[number].isJoined else {
            return .notJoined
        }
        let state = self.topics[number]
        guard state.allows(peer) else { return .notAllowed }
        let backoff = state.backoffs[peer].map { $0 - now }
        guard let connected = self.peers.number(of: peer) else { return .notConnected }
        if state.mesh.contains(connected) { return .inMesh }
        if self.peers[connected].isDirect { return .direct }
        guard state.subscribers.contains(connected) else { return .notSubscribed }
        guard self.peers[connected].connection.protocolID.hasMesh else { return .withoutMesh }
        if let backoff, backoff > .zero { return .backoff(backoff) }
        let score = self.score(of: connected)
        if score < 0 { return .negativeScore(score) }
        if self.graftPolicy == .answersOnly { return .answersOnly }
        return state.mesh.count < self.degrees(of: number).degreeLow ? .candidate : .full
    }

    /// The degrees that hold for a topic now; nil when we have nothing to do with it.
    public func meshDegrees(_ topic: Topic) -> MeshDegrees? {
        self.topics.number(of: topic).map { self.degrees(of: $0) }
    }

    /// How often a peer advertised a message that it then did not deliver.
    public func brokenPromises(of peer: PeerID) -> Int {
        self.peers.number(of: peer).map { self.peers[$0].brokenPromises } ?? 0
    }

    /// How many topics take up memory: ours, and those that connected peers are subscribed to.
    public var knownTopicCount: Int { self.topics.count }

    /// How many messages wait to be verified or validated.
    public var pendingMessageCount: Int { self.pending.count }

    /// Returns the name of a message in its topic.
    public func messageID(_ message: Message) -> MessageID {
        let function = self.topics.number(of: message.topic).flatMap {
            self.topics[$0].configuration?.messageID
        }
        return (function ?? .go).id(of: message)
    }

    private func ids(_ topic: Topic, _ set: (borrowing TopicState) -> NumberSet) -> [PeerID] {
        guard let number = self.topics.number(of: topic) else { return [] }
        return set(self.topics[number]).map { self.peers[$0].id }
    }
}
