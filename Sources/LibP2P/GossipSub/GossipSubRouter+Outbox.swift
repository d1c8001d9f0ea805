import LibP2PCore

// MARK: - What goes out at the end of an input
extension GossipSubRouter {
    /// Sends what was put together: one RPC a peer and priority, or as many as its size makes it.
    mutating func flush(now: Instant, into outputs: inout [Output]) {
        guard !self.outboxes.isEmpty else { return }
        for priority in SendPriority.allCases {
            var outbox = self.outboxes.take(priority)
            for index in 0..<outbox.count {
                var (peer, rpc) = outbox.take(index)
                guard self.peers.contains(peer) else { continue }
                if !self.isHeard(peer) { self.withhold(&rpc, from: peer) }
                if priority == .control, self.peers[peer].hasRetries {
                    self.piggyback(on: &rpc, to: peer, now: now)
                }
                if self.shaper.isOn, !rpc.messages.isEmpty {
                    self.holdBack(&rpc, priority, to: peer, now: now)
                }
                self.send(rpc, priority, to: peer, into: &outputs)
            }
        }
        self.outboxes.reset()
    }

    /// Leaves of an RPC what changes the peer's view of us: the input that is being handled made it too bad
    /// for anything else, after some of it was thought of.
    private mutating func withhold(_ rpc: inout RPC, from peer: Int) {
        if !rpc.iwant.isEmpty { self.forgivePromises(of: peer) }
        (rpc.messages, rpc.ihave, rpc.iwant, rpc.idontwant, rpc.graft) = ([], [], [], [], [])
    }

    /// Takes out of an RPC what a topic or the peer has no bandwidth for. What the peer asked for is charged
    /// and not held: it was promised, and whoever promises and does not deliver loses by it.
    private mutating func holdBack(_ rpc: inout RPC, _ priority: SendPriority, to peer: Int, now: Instant) {
        rpc.messages = rpc.messages.filter { message in
            guard let topic = self.topics.number(of: message.topic) else { return true }
            let held = Shaper.Held(
                message: message, id: self.id(of: message, topic), size: message.encodedSizeInRPC,
                topic: topic,
                priority: message.from == self.localPeer.bytes ? min(priority, .own) : priority)
            if self.cache.isRequested(held.id, by: peer) {
                self.shaper.pass(held, to: peer, now: now)
                return true
            }
            switch self.shaper.decide(held, to: peer, now: now) {
            case .send: return true
            case .hold:
                self.topics[topic].counters.delayed += 1
                return false
            case .drop:
                self.topics[topic].counters.queueDrops += 1
                return false
            }
        }
    }

    /// Sends what was held back and may go now, unless the peer got it elsewhere meanwhile.
    mutating func releaseHeld(now: Instant, into outputs: inout [Output]) {
        while let (peer, held) = self.shaper.next(now: now) {
            guard self.peers.contains(peer), self.peers[peer].unwanted[held.id] == nil else { continue }
            self.shaper.pass(held, to: peer, now: now)
            self.send(RPC(messages: [held.message]), held.priority, to: peer, into: &outputs)
        }
    }

    private func send(_ rpc: RPC, _ priority: SendPriority, to peer: Int, into outputs: inout [Output]) {
        guard rpc.encodedSize > self.parameters.maxRPCSize else {
            if !rpc.isEmpty { self.sendWhole(rpc, priority, to: peer, into: &outputs) }
            return
        }
        for fragment in rpc.fragments(maxSize: self.parameters.maxRPCSize).fragments {
            self.sendWhole(fragment, priority, to: peer, into: &outputs)
        }
    }

    private func sendWhole(
        _ rpc: RPC, _ priority: SendPriority, to peer: Int, into outputs: inout [Output]
    ) {
        outputs.append(.send(self.peers[peer].id, rpc, priority))
        if self.isTracing { self.trace(.sendRPC(self.peers[peer].id, RPCCounts(rpc)), into: &outputs) }
    }

    mutating func queueFull(_ id: PeerID, _ rpc: RPC, into outputs: inout [Output]) {
        guard let peer = self.peers.number(of: id) else { return }
        if self.isTracing { self.trace(.dropRPC(id, RPCCounts(rpc)), into: &outputs) }
        for message in rpc.messages {
            guard let topic = self.topics.number(of: message.topic) else { continue }
            self.topics[topic].counters.queueDrops += 1
        }
        // IHAVE, IWANT, IDONTWANT and messages are not worth a second try; what changes the peer's view of us
        // is.
        for topic in rpc.graft.compactMap({ self.topics.number(of: $0) }) {
            self.peers[peer].retriedGrafts.insert(topic)
        }
        for topic in rpc.prune.compactMap({ self.topics.number(of: $0.topic) }) {
            self.peers[peer].retriedPrunes.insert(topic)
        }
        for subscription in rpc.subscriptions {
            // A topic that we left may be forgotten by now, and still has to be withdrawn.
            self.peers[peer].retriedAnnouncements.insert(self.intern(subscription.topic))
        }
    }

    /// Adds what a full queue dropped, as far as it is still true.
    private mutating func piggyback(on rpc: inout RPC, to peer: Int, now: Instant) {
        let state = self.peers[peer]
        self.peers[peer].retriedGrafts.removeAll()
        self.peers[peer].retriedPrunes.removeAll()
        self.peers[peer].retriedAnnouncements.removeAll()
        for topic in state.retriedAnnouncements where self.topics.contains(topic) {
            let name = self.topics[topic].topic
            guard !rpc.subscriptions.contains(where: { $0.topic == name }) else { continue }
            rpc.subscriptions.append(.init(name, isSubscribed: state.announced.contains(topic)))
            self.forgetIfIdle(topic)
        }
        for topic in state.retriedGrafts where self.topics.contains(topic) {
            let name = self.topics[topic].topic
            if self.topics[topic].mesh.contains(peer), !rpc.graft.contains(name) { rpc.graft.append(name) }
        }
        for topic in state.retriedPrunes where self.topics.contains(topic) {
            let name = self.topics[topic].topic
            guard !self.topics[topic].mesh.contains(peer), !rpc.prune.contains(where: { $0.topic == name })
            else { continue }
            // It is told what is left of the time, which may be nothing.
            let left = self.topics[topic].backoffs[state.id].map { $0 - now } ?? .zero
            let seconds = UInt64(Swift.max(left.wholeMilliseconds / 1_000, 1))
            rpc.prune.append(
                .init(name, backoffSeconds: state.connection.protocolID.hasBackoff ? seconds : nil))
        }
    }
}
