import LibP2PCore

// MARK: - Who is subscribed, and who counts as a subscriber
extension GossipSubRouter {
    /// How many own messages wait for a topic's first subscriber.
    static let unsentCountMax = 64

    mutating func subscriptionsReceived(
        _ subscriptions: [RPC.Subscription], from peer: Int, now: Instant, into outputs: inout [Output]
    ) {
        // Of several announcements of one topic in an RPC only the last counts.
        var last: [Topic: Int] = [:]
        for (index, subscription) in subscriptions.enumerated() { last[subscription.topic] = index }
        for (index, subscription) in subscriptions.enumerated() where last[subscription.topic] == index {
            if subscription.isSubscribed {
                self.addAnnouncer(peer, of: subscription.topic, now: now, into: &outputs)
            } else if let topic = self.topics.number(of: subscription.topic) {
                self.removeAnnouncer(peer, from: topic, .unsubscribed, now: now, into: &outputs)
                self.forgetIfIdle(topic)
            }
        }
    }

    private mutating func addAnnouncer(
        _ peer: Int, of name: Topic, now: Instant, into outputs: inout [Output]
    ) {
        if let known = self.topics.number(of: name), self.peers[peer].topics.contains(known) { return }
        let size = name.bytes.count
        guard size > 0, size <= Topic.maxSize, self.takesNote(of: name),
            self.peers[peer].topics.count < self.parameters.topicsPerPeerMax,
            self.peers[peer].topicBytes + size <= self.parameters.topicBytesPerPeerMax
        else { return }
        let topic = self.intern(name)
        self.peers[peer].topics.insert(topic)
        self.peers[peer].topicBytes += size
        self.topics[topic].announcers.insert(peer)
        if self.topics[topic].allows(self.peers[peer].id) {
            self.addSubscriber(peer, to: topic, now: now, into: &outputs)
        }
    }

    /// Forgets that a peer is subscribed.
    mutating func removeAnnouncer(
        _ peer: Int, from topic: Int, _ reason: PruneReason, now: Instant, into outputs: inout [Output]
    ) {
        guard self.peers[peer].topics.remove(topic) else { return }
        self.peers[peer].topicBytes -= self.topics[topic].topic.bytes.count
        self.topics[topic].announcers.remove(peer)
        self.removeSubscriber(peer, from: topic, into: &outputs)
        // It left of its own accord, so there is nothing to tell it.
        self.removeFromMesh(peer, topic, reason, now: now, into: &outputs)
    }

    private func takesNote(of name: Topic) -> Bool {
        self.subscriptionFilter.allows(name)
            || self.topics.number(of: name).map { self.topics[$0].isOurs } ?? false
    }

    private mutating func addSubscriber(
        _ peer: Int, to topic: Int, now: Instant, into outputs: inout [Output]
    ) {
        guard self.topics[topic].subscribers.insert(peer) else { return }
        self.topics[topic].gossipTurns.enter(peer, at: self.heartbeatCount)
        if self.isPushedTo(peer) { self.topics[topic].pushed.insert(peer) }
        let id = self.peers[peer].id
        if self.topics[topic].isOurs {
            outputs.append(.subscriberChanged(id, self.topics[topic].topic, isSubscribed: true))
        }
        if self.parameters.graftsOnSubscribe,
            self.topics[topic].mesh.count < self.degrees(of: topic).degreeLow,
            self.canGraft(peer, into: topic, now: now)
        {
            self.graft(peer, into: topic, .subscribed, now: now, into: &outputs)
        }
        self.sendUnsent(topic, to: peer, now: now, into: &outputs)
    }

    private mutating func removeSubscriber(_ peer: Int, from topic: Int, into outputs: inout [Output]) {
        self.topics[topic].fanout.remove(peer)
        self.topics[topic].pushed.remove(peer)
        guard self.topics[topic].subscribers.remove(peer), self.topics[topic].isOurs else { return }
        outputs.append(.subscriberChanged(self.peers[peer].id, self.topics[topic].topic, isSubscribed: false))
    }

    /// Hands own messages that found nobody to the first subscriber.
    private mutating func sendUnsent(_ topic: Int, to peer: Int, now: Instant, into outputs: inout [Output]) {
        let ids = self.topics[topic].unsent
        guard !ids.isEmpty else { return }
        self.topics[topic].unsent = []
        for id in ids {
            guard let message = self.cache.message(id)?.message, message.from != self.peers[peer].id.bytes
            else { continue }
            self.outboxes.edit(.own, peer) { $0.messages.append(message) }
            self.topics[topic].counters.sent += 1
            outputs.append(.published(id, message.topic, to: [self.peers[peer].id]))
        }
    }

    mutating func join(_ name: Topic, now: Instant, into outputs: inout [Output]) {
        let topic = self.intern(name)
        guard !self.topics[topic].isJoined else { return }
        self.topics[topic].isJoined = true
        self.trace(.join(name), into: &outputs)
        for peer in self.peers.order where self.topics[topic].allows(self.peers[peer].id) {
            self.announce(topic, to: peer)
        }
        // Those that we published to come first, then as many more as D has room for.
        var candidates = self.topics[topic].fanout.filter { self.canGraft($0, into: topic, now: now) }
        self.topics[topic].fanout.removeAll()
        self.topics[topic].fanoutLastPublished = nil
        var others = self.graftCandidates(topic, now: now).filter { !candidates.contains($0) }
        let degree = self.degrees(of: topic).degree
        self.prng.shuffle(&others, prefix: degree)
        candidates += others
        for peer in candidates.prefix(degree) {
            self.graft(peer, into: topic, .joined, now: now, into: &outputs)
        }
    }

    mutating func leave(_ name: Topic, now: Instant, into outputs: inout [Output]) {
        guard let topic = self.topics.number(of: name), self.topics[topic].isJoined else { return }
        for peer in self.topics[topic].mesh {
            self.prune(peer, from: topic, .left, now: now, into: &outputs)
        }
        self.topics[topic].isJoined = false
        self.topics[topic].unsent = []
        for peer in self.peers.order { self.withdraw(topic, from: peer) }
        self.trace(.leave(name), into: &outputs)
        self.forgetIfIdle(topic)
    }

    /// Changes who counts as a subscriber: those who no longer do are pruned and told that we left, those who
    /// now do are told that we are there.
    mutating func setAllowedPeers(
        _ allowed: Set<PeerID>?, in name: Topic, now: Instant, into outputs: inout [Output]
    ) {
        let topic = self.intern(name)
        let before = self.topics[topic].allowed
        self.topics[topic].allowed = allowed
        for peer in self.peers.order {
            let id = self.peers[peer].id
            let was = before?.contains(id) ?? true
            let isNow = allowed?.contains(id) ?? true
            if was, !isNow {
                if self.topics[topic].mesh.contains(peer) {
                    self.prune(peer, from: topic, .notAllowed, now: now, into: &outputs)
                }
                self.removeSubscriber(peer, from: topic, into: &outputs)
                self.withdraw(topic, from: peer)
            } else if isNow, !was {
                if self.topics[topic].isJoined { self.announce(topic, to: peer) }
                if self.topics[topic].announcers.contains(peer) {
                    self.addSubscriber(peer, to: topic, now: now, into: &outputs)
                }
            }
        }
        self.forgetIfIdle(topic)
    }
}
