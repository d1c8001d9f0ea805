import LibP2PCore

// MARK: - IHAVE, IWANT and IDONTWANT
extension GossipSubRouter {
    mutating func controlReceived(_ rpc: RPC, from peer: Int, now: Instant, into outputs: inout [Output]) {
        guard self.peers[peer].connection.protocolID.hasMesh else { return }
        if let extensions = rpc.extensions { self.extensionsReceived(extensions, from: peer) }
        if !rpc.ihave.isEmpty { self.ihaveReceived(rpc.ihave, from: peer, now: now) }
        if !rpc.iwant.isEmpty { self.iwantReceived(rpc.iwant, from: peer) }
        self.graftsReceived(rpc.graft, from: peer, now: now, into: &outputs)
        self.prunesReceived(rpc.prune, from: peer, now: now, into: &outputs)
        if !rpc.idontwant.isEmpty { self.idontwantReceived(rpc.idontwant, from: peer) }
    }

    private mutating func ihaveReceived(_ ihave: [RPC.IHave], from peer: Int, now: Instant) {
        guard self.score(of: peer) >= self.parameters.thresholds.gossip else { return }
        self.peers[peer].ihaveRPCs += 1
        guard self.peers[peer].ihaveRPCs <= self.parameters.maxIHaveMessages,
            self.peers[peer].asked < self.parameters.maxIHaveLength
        else { return }
        var wanted: [MessageID] = []
        var known: Set<MessageID> = []
        let ihave = ihave.span
        for index in ihave.indices {
            guard let topic = self.topics.number(of: ihave[index].topic), self.topics[topic].isJoined,
                self.topics[topic].allows(self.peers[peer].id)
            else { continue }
            let before = wanted.count
            let ids = ihave[index].ids.span
            self.topics[topic].counters.ihaveReceived += UInt64(ids.count)
            for place in 0..<Swift.min(ids.count, self.parameters.maxIHaveLength)
            where !self.seen.contains(ids[place]) {
                let id = ids[place]
                guard self.verifying[id] == nil, known.insert(id).inserted else { continue }
                // What we wrote in an earlier run we need not be told.
                let function = self.topics[topic].configuration?.messageID ?? .go
                guard !function.isID(id, ofMessageBy: self.localPeer) else { continue }
                wanted.append(id)
            }
            self.topics[topic].counters.iwantSent += UInt64(wanted.count - before)
        }
        guard !wanted.isEmpty else { return }
        let count = min(wanted.count, self.parameters.maxIHaveLength - self.peers[peer].asked)
        self.prng.shuffle(&wanted, prefix: count)
        wanted.removeSubrange(count...)
        self.peers[peer].asked += count
        // One of them, at random, is what the peer is held to; which one it cannot tell.
        let promise = wanted[self.prng.below(count)]
        if self.promised[promise, default: NumberSet()].insert(peer) {
            self.promiseQueue.append((promise, peer, now + self.parameters.iwantFollowupTime))
        }
        self.outboxes.edit(.control, peer) { $0.iwant += wanted }
    }

    private mutating func iwantReceived(_ ids: [MessageID], from peer: Int) {
        guard self.score(of: peer) >= self.parameters.thresholds.gossip else { return }
        let requester = self.peers[peer].id
        var served: Set<MessageID> = []
        for id in ids where served.insert(id).inserted {
            guard let (message, topic) = self.cache.message(id), self.topics.contains(topic),
                self.topics[topic].allows(requester), self.peers[peer].unwanted[id] == nil,
                self.cache.countRequest(id, by: peer) <= self.parameters.gossipRetransmission
            else { continue }
            self.outboxes.edit(.forwarded, peer) { $0.messages.append(message) }
            self.topics[topic].counters.iwantServed += 1
            self.topics[topic].counters.sent += 1
        }
    }

    private mutating func idontwantReceived(_ ids: [MessageID], from peer: Int) {
        self.peers[peer].idontwantRPCs += 1
        guard self.peers[peer].idontwantRPCs <= self.parameters.maxIDontWantMessages else { return }
        for id in ids.prefix(self.parameters.maxIDontWantLength)
        where self.peers[peer].unwanted.count < self.parameters.unwantedCountMax
            || self.peers[peer].unwanted[id] != nil
        {
            self.peers[peer].unwanted[id] = self.parameters.idontwantTTLHeartbeats
        }
    }

    /// Tells the mesh that a large message is here: once its signature is good, since a forged copy must not
    /// keep the true one out, and before the application is asked, because every moment counts.
    mutating func sendIDontWant(_ id: MessageID, in topic: Int, besides senders: NumberSet) {
        // More ids than this in one RPC are not honoured.
        let countMax = self.parameters.maxIDontWantLength
        for peer in self.topics[topic].mesh
        where !senders.contains(peer) && self.peers[peer].connection.protocolID.hasIDontWant {
            var isSent = false
            self.outboxes.edit(.control, peer) { rpc in
                guard rpc.idontwant.count < countMax else { return }
                rpc.idontwant.append(id)
                isSent = true
            }
            if isSent { self.topics[topic].counters.idontwantSent += 1 }
        }
    }

    /// Takes note of what a peer has besides gossipsub (v1.3, "Extensions Control Message"): in the first RPC
    /// of its stream, and once.
    private mutating func extensionsReceived(_ extensions: RPC.Extensions, from peer: Int) {
        guard self.peers[peer].connection.protocolID.hasExtensions else { return }
        guard self.peers[peer].isFirstRPC, self.peers[peer].extensions == nil else {
            self.scores?.penalise(peer, Self.lateExtensionsPenalty)
            return
        }
        self.peers[peer].extensions = extensions
        // Both have the test extension: each says so once more.
        if extensions.hasTestExtension, self.parameters.hasTestExtension {
            self.outboxes.edit(.control, peer) { $0.isExtensionTest = true }
        }
    }

    /// What go-libp2p-pubsub adds to the behaviour penalty.
    private static let lateExtensionsPenalty = 10.0
}
