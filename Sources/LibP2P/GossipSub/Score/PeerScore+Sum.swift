import LibP2PCore

// MARK: - The score and its parts
extension PeerScore {
    /// Returns the score of a connected peer, or of one that left and is remembered; 0 when it is unknown.
    func score(of peer: Int) -> Double {
        self.score(at: self.place(of: peer))
    }

    /// Returns the score of a peer that is connected, or left and is remembered; 0 when it is unknown.
    func score(of id: PeerID) -> Double {
        self.score(at: self.place(of: id))
    }

    private func score(at place: Place?) -> Double {
        switch place {
        case .connected(let index):
            return self.score(self.peers[index].statistics, self.peers[index].applicationScore)
        case .departed(let id):
            guard let statistics = self.departed[id] else { return 0 }
            return self.score(statistics, self.applicationScore(of: id))
        case nil: return 0
        }
    }

    /// Returns what statistics and the application's score add up to.
    func score(_ statistics: Statistics, _ applicationScore: Double) -> Double {
        var topics = 0.0
        for topic in statistics.topics {
            guard let rules = self.topics[topic.topic].rules else { continue }
            topics += topic.score(rules)
        }
        return self.sum(topics: self.capped(topics), statistics, applicationScore)
    }

    private func capped(_ topics: Double) -> Double {
        let cap = self.parameters.topicScoreCap
        return cap > 0 && topics > cap ? cap : topics
    }

    private func sum(topics: Double, _ statistics: Statistics, _ applicationScore: Double) -> Double {
        var score = topics
        score += self.p5(applicationScore)
        score += self.p6(statistics)
        score += self.p7(statistics)
        return score
    }

    private func p5(_ applicationScore: Double) -> Double {
        applicationScore * self.parameters.applicationWeight
    }

    /// Peers behind the same addresses.
    private func p6(_ statistics: Statistics) -> Double {
        guard self.parameters.ipColocationFactorWeight != 0 else { return 0 }
        return self.colocationFactor(statistics) * self.parameters.ipColocationFactorWeight
    }

    private func colocationFactor(_ statistics: Statistics) -> Double {
        var factor = 0.0
        for address in statistics.addresses {
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
        parts.colocationFactor = self.colocationFactor(statistics)
        parts.behaviourPenalty = statistics.behaviourPenalty
        parts.p5 = Self.plain(self.p5(applicationScore))
        parts.p6 = Self.plain(self.p6(statistics))
        parts.p7 = Self.plain(self.p7(statistics))
        parts.total = self.sum(topics: parts.topicsSum, statistics, applicationScore)
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
