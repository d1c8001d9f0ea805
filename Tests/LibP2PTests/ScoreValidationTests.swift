import LibP2P
import LibP2PCore
import Testing

/// Which parameters of scores are taken, after go-libp2p-pubsub's `validate` functions.
@Suite struct ScoreValidationTests {
    private static let noNumbers = [Double.nan, .infinity, -.infinity]

    // MARK: Topics

    private static let topic: TopicScoreParameters = {
        var topic = TopicScoreParameters()
        topic.topicWeight = 1
        topic.timeInMeshWeight = 0.01
        topic.timeInMeshQuantum = .seconds(1)
        topic.timeInMeshCap = 10
        topic.firstMessageDeliveriesWeight = 1
        topic.firstMessageDeliveriesDecay = 0.5
        topic.firstMessageDeliveriesCap = 10
        topic.meshMessageDeliveriesWeight = -1
        topic.meshMessageDeliveriesDecay = 0.5
        topic.meshMessageDeliveriesCap = 10
        topic.meshMessageDeliveriesThreshold = 5
        topic.meshMessageDeliveriesWindow = .milliseconds(1)
        topic.meshMessageDeliveriesActivation = .seconds(1)
        topic.meshFailurePenaltyWeight = -1
        topic.meshFailurePenaltyDecay = 0.5
        topic.invalidMessageDeliveriesWeight = -1
        topic.invalidMessageDeliveriesDecay = 0.5
        return topic
    }()

    private static func topicFailure(
        selectively: Bool = false, _ change: (inout TopicScoreParameters) -> Void
    ) -> TopicScoreParametersFailure? {
        var topic = Self.topic
        change(&topic)
        return topic.failure(selectively: selectively)
    }

    private typealias TopicField = WritableKeyPath<TopicScoreParameters, Double>

    @Test func aTopicWithEverythingSetIsTaken() throws {
        #expect(try Self.topic.validated() == Self.topic)
    }

    @Test func rewardsAreNotNegativeAndPenaltiesNotPositive() {
        let rewards: [(TopicField, TopicScoreParametersFailure)] = [
            (\.topicWeight, .topicWeight), (\.timeInMeshWeight, .timeInMeshWeight),
            (\.firstMessageDeliveriesWeight, .firstMessageDeliveriesWeight),
        ]
        let penalties: [(TopicField, TopicScoreParametersFailure)] = [
            (\.meshMessageDeliveriesWeight, .meshMessageDeliveriesWeight),
            (\.meshFailurePenaltyWeight, .meshFailurePenaltyWeight),
            (\.invalidMessageDeliveriesWeight, .invalidMessageDeliveriesWeight),
        ]
        for selectively in [false, true] {
            for (field, failure) in rewards {
                #expect(Self.topicFailure(selectively: selectively) { $0[keyPath: field] = -1 } == failure)
            }
            for (field, failure) in penalties {
                #expect(Self.topicFailure(selectively: selectively) { $0[keyPath: field] = 1 } == failure)
            }
            for (field, failure) in rewards + penalties {
                #expect(Self.topicFailure(selectively: selectively) { $0[keyPath: field] = 0 } == nil)
                for value in Self.noNumbers {
                    #expect(
                        Self.topicFailure(selectively: selectively) { $0[keyPath: field] = value } == failure)
                }
            }
        }
    }

    @Test func decaysLieBetween0And1() {
        let fields: [(TopicField, TopicField, TopicScoreParametersFailure)] = [
            (\.firstMessageDeliveriesDecay, \.firstMessageDeliveriesWeight, .firstMessageDeliveriesDecay),
            (\.meshMessageDeliveriesDecay, \.meshMessageDeliveriesWeight, .meshMessageDeliveriesDecay),
            (\.meshFailurePenaltyDecay, \.meshFailurePenaltyWeight, .meshFailurePenaltyDecay),
            (
                \.invalidMessageDeliveriesDecay, \.invalidMessageDeliveriesWeight,
                .invalidMessageDeliveriesDecay
            ),
        ]
        for (decay, weight, failure) in fields {
            for value in [0, 1, -0.5, 1.5] + Self.noNumbers {
                #expect(Self.topicFailure { $0[keyPath: decay] = value } == failure)
                let unweighted = Self.topicFailure {
                    $0[keyPath: decay] = value
                    $0[keyPath: weight] = 0
                }
                // As in go, rejected messages need a decay in any case.
                #expect(unweighted == (failure == .invalidMessageDeliveriesDecay ? failure : nil))
            }
        }
    }

    @Test func capsAndTheThresholdArePositiveWhereTheyCount() {
        let fields: [(TopicField, TopicField, TopicScoreParametersFailure)] = [
            (\.timeInMeshCap, \.timeInMeshWeight, .timeInMeshCap),
            (\.firstMessageDeliveriesCap, \.firstMessageDeliveriesWeight, .firstMessageDeliveriesCap),
            (\.meshMessageDeliveriesCap, \.meshMessageDeliveriesWeight, .meshMessageDeliveriesCap),
            (
                \.meshMessageDeliveriesThreshold, \.meshMessageDeliveriesWeight,
                .meshMessageDeliveriesThreshold
            ),
        ]
        for (field, weight, failure) in fields {
            for value in [0, -1] + Self.noNumbers {
                #expect(Self.topicFailure { $0[keyPath: field] = value } == failure)
                let unweighted = Self.topicFailure {
                    $0[keyPath: field] = value
                    $0[keyPath: weight] = 0
                }
                #expect(unweighted == nil)
            }
        }
    }

    @Test func timesAreLongEnough() {
        #expect(Self.topicFailure { $0.timeInMeshQuantum = .zero } == .timeInMeshQuantum)
        #expect(Self.topicFailure { $0.timeInMeshQuantum = .seconds(-1) } == .timeInMeshQuantum)
        #expect(
            Self.topicFailure {
                $0.timeInMeshQuantum = .zero
                $0.timeInMeshWeight = 0
            } == .timeInMeshQuantum, "as in go: it divides even what has no weight")
        #expect(Self.topicFailure { $0.timeInMeshQuantum = .nanoseconds(1) } == nil)
        #expect(
            Self.topicFailure { $0.meshMessageDeliveriesWindow = .nanoseconds(-1) }
                == .meshMessageDeliveriesWindow)
        #expect(Self.topicFailure { $0.meshMessageDeliveriesWindow = .zero } == nil)
        #expect(
            Self.topicFailure { $0.meshMessageDeliveriesActivation = .milliseconds(999) }
                == .meshMessageDeliveriesActivation)
        #expect(
            Self.topicFailure {
                $0.meshMessageDeliveriesActivation = .zero
                $0.meshMessageDeliveriesWeight = 0
            } == nil)
    }

    @Test func selectivelyAGroupThatIs0IsLeftAlone() {
        var blank = TopicScoreParameters()
        #expect(blank.failure() == .invalidMessageDeliveriesDecay)
        #expect(blank.failure(selectively: true) == nil)
        blank.timeInMeshQuantum = .zero
        #expect(blank.failure(selectively: true) == nil)
        blank.timeInMeshCap = 1
        #expect(blank.failure(selectively: true) == .timeInMeshQuantum)
        blank.timeInMeshQuantum = .seconds(1)
        blank.meshMessageDeliveriesWindow = .seconds(-1)
        #expect(blank.failure(selectively: true) == .meshMessageDeliveriesWindow)
        blank.meshMessageDeliveriesWindow = .zero
        blank.invalidMessageDeliveriesWeight = -1
        #expect(blank.failure(selectively: true) == .invalidMessageDeliveriesDecay)
    }

    // MARK: Peers

    private static let peer: PeerScoreParameters = {
        var peer = PeerScoreParameters()
        peer.topics = ["t": Self.topic]
        peer.topicScoreCap = 10
        peer.applicationWeight = 1
        peer.ipColocationFactorWeight = -1
        peer.behaviourPenaltyWeight = -1
        peer.behaviourPenaltyDecay = 0.5
        return peer
    }()

    private static func failure(
        selectively: Bool = false, _ change: (inout PeerScoreParameters) -> Void
    ) -> PeerScoreParametersFailure? {
        var peer = Self.peer
        change(&peer)
        return peer.failure(selectively: selectively)
    }

    @Test func parametersOfPeersAreTaken() throws {
        #expect(try Self.peer.validated() == Self.peer)
        #expect(PeerScoreParameters().failure() == nil)
    }

    @Test func everyTopicIsLookedAt() {
        #expect(Self.failure { $0.topics["t"]?.topicWeight = -1 } == .topic("t", .topicWeight))
        #expect(
            Self.failure { $0.defaultTopic = TopicScoreParameters() }
                == .defaultTopic(.invalidMessageDeliveriesDecay))
        #expect(Self.failure(selectively: true) { $0.defaultTopic = TopicScoreParameters() } == nil)
        let twoWrong = Self.failure {
            $0.topics["b"] = TopicScoreParameters()
            $0.topics["a"] = TopicScoreParameters()
        }
        #expect(twoWrong == .topic("a", .invalidMessageDeliveriesDecay), "the first by name")
    }

    @Test func parametersOfPeersHaveTheirSigns() {
        typealias Field = WritableKeyPath<PeerScoreParameters, Double>
        let fields: [(Field, wrong: Double, PeerScoreParametersFailure)] = [
            (\.topicScoreCap, -1, .topicScoreCap),
            (\.ipColocationFactorWeight, 1, .ipColocationFactorWeight),
            (\.behaviourPenaltyWeight, 1, .behaviourPenaltyWeight),
            (\.behaviourPenaltyThreshold, -1, .behaviourPenaltyThreshold),
        ]
        for (field, wrong, failure) in fields {
            for value in [wrong] + Self.noNumbers {
                for selectively in [false, true] {
                    #expect(Self.failure(selectively: selectively) { $0[keyPath: field] = value } == failure)
                }
            }
            #expect(Self.failure { $0[keyPath: field] = 0 } == nil)
        }
        for value in Self.noNumbers {
            #expect(Self.failure { $0.applicationWeight = value } == .appSpecificWeight)
            #expect(Self.failure { $0.applicationScore = value } == .appSpecificScore)
        }
        #expect(Self.failure { $0.applicationWeight = -5 } == nil, "this weight can have either sign")
    }

    @Test func anAddressMayHaveAPeer() {
        #expect(Self.failure { $0.ipColocationFactorThreshold = 0 } == .ipColocationFactorThreshold)
        let unweighted = Self.failure {
            $0.ipColocationFactorThreshold = 0
            $0.ipColocationFactorWeight = 0
        }
        #expect(unweighted == nil)
        for network in [
            IPNetwork(address: [1, 2, 3], prefixLength: 8), .init(address: [1, 2, 3, 4], prefixLength: 33),
            .init(address: [1, 2, 3, 4], prefixLength: -1),
        ] {
            #expect(
                Self.failure { $0.ipColocationFactorWhitelist = [network] } == .ipColocationFactorWhitelist)
        }
    }

    @Test func decaysOfPeersLieBetween0And1() {
        for value in [0, 1, -0.5, 2] + Self.noNumbers {
            #expect(Self.failure { $0.behaviourPenaltyDecay = value } == .behaviourPenaltyDecay)
            #expect(Self.failure { $0.decayToZero = value } == .decayToZero)
        }
        #expect(Self.failure { $0.decayInterval = .milliseconds(999) } == .decayInterval)
        let unset: (inout PeerScoreParameters) -> Void = {
            $0.decayInterval = .zero
            $0.decayToZero = 0
        }
        #expect(Self.failure(unset) == .decayInterval)
        #expect(Self.failure(selectively: true, unset) == nil)
        let unweighted = Self.failure {
            $0.behaviourPenaltyWeight = 0
            $0.behaviourPenaltyDecay = 0
        }
        #expect(unweighted == nil)
    }

    @Test func whatIsKeptIsNotNegative() {
        #expect(Self.failure { $0.retainScore = .seconds(-1) } == .bound)
        #expect(Self.failure { $0.seenMessageTTL = .seconds(-1) } == .bound)
        #expect(Self.failure { $0.seenMessageCountMax = -1 } == .bound)
        #expect(Self.failure { $0.retainedCountMax = -1 } == .bound)
        #expect(Self.failure { $0.retainScore = .zero } == nil, "nothing is kept")
    }

    // MARK: Thresholds

    @Test func thresholdsAreInTheirOrder() throws {
        func failure(_ values: Double...) -> PeerScoreThresholdsFailure? {
            PeerScoreThresholds(
                gossip: values[0], publish: values[1], graylist: values[2], acceptPX: values[3],
                opportunisticGraft: values[4]
            ).failure
        }
        #expect(failure(0, 0, 0, 0, 0) == nil)
        #expect(failure(-1, -2, -3, 4, 5) == nil)
        #expect(failure(1, -2, -3, 4, 5) == .gossip)
        #expect(failure(-1, 0, -3, 4, 5) == .publish)
        #expect(failure(0, 1, -3, 4, 5) == .publish)
        #expect(failure(-1, -2, 0, 4, 5) == .graylist)
        #expect(failure(-1, -2, -1, 4, 5) == .graylist)
        #expect(failure(-1, -2, -3, -1, 5) == .acceptPX)
        #expect(failure(-1, -2, -3, 4, -1) == .opportunisticGraft)
        let order: [PeerScoreThresholdsFailure] = [
            .gossip, .publish, .graylist, .acceptPX, .opportunisticGraft,
        ]
        for (index, expected) in order.enumerated() {
            for value in Self.noNumbers {
                var values = [-1.0, -2, -3, 4, 5]
                values[index] = value
                #expect(failure(values[0], values[1], values[2], values[3], values[4]) == expected)
            }
        }
        #expect(throws: PeerScoreThresholdsFailure.publish) {
            try PeerScoreThresholds(
                gossip: -1, publish: 0, graylist: 0, acceptPX: 0, opportunisticGraft: 0
            ).validated()
        }
    }

    // MARK: The gater

    @Test func theGatersParametersAreLookedAt() {
        func failure(_ change: (inout PeerGaterParameters) -> Void) -> PeerGaterParametersFailure? {
            var parameters = PeerGaterParameters()
            change(&parameters)
            return parameters.failure
        }
        #expect(failure { _ in } == nil)
        for value in [0, -1] + Self.noNumbers {
            #expect(failure { $0.threshold = value } == .threshold)
            #expect(failure { $0.globalDecay = value } == .globalDecay)
            #expect(failure { $0.sourceDecay = value } == .sourceDecay)
            #expect(failure { $0.decayToZero = value } == .decayToZero)
            #expect(failure { $0.duplicateWeight = value } == .duplicateWeight)
            #expect(failure { $0.ignoreWeight = value } == .ignoreWeight)
            #expect(failure { $0.rejectWeight = value } == .rejectWeight)
        }
        #expect(failure { $0.globalDecay = 1 } == .globalDecay)
        #expect(failure { $0.sourceDecay = 1 } == .sourceDecay)
        #expect(failure { $0.decayToZero = 1 } == .decayToZero)
        #expect(failure { $0.ignoreWeight = 0.99 } == .ignoreWeight)
        #expect(failure { $0.rejectWeight = 0.99 } == .rejectWeight)
        #expect(failure { $0.decayInterval = .milliseconds(999) } == .decayInterval)
        #expect(failure { $0.quiet = .milliseconds(999) } == .quiet)
    }

    // MARK: Names

    @Test func failuresNameTheFieldAsTheSpecificationDoes() {
        #expect(
            TopicScoreParametersFailure.timeInMeshCap.description
                == "time_in_mesh_cap must be a number above 0")
        #expect(
            PeerScoreParametersFailure.topic("a", .topicWeight).description
                == "topic \"a\": topic_weight must be a number of at least 0")
        #expect(
            PeerScoreParametersFailure.ipColocationFactorThreshold.field == "ip_colocation_factor_threshold")
        #expect(PeerScoreThresholdsFailure.acceptPX.field == "accept_px_threshold")
        #expect(PeerGaterParametersFailure.quiet.description == "quiet must be at least 1 s")
    }

    // MARK: Decay factors

    /// The roots, worked out with 60 digits and rounded.
    @Test(arguments: [
        (1, 0.01, 0.01), (2, 0.01, 0.1), (10, 0.01, 0.630_957_344_480_193_2),
        (120, 0.01, 0.962_350_626_398_088_5), (600, 0.01, 0.992_354_096_132_100_5), (3, 1e-300, 1e-100),
        (3_600, 0.01, 0.998_721_603_904_830_3),
        (5, 0.5, 0.870_550_563_296_124_1),
    ])
    func factorsAreTheNearestRoot(_ seconds: Int, _ toZero: Double, _ expected: Double) {
        #expect(ScoreDecay.factor(toZeroWithin: .seconds(seconds), decayToZero: toZero) == expected)
    }

    @Test func factorsCountWholeIntervals() {
        let factor = ScoreDecay.factor(toZeroWithin: .seconds(120))
        #expect(ScoreDecay.factor(toZeroWithin: .seconds(1_439), interval: .seconds(12)) != factor)
        #expect(ScoreDecay.factor(toZeroWithin: .seconds(1_440), interval: .seconds(12)) == factor)
        #expect(ScoreDecay.factor(toZeroWithin: .seconds(1_451), interval: .seconds(12)) == factor)
        #expect(ScoreDecay.factor(toZeroWithin: .milliseconds(999)) == 0)
        #expect(ScoreDecay.factor(toZeroWithin: .seconds(-5)) == 0)
        #expect(ScoreDecay.factor(halvingWithin: .seconds(1)) == 0.5)
        #expect(ScoreDecay.factor(halvingWithin: .seconds(4), interval: .seconds(2)) == 0.5.squareRoot())
    }

    @Test func theGatersDecaysAreThoseOfItsTimes() {
        #expect(PeerGaterParameters().globalDecay == ScoreDecay.factor(toZeroWithin: .seconds(120)))
        #expect(PeerGaterParameters().sourceDecay == ScoreDecay.factor(toZeroWithin: .seconds(3_600)))
    }
}
