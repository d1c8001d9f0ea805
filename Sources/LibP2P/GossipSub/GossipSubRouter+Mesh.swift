import LibP2PCore

// MARK: - Mesh membership and backoff (gossipsub v1.1, "Prune backoff"; v1.0, "GRAFT" and "PRUNE")
extension GossipSubRouter {
    /// Backoffs travel as whole seconds, and the end that sends a PRUNE starts its clock first: a GRAFT that
    /// comes so much too early is in time by its sender's reckoning.
    private static let backoffRounding: Duration = .seconds(1)

    /// How long past its end a backoff still keeps us from grafting: clocks and messages take their time.
    var backoffSlack: Duration { self.parameters.heartbeatInterval * 2 }

    /// Whether we may ask a peer for a place in its mesh.
    func canGraft(_ peer: Int, into topic: Int, now: Instant) -> Bool {
        guard self.graftPolicy == .active, self.topics[topic].isJoined,
            self.topics[topic].subscribers.contains(peer), !self.topics[topic].mesh.contains(peer),
            self.peers[peer].connection.protocolID.hasMesh, !self.peers[peer].isDirect,
            self.score(of: peer) >= 0
        else { return false }
        // One rule for backoffs of our own, of peers and of earlier runs, on every path that grafts.
        guard let expires = self.topics[topic].backoffs[self.peers[peer].id] else { return true }
        return expires + self.backoffSlack <= now
    }

    /// The subscribers that we may ask for a place in their meshes.
    func graftCandidates(_ topic: Int, now: Instant) -> [Int] {
        guard self.graftPolicy == .active else { return [] }
        return self.topics[topic].subscribers.filter { self.canGraft($0, into: topic, now: now) }
    }

    /// Puts a peer into the mesh and tells it.
    mutating func graft(
        _ peer: Int, into topic: Int, _ reason: GraftReason, now: Instant, into outputs: inout [Output]
    ) {
        self.addToMesh(peer, topic, reason, now: now, into: &outputs)
        let name = self.topics[topic].topic
        self.peers[peer].retriedPrunes.remove(topic)
        self.outboxes.edit(.control, peer) { $0.graft.append(name) }
    }

    private mutating func addToMesh(
        _ peer: Int, _ topic: Int, _ reason: GraftReason, now: Instant, into outputs: inout [Output]
    ) {
        self.topics[topic].mesh.insert(peer)
        self.topics[topic].counters.grafts += 1
        self.topics[topic].counters.graftReasons.count(reason)
        self.scores?.grafted(peer, self.topics[topic].topic, now: now)
        self.advertiseMissed(topic, to: peer)
        self.trace(.graft(self.peers[peer].id, self.topics[topic].topic, reason), into: &outputs)
    }

    /// Takes a peer out of the mesh without a word to it; false when it was not there.
    @discardableResult
    mutating func removeFromMesh(
        _ peer: Int, _ topic: Int, _ reason: PruneReason, now: Instant, into outputs: inout [Output]
    ) -> Bool {
        guard self.topics[topic].mesh.remove(peer) else { return false }
        self.topics[topic].admissions[peer] = nil
        self.topics[topic].counters.prunes += 1
        self.topics[topic].counters.pruneReasons.count(reason)
        // Of one that leaves altogether the score is told apart.
        if reason != .disconnected { self.scores?.pruned(peer, self.topics[topic].topic, now: now) }
        self.trace(.prune(self.peers[peer].id, self.topics[topic].topic, reason), into: &outputs)
        return true
    }

    /// Takes a peer out of the mesh, tells it, and keeps away from it for as long as it is told to keep away
    /// from us.
    mutating func prune(
        _ peer: Int, from topic: Int, _ reason: PruneReason, now: Instant, into outputs: inout [Output]
    ) {
        self.removeFromMesh(peer, topic, reason, now: now, into: &outputs)
        self.sendPrune(to: peer, topic, reason, now: now)
    }

    /// Leaving has a shorter backoff than being sent away, and only those who did nothing wrong are told of
    /// others to turn to.
    private mutating func sendPrune(to peer: Int, _ topic: Int, _ reason: PruneReason, now: Instant) {
        let backoff =
            reason == .left ? self.parameters.unsubscribeBackoff : self.parameters.pruneBackoff
        self.addBackoff(self.peers[peer].id, topic, until: now + backoff)
        self.peers[peer].retriedGrafts.remove(topic)
        let name = self.topics[topic].topic
        guard self.peers[peer].connection.protocolID.hasBackoff else {
            return self.outboxes.edit(.control, peer) { $0.prune.append(.init(name, backoffSeconds: nil)) }
        }
        let offers = reason == .full || reason == .left ? self.peersToOffer(topic, to: peer) : []
        self.outboxes.edit(.control, peer) {
            $0.prune.append(.init(name, backoffSeconds: Self.seconds(backoff), peers: offers))
        }
    }

    mutating func graftsReceived(_ names: [Topic], from peer: Int, now: Instant, into outputs: inout [Output])
    {
        let id = self.peers[peer].id
        var handled: Set<Topic> = []
        for name in names where handled.insert(name).inserted {
            // An unknown topic gets no answer: neither a peer's guesses nor its floods are worth one.
            guard let topic = self.topics.number(of: name), self.topics[topic].isJoined,
                self.topics[topic].allows(id), self.peers[peer].connection.protocolID.hasMesh,
                !self.topics[topic].mesh.contains(peer)
            else { continue }
            if let reason = self.refusal(ofGraftBy: peer, topic, now: now) {
                self.topics[topic].counters.refusals.count(reason)
                self.sendPrune(to: peer, topic, reason, now: now)
            } else {
                self.addToMesh(peer, topic, .requested, now: now, into: &outputs)
                if self.parameters.adaptsDegree {
                    self.topics[topic].admissions[peer] = self.heartbeatCount
                }
            }
        }
    }

    /// Why a peer may not enter the mesh; nil when it may. Asking too early is punished.
    private mutating func refusal(ofGraftBy peer: Int, _ topic: Int, now: Instant) -> PruneReason? {
        if self.peers[peer].isDirect { return .direct }
        let id = self.peers[peer].id
        // What made an earlier run refuse is over: its mesh is gone, and a peer need not remember it.
        if let expires = self.topics[topic].backoffs[id], now < expires - Self.backoffRounding,
            !self.topics[topic].restoredBackoffs.contains(id)
        {
            self.scores?.penalise(peer, 1)
            // So soon after the PRUNE it cannot be a mistake about the time.
            let pruned = expires - self.parameters.pruneBackoff
            if now < pruned + self.parameters.graftFloodThreshold { self.scores?.penalise(peer, 1) }
            return .backoff
        }
        if self.score(of: peer) < 0 { return .negativeScore }
        let degrees = self.degrees(of: topic)
        // The base value: adaptation sends peers away, one at a time, and refuses nobody.
        let high = self.topics[topic].configuration?.degrees?.degreeHigh ?? self.parameters.degreeHigh
        guard self.topics[topic].mesh.count >= max(high, degrees.degreeHigh),
            !self.isOutbound(peer) || high == 0
        else { return nil }
        return .full
    }

    mutating func prunesReceived(
        _ prunes: [RPC.Prune], from peer: Int, now: Instant, into outputs: inout [Output]
    ) {
        let id = self.peers[peer].id
        for prune in prunes {
            guard let topic = self.topics.number(of: prune.topic), self.topics[topic].isJoined,
                self.topics[topic].allows(id)
            else { continue }
            self.removeFromMesh(peer, topic, .requested, now: now, into: &outputs)
            self.peers[peer].retriedGrafts.remove(topic)
            self.addBackoff(id, topic, until: now + self.duration(ofBackoff: prune.backoffSeconds))
            self.takeOffers(prune.peers, from: peer, topic, into: &outputs)
        }
    }

    /// What a peer's number of seconds comes to: the default for none, never more than the cap.
    private func duration(ofBackoff seconds: UInt64?) -> Duration {
        guard let seconds, seconds > 0 else { return self.parameters.pruneBackoff }
        let cap = self.parameters.backoffMax
        guard seconds <= UInt64(Self.seconds(cap)) else { return cap }
        return min(.seconds(Int64(seconds)), cap)
    }

    /// Takes up the backoffs of an earlier run that have not ended.
    mutating func restore(_ backoffs: [Backoff], now: Instant) {
        for backoff in backoffs where backoff.expires > now {
            let topic = self.intern(backoff.topic)
            let isNew = self.topics[topic].backoffs[backoff.peer] == nil
            self.addBackoff(backoff.peer, topic, until: backoff.expires)
            if isNew { self.topics[topic].restoredBackoffs.insert(backoff.peer) }
        }
    }

    /// Remembers a backoff; one that ends later stays.
    mutating func addBackoff(_ peer: PeerID, _ topic: Int, until expires: Instant) {
        self.topics[topic].restoredBackoffs.remove(peer)
        if let known = self.topics[topic].backoffs[peer] {
            self.topics[topic].backoffs[peer] = max(known, expires)
            return
        }
        if self.topics[topic].backoffs.count >= self.parameters.backoffCountMax {
            // The order of the dictionary does not matter: the least of (end, peer) is the same in any order.
            let first = self.topics[topic].backoffs.min { ($0.value, $0.key) < ($1.value, $1.key) }
            if let first {
                self.topics[topic].backoffs[first.key] = nil
                self.topics[topic].restoredBackoffs.remove(first.key)
            }
        }
        self.topics[topic].backoffs[peer] = expires
    }

    /// Forgets backoffs that have ended, and the topics that only they kept.
    mutating func sweepBackoffs(now: Instant) {
        for topic in self.topics.order where !self.topics[topic].backoffs.isEmpty {
            let slack = self.backoffSlack
            self.topics[topic].backoffs = self.topics[topic].backoffs.filter { $0.value + slack > now }
            let kept = self.topics[topic].backoffs
            self.topics[topic].restoredBackoffs = self.topics[topic].restoredBackoffs.filter {
                kept[$0] != nil
            }
            self.forgetIfIdle(topic)
        }
    }

    /// Whole seconds, rounded up.
    private static func seconds(_ duration: Duration) -> UInt64 {
        UInt64(
            max(
                0,
                (duration.saturatedNanoseconds.addingReportingOverflow(999_999_999).partialValue)
                    / 1_000_000_000))
    }
}
