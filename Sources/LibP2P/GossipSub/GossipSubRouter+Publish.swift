import LibP2PCore

// MARK: - Own messages, and passing on others'
extension GossipSubRouter {
    mutating func publish(_ message: Message, isUrgent: Bool, now: Instant, into outputs: inout [Output]) {
        let topic = self.intern(message.topic)
        let id = self.id(of: message, topic)
        defer { self.forgetIfIdle(topic) }
        let sizeMax = self.topics[topic].configuration?.maxMessageSize ?? self.parameters.maxRPCSize
        guard message.encodedSizeInRPC <= min(sizeMax, self.parameters.maxRPCSize) else {
            outputs.append(.publicationRefused(id, message.topic, .tooLarge))
            return
        }
        self.seen.expire(now: now)
        guard self.seen.insert(id, now: now) else {
            outputs.append(.publicationRefused(id, message.topic, .duplicate))
            return
        }
        self.cache.put(message, id, topic: topic)
        self.topics[topic].counters.published += 1
        self.topics[topic].counters.bytesPublished += UInt64(message.data?.count ?? 0)
        self.topics[topic].counters.lastActivity = now
        self.trace(.publishMessage(id, message.topic), into: &outputs)
        let receivers = self.ownReceivers(topic, now: now)
            .filter { self.peers[$0].unwanted[id] == nil && self.peers[$0].id.bytes != message.from }
        if (message.data?.count ?? 0) >= self.parameters.idontwantThreshold {
            // It goes ahead of the message, to those who may have it from others before ours has arrived.
            self.sendIDontWant(id, in: topic, besides: NumberSet())
        }
        let priority: SendPriority = isUrgent && self.parameters.prioritises ? .urgent : .own
        for peer in receivers { self.outboxes.edit(priority, peer) { $0.messages.append(message) } }
        self.topics[topic].counters.sent += UInt64(receivers.count)
        if receivers.isEmpty, self.parameters.holdsUnsentPublications,
            self.topics[topic].unsent.count < Self.unsentCountMax
        {
            self.topics[topic].unsent.append(id)
        }
        outputs.append(.published(id, message.topic, to: receivers.map { self.peers[$0].id }))
    }

    /// Whom an own message goes to.
    private mutating func ownReceivers(_ topic: Int, now: Instant) -> [Int] {
        let subscribers = self.topics[topic].subscribers
        if self.parameters.floodPublish { return subscribers.filter { self.mayPublish(to: $0) } }
        var receivers = NumberSet(self.topics[topic].pushed.filter { self.mayPublish(to: $0) })
        if self.topics[topic].isJoined {
            let mesh = self.topics[topic].mesh
            for peer in mesh { receivers.insert(peer) }
            let degrees = self.degrees(of: topic)
            if self.parameters.smallMeshPublish, mesh.count < degrees.degreeLow {
                var others = subscribers.filter { !receivers.contains($0) && self.mayPublish(to: $0) }
                let room = Swift.max(0, degrees.degree - mesh.count)
                self.prng.shuffle(&others, prefix: room)
                for peer in others.prefix(room) { receivers.insert(peer) }
            }
        } else {
            self.fillFanout(topic)
            self.topics[topic].fanoutLastPublished = now
            for peer in self.topics[topic].fanout { receivers.insert(peer) }
        }
        return receivers.elements
    }

    /// Fills a topic's fanout up to D.
    mutating func fillFanout(_ topic: Int) {
        let missing = self.degrees(of: topic).degree - self.topics[topic].fanout.count
        guard missing > 0 else { return }
        var candidates = self.topics[topic].subscribers.filter {
            self.peers[$0].connection.protocolID.hasMesh && !self.topics[topic].fanout.contains($0)
                && !self.peers[$0].isDirect && self.mayPublish(to: $0)
        }
        self.prng.shuffle(&candidates, prefix: missing)
        for peer in candidates.prefix(missing) { self.topics[topic].fanout.insert(peer) }
    }

    /// Passes an accepted message on to the mesh, to direct peers and to floodsub peers.
    mutating func forward(_ item: PendingMessage, _ priority: SendPriority) {
        let (message, id, topic) = (item.message, item.id, item.topic)
        var receivers = self.topics[topic].mesh
        for peer in self.topics[topic].pushed where self.mayPublish(to: peer) { receivers.insert(peer) }
        for peer in receivers {
            guard !item.senders.contains(peer), self.peers[peer].unwanted[id] == nil,
                self.peers[peer].id.bytes != message.from
            else { continue }
            self.outboxes.edit(priority, peer) { $0.messages.append(message) }
            self.topics[topic].counters.sent += 1
        }
    }

    /// Whether a subscriber gets every message without being in the mesh.
    func isPushedTo(_ peer: Int) -> Bool {
        self.peers[peer].isDirect || !self.peers[peer].connection.protocolID.hasMesh
    }

    /// Takes note of a subscriber's other protocol or standing.
    mutating func updatePushed(_ peer: Int) {
        let isPushedTo = self.isPushedTo(peer)
        for topic in self.peers[peer].topics where self.topics[topic].subscribers.contains(peer) {
            if isPushedTo {
                self.topics[topic].pushed.insert(peer)
            } else {
                self.topics[topic].pushed.remove(peer)
            }
        }
    }

    func id(of message: Message, _ topic: Int) -> MessageID {
        guard let function = self.topics[topic].configuration?.messageID else { return message.defaultID }
        return function.id(of: message)
    }
}
