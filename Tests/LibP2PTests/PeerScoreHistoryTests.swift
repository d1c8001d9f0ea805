import LibP2PCore
import Testing

@testable import LibP2P

/// Random histories, told to the engine and to the oracle: every score is the same double.
@Suite struct PeerScoreHistoryTests {
    private static let histories = 2_000
    private static let entries = 60
    private static let peers = 0..<5
    private static let topics = ["a", "b", "c"]

    /// Addresses and what they count under, by gossipsub v1.1, "IP Colocation Factor".
    private static let places: [ScoreOracle.Place] = [
        .init(address: "/ip4/1.2.3.4/tcp/1", counted: ["1.2.3.4"]),
        .init(address: "/ip4/1.2.3.4/tcp/2", counted: ["1.2.3.4"]),
        .init(address: "/ip4/1.2.3.5/tcp/1", counted: ["1.2.3.5"]),
        .init(address: "/ip6/::ffff:1.2.3.5/tcp/1", counted: ["1.2.3.5"]),
        .init(address: "/ip4/127.0.0.1/tcp/1", counted: []),
        .init(address: "/ip4/10.1.2.3/tcp/1", counted: []),  // on the whitelist
        .init(address: "/ip6/2001:db8::1/tcp/1", counted: ["2001:db8::1", "2001:db8::"]),
        .init(address: "/ip6/2001:db8::2/tcp/1", counted: ["2001:db8::2", "2001:db8::"]),
        .init(address: "/ip6/2001:db8::/tcp/1", counted: ["2001:db8::", "2001:db8::"]),
    ]

    @Test func everyScoreIsThatOfTheLog() throws {
        var prng = PRNG(seed: TestRun.seed)
        let count = Self.histories * TestRun.scale
        for number in 0..<count {
            var history = History(prng: prng.split())
            for step in 1...Self.entries {
                try history.step()
                guard step % 20 == 0 || step == Self.entries else { continue }
                for peer in Self.peers {
                    let expected = history.oracle.score(peer)
                    let score = history.score(peer)
                    try #require(
                        score.bitPattern == expected.bitPattern,
                        """
                        SEED=\(TestRun.seed), history \(number), peer \(peer): \(score), not \(expected)
                        \(history.oracle.transcript)
                        """)
                }
            }
        }
        TestRun.report("gossipsub scores", count: count)
    }

    /// One history, growing.
    private struct History {
        var prng: PRNG
        let parameters: PeerScoreParameters
        var engine: PeerScore
        let oracle: ScoreOracle
        var now = Instant.zero
        /// The number of each peer's last connection.
        private var numbers: [Int: Int] = [:]
        private var left: [Int: Instant] = [:]
        private var connectionCount = 0
        private var nextTick: Instant?

        init(prng: PRNG) {
            self.prng = prng
            self.parameters = Self.parameters(&self.prng)
            self.engine = PeerScore(parameters: self.parameters)
            self.oracle = ScoreOracle(self.parameters, topics: topics, peers: peers)
        }

        func score(_ peer: Int) -> Double {
            let score = self.engine.score(of: ScoreRig.id(peer))
            if self.isConnected(peer), let number = self.numbers[peer] {
                let parts = self.engine.parts(of: number)
                guard parts.total.bitPattern == score.bitPattern,
                    self.engine.score(of: number).bitPattern == score.bitPattern
                else { return .nan }
            }
            return score
        }

        private func isConnected(_ peer: Int) -> Bool {
            self.oracle.isConnected(peer, before: self.oracle.log.count)
        }

        // MARK: Steps

        mutating func step() throws {
            if self.prng.below(3) == 0 { self.now += .milliseconds(self.prng.below(2_500)) }
            let peer = self.prng.below(peers.count)
            let topic = topics[self.prng.below(topics.count)]
            let message = self.prng.below(6)
            switch self.prng.below(20) {
            case 0, 1, 2: self.tick()
            case 3, 4: try self.connect(peer)
            case 5 where self.isConnected(peer): self.disconnect(peer)
            case 6 where self.isConnected(peer): self.graft(peer, topic)
            case 7 where self.isConnected(peer): self.graft(peer, topic)
            case 8 where self.isConnected(peer): self.prune(peer, topic)
            case 9: self.start(message)
            case 10: self.changeParameters(topic)
            case 11: self.setOpinion(peer)
            case 12: self.speak(of: peer) { $0.penalise($1) }
            case 13, 14: self.speak(of: peer) { $0.deliver(message, topic, $1) }
            case 15: self.speak(of: peer) { $0.reject(message, topic, $1) }
            default: self.speak(of: peer) { $0.duplicate(message, topic, $1) }
            }
        }

        /// Does something about a peer that is, or lately was, connected: of one that left long ago the
        /// router has nothing to say.
        private mutating func speak(of peer: Int, _ body: (inout History, Int) -> Void) {
            guard self.numbers[peer] != nil else { return }
            if !self.isConnected(peer), let left = self.left[peer],
                self.now - left >= self.parameters.seenMessageTTL
            {
                return
            }
            body(&self, peer)
        }

        private func number(_ peer: Int) -> Int { self.numbers[peer] ?? -1 }

        private mutating func tick() {
            guard var due = self.nextTick else { return }
            self.engine.decayIfDue(now: self.now)
            while due <= self.now {
                self.oracle.append(.tick, now: self.now)
                due += self.parameters.decayInterval
            }
            self.nextTick = due
        }

        private mutating func connect(_ peer: Int) throws {
            let place = places[self.prng.below(places.count)]
            if !self.isConnected(peer) {
                self.numbers[peer] = self.connectionCount
                self.connectionCount += 1
            }
            let address = try #require(Multiaddr(parsing: place.address))
            self.engine.connected(
                self.number(peer), id: ScoreRig.id(peer), address: address, now: self.now)
            self.oracle.append(.connect(peer, place), now: self.now)
            self.nextTick = self.nextTick ?? self.now + self.parameters.decayInterval
        }

        private mutating func disconnect(_ peer: Int) {
            self.engine.disconnected(self.number(peer), now: self.now)
            self.oracle.append(.disconnect(peer), now: self.now)
            self.left[peer] = self.now
        }

        private mutating func graft(_ peer: Int, _ topic: String) {
            self.engine.grafted(self.number(peer), Topic(topic), now: self.now)
            self.oracle.append(.graft(peer, topic), now: self.now)
        }

        private mutating func prune(_ peer: Int, _ topic: String) {
            self.engine.pruned(self.number(peer), Topic(topic), now: self.now)
            self.oracle.append(.prune(peer, topic), now: self.now)
        }

        private mutating func start(_ message: Int) {
            self.engine.validationStarted(ScoreRig.message(message), now: self.now)
            self.oracle.append(.start(message), now: self.now)
        }

        private mutating func deliver(_ message: Int, _ topic: String, _ peer: Int) {
            self.engine.delivered(
                ScoreRig.message(message), Topic(topic), from: self.number(peer), now: self.now)
            self.oracle.append(.deliver(message, topic, from: peer), now: self.now)
        }

        private mutating func duplicate(_ message: Int, _ topic: String, _ peer: Int) {
            self.engine.duplicate(
                ScoreRig.message(message), Topic(topic), from: self.number(peer), now: self.now)
            self.oracle.append(.duplicate(message, topic, from: peer), now: self.now)
        }

        private mutating func reject(_ message: Int, _ topic: String, _ peer: Int) {
            let reasons: [RejectReason] = [
                .validationFailed, .validationFailed, .validationFailed, .validationIgnored,
                .validationThrottled, .validationQueueFull, .invalidSignature, .missingSignature,
                .unexpectedSignature, .unexpectedAuthInfo, .selfOrigin, .blacklistedPeer, .blacklistedSource,
            ]
            let reason = reasons[self.prng.below(reasons.count)]
            self.engine.rejected(
                ScoreRig.message(message), Topic(topic), from: self.number(peer), reason, now: self.now)
            self.oracle.append(.reject(message, topic, from: peer, reason), now: self.now)
        }

        private mutating func penalise(_ peer: Int) {
            let count = Double(1 + self.prng.below(4))
            self.engine.penalise(self.number(peer), count)
            self.oracle.append(.penalise(peer, count), now: self.now)
        }

        private mutating func setOpinion(_ peer: Int) {
            let opinion = self.prng.below(3) == 0 ? nil : Double(self.prng.below(200) - 100) / 10
            self.engine.setApplicationScore(opinion, of: ScoreRig.id(peer))
            self.oracle.append(.opinion(peer, opinion), now: self.now)
        }

        private mutating func changeParameters(_ topic: String) {
            let parameters = self.prng.below(4) == 0 ? nil : Self.topicParameters(&self.prng)
            self.engine.setTopicParameters(parameters, of: Topic(topic))
            self.oracle.append(.parameters(topic, parameters), now: self.now)
        }

        // MARK: Parameters

        private static func parameters(_ prng: inout PRNG) -> PeerScoreParameters {
            var parameters = PeerScoreParameters()
            parameters.topics["a"] = Self.topicParameters(&prng)
            parameters.topics["b"] = Self.topicParameters(&prng)
            if prng.below(2) == 0 { parameters.defaultTopic = Self.topicParameters(&prng) }
            parameters.topicScoreCap = Self.one(of: [0, 0, 3.3, 25], &prng)
            parameters.applicationWeight = Self.one(of: [0, 1, 0.3, -0.7], &prng)
            parameters.applicationScore = Self.one(of: [0, 0, -0.1, 2], &prng)
            parameters.ipColocationFactorWeight = Self.one(of: [0, -1, -0.3], &prng)
            parameters.ipColocationFactorThreshold = 1 + prng.below(2)
            parameters.ipColocationFactorWhitelist = [IPNetwork(address: [10, 0, 0, 0], prefixLength: 8)]
            parameters.behaviourPenaltyWeight = Self.one(of: [0, -1, -0.9], &prng)
            parameters.behaviourPenaltyThreshold = Self.one(of: [0, 1, 2.5], &prng)
            parameters.behaviourPenaltyDecay = Self.one(of: Self.decays, &prng)
            parameters.decayInterval = .milliseconds(1_000 + 500 * prng.below(3))
            parameters.decayToZero = Self.one(of: [0.01, 0.1, 0.4], &prng)
            parameters.retainScore = .seconds(prng.below(12))
            parameters.seenMessageTTL = .seconds(4 + prng.below(10))
            return parameters
        }

        private static let decays = [0.5, 0.9, 0.97, 0.123]

        private static func topicParameters(_ prng: inout PRNG) -> TopicScoreParameters {
            var topic = TopicScoreParameters()
            topic.topicWeight = Self.one(of: [1, 0.25, 0.3, 0], &prng)
            topic.timeInMeshWeight = Self.one(of: [0, 0.1, 1], &prng)
            topic.timeInMeshQuantum = .milliseconds(1 + prng.below(2_000))
            topic.timeInMeshCap = Self.one(of: [0.5, 3, 1_000], &prng)
            topic.firstMessageDeliveriesWeight = Self.one(of: [0, 1, 0.7], &prng)
            topic.firstMessageDeliveriesDecay = Self.one(of: Self.decays, &prng)
            topic.firstMessageDeliveriesCap = Self.one(of: [1.5, 3, 100], &prng)
            topic.meshMessageDeliveriesWeight = Self.one(of: [0, -1, -0.3], &prng)
            topic.meshMessageDeliveriesDecay = Self.one(of: Self.decays, &prng)
            topic.meshMessageDeliveriesCap = Self.one(of: [1.5, 3, 100], &prng)
            topic.meshMessageDeliveriesThreshold = Self.one(of: [0.7, 2, 10], &prng)
            topic.meshMessageDeliveriesWindow = .milliseconds(prng.below(2_000))
            topic.meshMessageDeliveriesActivation = .milliseconds(prng.below(4_000))
            topic.meshFailurePenaltyWeight = Self.one(of: [0, -1, -0.3], &prng)
            topic.meshFailurePenaltyDecay = Self.one(of: Self.decays, &prng)
            topic.invalidMessageDeliveriesWeight = Self.one(of: [0, -1, -0.3], &prng)
            topic.invalidMessageDeliveriesDecay = Self.one(of: Self.decays, &prng)
            return topic
        }

        private static func one(of values: [Double], _ prng: inout PRNG) -> Double {
            values[prng.below(values.count)]
        }
    }
}
