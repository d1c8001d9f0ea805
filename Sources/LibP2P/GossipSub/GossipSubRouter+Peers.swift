import LibP2PCore

// MARK: - Peers and topics coming and going
extension GossipSubRouter {
    mutating func peerConnected(
        _ id: PeerID, _ connection: PeerConnection, now: Instant, into outputs: inout [Output]
    ) {
        guard id != self.localPeer else { return }
        let number: Int
        if let known = self.peers.number(of: id) {
            // A new stream knows nothing of what the old one carried: what we told the peer is told again.
            number = known
            self.peers[number].connection = connection
            self.updatePushed(number)
            self.peers[number].announced.removeAll()
            self.peers[number].hasSentRPC = false
            self.peers[number].extensions = nil
        } else {
            number = self.peers.add(id, Peer(id: id, connection: connection))
            self.peers[number].isDirect = self.directPeers.contains(id)
            self.trace(.addPeer(id, connection.protocolID), into: &outputs)
        }
        self.scores?.connected(number, id: id, address: connection.address, now: now)
        self.gater?.connected(number, address: connection.address, now: now)
        if connection.protocolID.hasExtensions {
            let extensions = RPC.Extensions(hasTestExtension: self.parameters.hasTestExtension)
            self.outboxes.edit(.control, number) { $0.extensions = extensions }
        }
        for topic in self.topics.order where self.topics[topic].isJoined && self.topics[topic].allows(id) {
            self.announce(topic, to: number)
        }
    }

    mutating func peerDisconnected(_ id: PeerID, now: Instant, into outputs: inout [Output]) {
        guard let number = self.peers.number(of: id) else { return }
        for topic in self.peers[number].topics {
            self.removeAnnouncer(number, from: topic, .disconnected, now: now, into: &outputs)
        }
        // A peer can be in a mesh without having announced the topic.
        for topic in self.topics.order {
            self.removeFromMesh(number, topic, .disconnected, now: now, into: &outputs)
            self.topics[topic].fanout.remove(number)
            self.forgetIfIdle(topic)
        }
        self.scores?.disconnected(number, now: now)
        self.gater?.disconnected(number, now: now)
        self.shaper.forget(peer: number)
        self.peers.remove(id)
        self.trace(.removePeer(id), into: &outputs)
    }

    /// Tells a peer again what it was told, because it began anew; no new stream of ours tells it.
    mutating func peerBeganAgain(_ id: PeerID) {
        guard let number = self.peers.number(of: id) else { return }
        self.peers[number].announced.removeAll()
        self.peers[number].hasSentRPC = false
        self.peers[number].extensions = nil
        for topic in self.topics.order where self.topics[topic].isJoined && self.topics[topic].allows(id) {
            self.announce(topic, to: number)
        }
    }

    /// Returns the number of a topic, which it is given when it has none.
    mutating func intern(_ topic: Topic) -> Int {
        self.topics.number(of: topic) ?? self.topics.add(topic, TopicState(topic: topic))
    }

    /// Forgets a topic that nobody has to do with any more, so that peers cannot leave empty ones behind.
    mutating func forgetIfIdle(_ topic: Int) {
        guard self.topics.contains(topic), self.topics[topic].isIdle else { return }
        self.shaper.forget(topic: topic)
        self.topics.remove(self.topics[topic].topic)
    }

    /// Tells a peer that we are subscribed.
    mutating func announce(_ topic: Int, to peer: Int) {
        guard self.peers[peer].announced.insert(topic) else { return }
        let name = self.topics[topic].topic
        self.outboxes.edit(.control, peer) { $0.subscriptions.append(.init(name, isSubscribed: true)) }
    }

    /// Tells a peer that we are not, when it was told that we are.
    mutating func withdraw(_ topic: Int, from peer: Int) {
        guard self.peers[peer].announced.remove(topic) else { return }
        let name = self.topics[topic].topic
        self.outboxes.edit(.control, peer) { $0.subscriptions.append(.init(name, isSubscribed: false)) }
    }

    func trace(_ event: TraceEvent, into outputs: inout [Output]) {
        if self.isTracing { outputs.append(.trace(event)) }
    }
}
