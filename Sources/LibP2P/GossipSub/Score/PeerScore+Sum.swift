import LibP2PCore

// MARK: - The score and its parts
extension PeerScore {
    /// Returns the score of a connected peer, or of one that left and is remembered; 0 when it is unknown.
    @inline(__always)
    func score(of peer: Int) -> Double {
        if let index = self.peers.index(of: peer) { return self.peers[index].score }
        return self.score(at: self.place(of: peer))
    }

    /// Returns the score of a peer that is connected, or left and is remembered; 0 when it is unknown.
    func score(of id: PeerID) -> Double {
        self.score(at: self.place(of: id))
    }

    private func score(at place: Place?) -> Double {
        switch place {
        case .connected(let index): return self.peers[index].score
        case .departed(let id):
            guard let statistics = self.departed[id] else { return 0 }
            return self.score(
                statistics, self.applicationScore(of: id), self.colocationFactor(statistics.addresses))
        case nil: return 0
        }
    }

    /// Adds the score of a connected peer up again: something that it is made of changed.
    mutating func refresh(_ index: Int) {
        self.peers[index].score = self.score(
            self.peers[index].statistics, self.peers[index].applicationScore,
            self.peers[index].colocationFactor)
    }

    private func score(
        _ statistics: Statistics, _ applicationScore: Double, _ colocationFactor: Double
    ) -> Double {
        var topics = 0.0
        for topic in statistics.topics {
            guard let rules = self.topics[topic.topic].rules else { continue }
            topics += topic.score(rules)
        }
        return self.sum(topics: self.capped(topics), statistics, applicationScore, colocationFactor)
    }

    private func capped(_ topics: Double) -> Double {
        let cap = self.parameters.topicScoreCap
        return cap > 0 && topics > cap ? cap : topics
    }

    private func sum(
        topics: Double, _ statistics: Statistics, _ applicationScore: Double, _ colocationFactor: Double
    ) -> Double {
        var score = topics
        score += self.p5(applicationScore)
        score += self.p6(colocationFactor)
        score += self.p7(statistics)
        return score
    }

    private func p5(_ applicationScore: Double) -> Double {
        applicationScore * self.parameters.applicationWeight
    }

    /// Peers behind the same addresses.
    private func p6(_ factor: Double) -> Double {
        guard self.parameters.ipColocationFactorWeight != 0 else { return 0 }
        return factor * self.parameters.ipColocationFactorWeight
    }

    func colocationFactor(_ addresses: [IPKey]) -> Double {
        var factor = 0.0
        for address in addresses {
            let excess = (self.colocated[address] ?? 0) - self.parameters.ipColocationFactorThreshold
            if excess > 0 { factor += Double(excess) * Double(excess) }
        }
        return factor
    }

    private func p7(_ statistics: Statistics) -> Double {
        let excess = statistics.behaviourPenalty - self.parameters.behaviourPenaltyThreshold
        return excess > 0 ? excess * excess * self.parameters.behaviourPenaltyWeight : 0
    }

    /// Returns what the score of a peer is made of; all 0 when it is unknown.
    func parts(of peer: Int) -> ScoreParts {
        switch self.place(of: peer) {
        case .connected(let index):
            return self.parts(self.peers[index].statistics, self.peers[index].applicationScore)
        case .departed(let id):
            guard let statistics = self.departed[id] else { return ScoreParts() }
            return self.parts(statistics, self.applicationScore(of: id))
        case nil: return ScoreParts()
        }
    }

    private func parts(_ statistics: Statistics, _ applicationScore: Double) -> ScoreParts {
        var parts = ScoreParts()
        var topics = 0.0
        for topic in statistics.topics {
            guard let rules = self.topics[topic.topic].rules else { continue }
            topics += topic.score(rules)
            parts.topics.append(ScoreParts.Topic(self.topics[topic.topic].topic, topic, rules))
        }
        parts.topicsSum = self.capped(topics)
        parts.applicationScore = applicationScore
        parts.colocationFactor = self.colocationFactor(statistics.addresses)
        parts.behaviourPenalty = statistics.behaviourPenalty
        parts.p5 = Self.plain(self.p5(applicationScore))
        parts.p6 = Self.plain(self.p6(parts.colocationFactor))
        parts.p7 = Self.plain(self.p7(statistics))
        parts.total = self.sum(
            topics: parts.topicsSum, statistics, applicationScore, parts.colocationFactor)
        return parts
    }

    /// Nobody wants to read `-0`.
    static func plain(_ value: Double) -> Double { value + 0 }
}

extension ScoreParts.Topic {
    fileprivate init(_ topic: Topic, _ statistics: TopicStatistics, _ rules: TopicRules) {
        self.init(topic: topic)
        self.isInMesh = statistics.isInMesh
        self.timeInMesh = statistics.isInMesh ? .nanoseconds(statistics.timeInMesh) : .zero
        self.isHeldToMeshDeliveries = statistics.isActive
        self.firstMessageDeliveries = statistics.firstDeliveries
        self.meshMessageDeliveries = statistics.meshDeliveries
        self.meshFailurePenalty = statistics.meshFailures
        self.invalidMessageDeliveries = statistics.invalidDeliveries
        self.p1 = PeerScore.plain(statistics.p1(rules))
        self.p2 = PeerScore.plain(statistics.p2(rules))
        self.p3 = PeerScore.plain(statistics.p3(rules))
        self.p3b = PeerScore.plain(statistics.p3b(rules))
        self.p4 = PeerScore.plain(statistics.p4(rules))
        self.score = PeerScore.plain(statistics.score(rules))
    }
}
