import LibP2PCore

// MARK: - Decay
extension PeerScore {
    /// When scores decay next; nil before the first peer came.
    var nextDecay: Instant? { self.schedule.next }

    /// Decays as often as an interval passed since the last time; nothing when none has.
    mutating func decayIfDue(now: Instant) {
        let count = self.schedule.take(now: now)
        if count > 0 { self.decay(count: count, now: now) }
    }

    /// Multiplies every counter of connected peers with its decay, takes stock of the time in meshes, and
    /// forgets peers and messages whose time is up (go-libp2p-pubsub, `refreshScores`).
    mutating func decay(now: Instant) {
        self.decay(count: 1, now: now)
    }

    private mutating func decay(count: Int, now: Instant) {
        for (_, statistics) in self.departed.expire(now: now) {
            self.replace(statistics.addresses, by: [])
        }
        let decay = CounterDecay(count: count, decayToZero: self.parameters.decayToZero)
        let topics = self.topics
        for index in self.peers.indices {
            guard !self.peers[index].statistics.isBlank else { continue }
            self.peers[index].statistics.decay(
                decay, topics, behaviourDecay: self.parameters.behaviourPenaltyDecay, now: now)
            self.refresh(index)
        }
        self.records.expire(now: now)
        self.former.expire(now: now)
    }
}

extension PeerScore.Statistics {
    /// Whether there is nothing that could decay.
    fileprivate var isBlank: Bool { self.topics.isEmpty && self.behaviourPenalty == 0 }

    fileprivate mutating func decay(
        _ decay: CounterDecay, _ scored: [PeerScore.ScoredTopic], behaviourDecay: Double, now: Instant
    ) {
        var hasBlank = false
        for index in self.topics.indices {
            guard let rules = scored[self.topics[index].topic].rules else { continue }
            self.topics[index].decay(rules, decay, now: now)
            if self.topics[index].isBlank { hasBlank = true }
        }
        // What says nothing is not kept: topics come and go.
        if hasBlank { self.topics.removeAll { $0.isBlank } }
        decay.apply(behaviourDecay, to: &self.behaviourPenalty)
    }
}
