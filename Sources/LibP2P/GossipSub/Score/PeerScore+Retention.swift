import LibP2PCore

// MARK: - From run to run
extension PeerScore {
    /// Returns what a later run has to know, by peer: everything that is held against peers that left, and
    /// against connected ones as if they left now.
    func retained(now: Instant) -> [RetainedScore] {
        var scores: [RetainedScore] = []
        for index in self.peers.indices {
            guard self.peers[index].score <= 0 else { continue }
            var statistics = self.peers[index].statistics
            self.leave(&statistics)
            scores.append(
                self.retained(statistics, of: self.peers[index].id, remaining: self.parameters.retainScore))
        }
        for id in self.departed.keys {
            guard let statistics = self.departed[id], let expires = self.departed.expiry(of: id),
                expires > now
            else { continue }
            scores.append(self.retained(statistics, of: id, remaining: expires - now))
        }
        return scores.filter { !$0.isBlank }.sorted { $0.peer < $1.peer }
    }

    private func retained(
        _ statistics: Statistics, of id: PeerID, remaining: Duration
    ) -> RetainedScore {
        var score = RetainedScore(peer: id, remaining: remaining)
        score.behaviourPenalty = statistics.behaviourPenalty
        for statistics in statistics.topics {
            var topic = RetainedScore.Topic(self.topics[statistics.topic].topic)
            // Deliveries count for nothing but in what is missing of them.
            if let rules = self.topics[statistics.topic].rules, statistics.deficit(rules) > 0 {
                topic.isHeldToMeshDeliveries = true
                topic.meshMessageDeliveries = statistics.meshDeliveries
            }
            topic.meshFailurePenalty = statistics.meshFailures
            topic.invalidMessageDeliveries = statistics.invalidDeliveries
            if !topic.isBlank { score.topics.append(topic) }
        }
        return score
    }

    /// Takes up what an earlier run knew. Peers that are connected, or that are remembered already, are left
    /// with the worse of each counter.
    mutating func restore(_ scores: [RetainedScore], now: Instant) {
        for score in scores {
            let remaining = min(score.remaining, self.parameters.retainScore)
            guard remaining > .zero else { continue }
            if self.place(of: score.peer) == nil {
                self.keep(Statistics(), of: score.peer, until: now + remaining)
            }
            let place = self.place(of: score.peer)
            self.change(place) {
                $0.behaviourPenalty = max($0.behaviourPenalty, Self.counter(score.behaviourPenalty))
            }
            for topic in score.topics where topic.topic.bytes.count <= Topic.maxSize {
                self.count(place, self.intern(topic.topic)) { statistics, _ in
                    let isOutside = !statistics.isInMesh && !statistics.isActive
                    if isOutside, topic.isHeldToMeshDeliveries {
                        statistics.isActive = true
                        statistics.meshDeliveries = Self.counter(topic.meshMessageDeliveries)
                    }
                    statistics.meshFailures = max(
                        statistics.meshFailures, Self.counter(topic.meshFailurePenalty))
                    statistics.invalidDeliveries = max(
                        statistics.invalidDeliveries, Self.counter(topic.invalidMessageDeliveries))
                }
            }
        }
    }

    /// Files can hold anything; a counter is a number and not negative.
    private static func counter(_ value: Double) -> Double {
        value.isFinite && value > 0 ? value : 0
    }
}
