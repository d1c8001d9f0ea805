import LibP2PCore

// MARK: - The heartbeat, in go-libp2p-pubsub's order
extension GossipSubRouter {
    /// Backoffs that have ended are forgotten every so many heartbeats.
    private static let backoffSweepHeartbeats = 15

    mutating func heartbeat(now: Instant, into outputs: inout [Output]) {
        self.heartbeatCount += 1
        self.seen.expire(now: now)
        self.scores?.decayIfDue(now: now)
        self.gater?.decayIfDue(now: now)
        if self.heartbeatCount % Self.backoffSweepHeartbeats == 0 { self.sweepBackoffs(now: now) }
        self.resetControlCounters()
        self.countBrokenPromises(now: now)
        self.dialDirectPeers(now: now, into: &outputs)
        for topic in self.topics.order where self.topics[topic].isJoined {
            self.adaptDegree(topic)
            self.maintainMesh(topic, now: now, into: &outputs)
            self.emitGossip(topic, besides: self.topics[topic].mesh)
        }
        for topic in self.topics.order {
            guard let last = self.topics[topic].fanoutLastPublished else { continue }
            self.maintainFanout(topic, lastPublished: last, now: now)
        }
        for peer in self.peers.order where self.peers[peer].hasRetries {
            // The flush adds what is still true of it.
            self.outboxes.edit(.control, peer) { _ in }
        }
        self.cache.shift()
        self.dropUnsentThatExpired()
    }

    private mutating func resetControlCounters() {
        for peer in self.peers.order {
            self.peers[peer].resetControlCounters()
        }
    }

    private mutating func countBrokenPromises(now: Instant) {
        let due = self.promiseQueue.prefix { $0.expires <= now }
        for promise in due {
            guard self.promised[promise.id]?.remove(promise.peer) == true else { continue }
            if self.promised[promise.id]?.isEmpty == true { self.promised[promise.id] = nil }
            guard self.peers.contains(promise.peer) else { continue }
            self.peers[promise.peer].brokenPromises += 1
            self.scores?.penalise(promise.peer, 1)
        }
        self.promiseQueue.removeFirst(due.count)
    }

    private mutating func maintainMesh(_ topic: Int, now: Instant, into outputs: inout [Output]) {
        let d = self.degrees(of: topic)
        for peer in self.topics[topic].mesh where self.score(of: peer) < 0 {
            self.prune(peer, from: topic, .negativeScore, now: now, into: &outputs)
        }
        if self.topics[topic].mesh.count < d.degreeLow {
            var candidates = self.graftCandidates(topic, now: now)
            let missing = d.degree - self.topics[topic].mesh.count
            self.prng.shuffle(&candidates, prefix: missing)
            for peer in candidates.prefix(missing) {
                self.graft(peer, into: topic, .belowLow, now: now, into: &outputs)
            }
        }
        if self.topics[topic].mesh.count >= d.degreeHigh, self.topics[topic].mesh.count > d.degree {
            for peer in self.surplus(topic, d) {
                self.prune(peer, from: topic, .full, now: now, into: &outputs)
            }
        }
        let outbound = self.topics[topic].mesh.count { self.isOutbound($0) }
        if self.topics[topic].mesh.count >= d.degreeLow, outbound < d.degreeOut {
            var candidates = self.graftCandidates(topic, now: now).filter { self.isOutbound($0) }
            let missing = d.degreeOut - outbound
            self.prng.shuffle(&candidates, prefix: missing)
            for peer in candidates.prefix(missing) {
                self.graft(peer, into: topic, .outboundQuota, now: now, into: &outputs)
            }
        }
        self.graftOpportunistically(topic, now: now, into: &outputs)
    }

    /// Replaces a mesh of bad peers little by little (v1.1, "Opportunistic Grafting").
    private mutating func graftOpportunistically(
        _ topic: Int, now: Instant, into outputs: inout [Output]
    ) {
        let ticks = self.parameters.opportunisticGraftTicks
        guard ticks > 0, self.heartbeatCount % ticks == 0, self.topics[topic].mesh.count > 1 else { return }
        let scores = self.topics[topic].mesh.map { self.score(of: $0) }.sorted()
        let median = scores[scores.count / 2]
        guard median < self.parameters.thresholds.opportunisticGraft else { return }
        var candidates = self.graftCandidates(topic, now: now).filter { self.score(of: $0) > median }
        let count = self.parameters.opportunisticGraftPeers
        self.prng.shuffle(&candidates, prefix: count)
        for peer in candidates.prefix(count) {
            self.graft(peer, into: topic, .opportunistic, now: now, into: &outputs)
        }
    }

    /// Whether a peer asked for its place in an adaptive mesh so few heartbeats ago that it keeps it. It may
    /// have lost another just now, and each place that is taken from it costs it a backoff.
    private func isNew(_ peer: Int, in topic: Int) -> Bool {
        guard let heartbeat = self.topics[topic].admissions[peer] else { return false }
        return self.heartbeatCount - heartbeat <= Self.admissionHeartbeats
    }

    /// So long is what the mesh observes of a peer worth something: three steps of adaptation.
    private static let admissionHeartbeats = 10

    func isOutbound(_ peer: Int) -> Bool {
        self.peers[peer].connection.direction == .outbound
    }

    /// The mesh peers that are too many: the best and enough of those that we dialled stay, the rest is
    /// chance. Below the full D_high, where only adaptation finds the mesh too large, one goes at a time, and
    /// nobody who asked for the place of late, so that those who lose a place find others in peace.
    private mutating func surplus(_ topic: Int, _ d: MeshDegrees) -> [Int] {
        var peers = self.topics[topic].mesh.elements
        let fullHigh = self.topics[topic].configuration?.degrees?.degreeHigh ?? self.parameters.degreeHigh
        let isAdapted = peers.count < fullHigh
        let target = isAdapted ? max(d.degree, peers.count - 1) : d.degree
        self.prng.shuffle(&peers)
        let scores = peers.map { self.score(of: $0) }
        let ranked = peers.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.map { peers[$0] }
        var rest = Array(ranked.dropFirst(d.degreeScore))
        self.prng.shuffle(&rest)
        if isAdapted {
            rest = rest.filter { self.isNew($0, in: topic) } + rest.filter { !self.isNew($0, in: topic) }
            if let last = rest.last, self.isNew(last, in: topic) { return [] }
        }
        var kept = Array((ranked.prefix(d.degreeScore) + rest).prefix(target))
        var dropped = Array((ranked.prefix(d.degreeScore) + rest).dropFirst(target))
        var missing = d.degreeOut - kept.count { self.isOutbound($0) }
        // Outbound peers from the surplus take the places of inbound ones, the last chosen first.
        for index in dropped.indices where missing > 0 && self.isOutbound(dropped[index]) {
            let place =
                kept.lastIndex { !self.isOutbound($0) && !(isAdapted && self.isNew($0, in: topic)) }
                ?? kept.lastIndex { !self.isOutbound($0) }
            guard let place else { break }
            let inbound = kept[place]
            kept[place] = dropped[index]
            dropped[index] = inbound
            missing -= 1
        }
        return dropped
    }

    private mutating func maintainFanout(_ topic: Int, lastPublished: Instant, now: Instant) {
        guard lastPublished + self.parameters.fanoutTTL > now else {
            self.topics[topic].fanout.removeAll()
            self.topics[topic].fanoutLastPublished = nil
            self.forgetIfIdle(topic)
            return
        }
        for peer in self.topics[topic].fanout where !self.mayPublish(to: peer) {
            self.topics[topic].fanout.remove(peer)
        }
        self.fillFanout(topic)
        self.emitGossip(topic, besides: self.topics[topic].fanout)
    }

    /// Own messages that are no longer in the cache can no longer be handed to anybody.
    private mutating func dropUnsentThatExpired() {
        for topic in self.topics.order where !self.topics[topic].unsent.isEmpty {
            let kept = self.topics[topic].unsent.filter { self.cache.message($0) != nil }
            self.topics[topic].unsent = kept
        }
    }

    /// Advertises recent messages to some of the subscribers that don't get them pushed (v1.1, "Adaptive
    /// gossip"), to those first who were not told for longest.
    private mutating func emitGossip(_ topic: Int, besides excluded: NumberSet) {
        var ids = self.withoutHeld(self.cache.gossipIDs(topic: topic))
        guard !ids.isEmpty, self.parameters.maxIHaveLength > 0 else { return }
        self.prng.shuffle(&ids)
        let candidates = self.topics[topic].subscribers.filter {
            !excluded.contains($0) && self.peers[$0].connection.protocolID.hasMesh
                && !self.peers[$0].isDirect && self.score(of: $0) >= self.parameters.thresholds.gossip
        }
        let share = Int(self.parameters.gossipFactor * Double(candidates.count))
        let target = min(max(self.parameters.degreeLazy, share), candidates.count)
        let told = self.topics[topic].gossipTurns.take(
            target, of: candidates, at: self.heartbeatCount, using: &self.prng)
        for peer in told { self.advertise(ids, in: topic, to: peer) }
    }

    /// Advertises what may have passed by a peer that enters the mesh now: gossip goes to others from now on,
    /// and what came before its GRAFT is not forwarded to it. All that is still gossiped is named, since
    /// chance may have left the peer out until now.
    mutating func advertiseMissed(_ topic: Int, to peer: Int) {
        let ids = self.withoutHeld(self.cache.gossipIDs(topic: topic))
        guard !ids.isEmpty, self.parameters.maxIHaveLength > 0 else { return }
        self.advertise(ids, in: topic, to: peer)
    }

    /// Own messages that wait for bandwidth are not advertised: asked for, they would go past those before
    /// them.
    private func withoutHeld(_ ids: [MessageID]) -> [MessageID] {
        self.shaper.isOn ? ids.filter { !self.shaper.holds($0) } : ids
    }

    private mutating func advertise(_ ids: [MessageID], in topic: Int, to peer: Int) {
        var chosen = ids
        if ids.count > self.parameters.maxIHaveLength {
            // Each peer gets another part, so that together they can have all.
            self.prng.shuffle(&chosen, prefix: self.parameters.maxIHaveLength)
            chosen.removeSubrange(self.parameters.maxIHaveLength...)
        }
        let name = self.topics[topic].topic
        self.topics[topic].counters.ihaveSent += UInt64(chosen.count)
        self.outboxes.edit(.forwarded, peer) { $0.ihave.append(.init(name, ids: chosen)) }
    }
}
