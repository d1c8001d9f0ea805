import LibP2P
import Testing

@Suite struct GossipSubParametersTests {
    /// The field that a change makes wrong.
    private func failure(_ change: (inout GossipSubParameters) -> Void) -> String? {
        var parameters = GossipSubParameters()
        change(&parameters)
        return parameters.failure?.field
    }

    @Test func aNodeMayBeWithoutAMesh() {
        func bare(_ parameters: inout GossipSubParameters) {
            parameters.degree = 0
            parameters.degreeLow = 0
            parameters.degreeHigh = 0
            parameters.degreeOut = 0
        }
        // As go-libp2p-pubsub has it, D_score counts there too.
        #expect(failure(bare) == "d_score")
        #expect(
            failure {
                bare(&$0)
                $0.degreeScore = 0
            } == nil)
        #expect(
            failure {
                bare(&$0)
                $0.degreeScore = 0
                $0.degreeOut = 1
            } == "d_out")
    }

    @Test func degreesThatContradictEachOtherAreNamed() {
        #expect(failure { $0.degreeLow = 7 } == "d_low")
        #expect(failure { $0.degreeLow = 6 } == nil)
        #expect(failure { $0.degreeHigh = 5 } == "d_high")
        #expect(failure { $0.degreeHigh = 6 } == nil)
        #expect(failure { $0.degree = -1 } == "d")
        #expect(failure { $0.degree = 2_000 } == "d")
        #expect(failure { $0.degreeScore = 13 } == "d_score")
        #expect(failure { $0.degreeScore = 12 } == nil)
        #expect(failure { $0.degreeOut = 3 } == "d_out")
        #expect(failure { $0.degreeOut = 5 } == "d_out")
        // Half of D is rounded down, and 0 is not below 0.
        #expect(
            failure {
                $0.degree = 7
                $0.degreeOut = 3
            } == "d_out")
        #expect(
            failure {
                $0.degree = 1
                $0.degreeLow = 1
                $0.degreeOut = 0
            } == "d_out")
    }

    /// A router's degrees and a topic's own are held to one rule, that of `docs/parameters.md`.
    @Test func aTopicMayHaveTheDegreesThatARouterMayHave() {
        func isDocumented(_ d: MeshDegrees) -> Bool {
            guard
                [d.degree, d.degreeLow, d.degreeHigh, d.degreeScore, d.degreeOut].allSatisfy({ $0 >= 0 }),
                d.degreeScore <= d.degreeHigh
            else { return false }
            if [d.degree, d.degreeLow, d.degreeHigh, d.degreeOut] == [0, 0, 0, 0] { return true }
            return d.degreeLow <= d.degree && d.degree <= d.degreeHigh && d.degreeOut < d.degreeLow
                && d.degreeOut < d.degree / 2
        }
        let values = [-1, 0, 1, 2, 4, 7]
        var goodCount = 0
        for degree in values {
            for low in values {
                for high in values {
                    for score in values {
                        for out in values {
                            let degrees = MeshDegrees(
                                degree: degree, degreeLow: low, degreeHigh: high, degreeScore: score,
                                degreeOut: out)
                            let field = failure {
                                $0.degree = degree
                                $0.degreeLow = low
                                $0.degreeHigh = high
                                $0.degreeScore = score
                                $0.degreeOut = out
                            }
                            let isGood = isDocumented(degrees)
                            #expect(degrees.isConsistent == isGood, "\(degrees)")
                            #expect((field == nil) == isGood, "\(degrees): \(field ?? "taken")")
                            if isGood { goodCount += 1 }
                        }
                    }
                }
            }
        }
        #expect(goodCount > 0)
    }

    @Test func aTopicsOwnDegreesWithoutOutboundPeersNeedAMeshOfTwo() {
        func isConsistent(_ degree: Int, low: Int, high: Int) -> Bool {
            MeshDegrees(degree: degree, degreeLow: low, degreeHigh: high, degreeScore: 0, degreeOut: 0)
                .isConsistent
        }
        #expect(isConsistent(2, low: 1, high: 2))
        #expect(!isConsistent(1, low: 1, high: 1))
        #expect(!isConsistent(2, low: 0, high: 2))
        #expect(isConsistent(1_024, low: 1, high: 1_024))
        #expect(!isConsistent(1_024, low: 1, high: 1_025))
    }

    @Test func whatIsOutOfItsRangeIsNamed() {
        #expect(failure { $0.historyGossip = 6 } == "history_gossip")
        #expect(failure { $0.historyGossip = 5 } == nil)
        #expect(failure { $0.historyLength = 0 } == "history_length")
        #expect(failure { $0.gossipFactor = 1.1 } == "gossip_factor")
        #expect(failure { $0.gossipFactor = .nan } == "gossip_factor")
        #expect(failure { $0.heartbeatInterval = .zero } == "heartbeat_interval_ms")
        #expect(failure { $0.pruneBackoff = .seconds(3_601) } == "prune_backoff_ms")
        #expect(failure { $0.unsubscribeBackoff = .seconds(3_601) } == "unsubscribe_backoff_ms")
        #expect(failure { $0.maxRPCSize = RPC.maxSize + 1 } == "max_rpc_size_bytes")
        #expect(failure { $0.seenCountMax = 0 } == "seen_max_count")
        #expect(failure { $0.maxIHaveLength = 0 } == nil)
        #expect(failure { $0.maxIHaveLength = -1 } == "max_ihave_length")
    }

    @Test func thresholdsDescend() {
        #expect(failure { $0.thresholds.gossip = 1 } == "thresholds.gossip")
        #expect(failure { $0.thresholds.publish = 1 } == "thresholds.publish")
        #expect(failure { $0.thresholds.gossip = -10 } == "thresholds.publish")
        #expect(failure { $0.thresholds.publish = -10 } == "thresholds.graylist")
        #expect(failure { $0.thresholds.graylist = -10 } == nil)
        #expect(failure { $0.thresholds.acceptPX = -1 } == "thresholds.accept_px")
        #expect(failure { $0.thresholds.opportunisticGraft = -1 } == "thresholds.opportunistic_graft")
        #expect(failure { $0.thresholds.graylist = -.infinity } == "thresholds.graylist")
    }

    @Test func theGaterIsHeldToGoLibP2PsRules() {
        func gater(_ change: (inout PeerGaterParameters) -> Void) -> String? {
            failure {
                var gater = PeerGaterParameters()
                change(&gater)
                $0.peerGater = gater
            }
        }
        #expect(gater { _ in } == nil)
        #expect(gater { $0.threshold = 0 } == "peer_gater.threshold")
        #expect(gater { $0.globalDecay = 1 } == "peer_gater.global_decay")
        #expect(gater { $0.decayInterval = .milliseconds(999) } == "peer_gater.decay_interval_ms")
        #expect(gater { $0.quiet = .zero } == "peer_gater.quiet_ms")
        #expect(gater { $0.duplicateWeight = 0 } == "peer_gater.duplicate_weight")
        #expect(gater { $0.ignoreWeight = 0.5 } == "peer_gater.ignore_weight")
        #expect(gater { $0.rejectWeight = 0.5 } == "peer_gater.reject_weight")
    }

    @Test func scoresAreHeldToGoLibP2PsRules() {
        func score(_ change: (inout PeerScoreParameters) -> Void) -> GossipSubParametersFailure? {
            var parameters = GossipSubParameters()
            var score = PeerScoreParameters()
            change(&score)
            parameters.score = score
            return parameters.failure
        }
        #expect(score { _ in } == nil)
        let penalty = score { $0.behaviourPenaltyWeight = -1 }
        #expect(penalty?.field == "score.behaviour_penalty_decay")
        #expect(penalty?.reason == "is 0, and must be a number between 0 and 1, neither of them")
        #expect(score { $0.decayToZero = 0 }?.field == "score.decay_to_zero")
        // What is not used may stay 0, and what is used may not.
        #expect(score { $0.defaultTopic = TopicScoreParameters() } == nil)
        #expect(
            score {
                $0.defaultTopic = TopicScoreParameters()
                $0.defaultTopic?.timeInMeshWeight = 1
            }?.field == "topic_score.time_in_mesh_cap")
        #expect(
            score {
                $0.defaultTopic = TopicScoreParameters()
                $0.defaultTopic?.timeInMeshWeight = 1
                $0.defaultTopic?.timeInMeshCap = 1
                $0.defaultTopic?.timeInMeshQuantum = .zero
            }?.field == "topic_score.time_in_mesh_quantum_ms")
    }

    @Test func aFailureIsOneSentence() {
        var parameters = GossipSubParameters()
        parameters.degreeLow = 7
        #expect(throws: GossipSubParametersFailure("d_low", "is 7, above \"d\" (6)")) {
            _ = try parameters.validated()
        }
        #expect("\(GossipSubParametersFailure("d_low", "is 7"))" == "\"d_low\" is 7")
    }
}
