import LibP2PCore
import Testing

@testable import LibP2P

/// What survives a connection, what survives a run, and what happens as time passes.
@Suite struct PeerScoreTimeTests {
    private static let topic = ScoreRig.topic {
        $0.firstMessageDeliveriesWeight = 1
        $0.firstMessageDeliveriesDecay = 0.5
        $0.firstMessageDeliveriesCap = 100
        $0.meshMessageDeliveriesWeight = -1
        $0.meshMessageDeliveriesDecay = 0.5
        $0.meshMessageDeliveriesCap = 100
        $0.meshMessageDeliveriesThreshold = 4
        $0.meshFailurePenaltyWeight = -1
        $0.meshFailurePenaltyDecay = 0.5
        $0.invalidMessageDeliveriesWeight = -1
        $0.invalidMessageDeliveriesDecay = 0.5
    }

    // MARK: Retention

    @Test func aNegativeScoreOutlivesTheConnectionWithoutDecayUntilItsTimeIsUp() {
        var rig = ScoreRig(Self.topic) { $0.retainScore = .seconds(10) }
        rig.connect(1)
        rig.reject(1, from: 1)
        rig.reject(2, from: 1)
        rig.disconnect(1)
        for _ in 0..<10 {
            rig.decay(after: .seconds(1))
            #expect(rig.score.score(of: ScoreRig.id(1)) == -4)
        }
        rig.decay(after: .nanoseconds(1))
        #expect(rig.score.score(of: ScoreRig.id(1)) == 0)
        rig.connect(1)
        #expect(rig.of(1) == 0)
    }

    @Test func aPeerThatComesBackHasItsScoreAgain() {
        var rig = ScoreRig(Self.topic)
        rig.connect(1)
        rig.reject(1, from: 1)
        rig.disconnect(1)
        rig.now += .seconds(60)
        rig.connect(1)
        #expect(rig.of(1) == -1)
        rig.decay()
        #expect(rig.of(1) == -0.25)
    }

    @Test func aPositiveScoreIsForgottenAtOnce() {
        var rig = ScoreRig(Self.topic)
        rig.connect(1)
        rig.deliver(0..<9, from: 1)
        rig.reject(99, from: 1)
        #expect(rig.of(1) == 8)
        rig.disconnect(1)
        #expect(rig.score.score(of: ScoreRig.id(1)) == 0)
        rig.connect(1)
        #expect(rig.of(1) == 0)
    }

    @Test func whatIsKeptIsWithoutFirstDeliveriesAndWithMeshFailures() {
        var rig = ScoreRig(Self.topic)
        rig.connect(1)
        rig.graft(1)
        rig.deliver(0..<2, from: 1)
        rig.decay(after: .seconds(1))
        // One delivery left of two: P2 1; P3 and, when it leaves, P3b −(4 − 1)².
        #expect(rig.of(1) == 1 - 9)
        rig.disconnect(1)
        #expect(rig.score.score(of: ScoreRig.id(1)) == -9 - 9)
    }

    @Test func leavingOutsideTheMeshIsNoFailure() {
        var rig = ScoreRig(Self.topic)
        rig.connect(1)
        rig.graft(1)
        rig.decay(after: .seconds(1))
        rig.prune(1)
        #expect(rig.of(1) == -32)
        rig.disconnect(1)
        #expect(rig.score.score(of: ScoreRig.id(1)) == -32)
    }

    @Test func aPeerThatLeftStillHasItsAddress() {
        var rig = ScoreRig {
            $0.ipColocationFactorWeight = -1
            $0.retainScore = .seconds(10)
        }
        rig.connect(1, 2, at: "1.2.3.4")
        rig.disconnect(2)
        #expect(rig.of(1) == -1)
        rig.decay(after: .seconds(11))
        #expect(rig.of(1) == 0)
        #expect(rig.score.colocated.count == 1)
    }

    @Test func aPeerThatLeftWithAPositiveScoreHasNoAddress() {
        var rig = ScoreRig(Self.topic) { $0.ipColocationFactorWeight = -1 }
        rig.connect(1, 2, at: "1.2.3.4")
        rig.deliver(0..<9, from: 2)
        rig.disconnect(2)
        #expect(rig.of(1) == 0)
    }

    @Test func atMostSoManyScoresAreKeptAndTheOldestLeaveFirst() {
        var rig = ScoreRig(Self.topic) {
            $0.retainedCountMax = 2
            $0.ipColocationFactorWeight = -1
        }
        for peer in 1...3 {
            rig.connect(peer, at: "1.2.3.4")
            rig.reject(peer, from: peer)
            rig.disconnect(peer)
        }
        #expect(rig.score.departed.keys == [ScoreRig.id(2), ScoreRig.id(3)])
        #expect(rig.score.colocated.values.map(\.self) == [2])
    }

    @Test func aVerdictFindsWhoLeftMeanwhile() {
        var rig = ScoreRig(Self.topic)
        rig.connect(1, 2, 3)
        rig.start(1)
        rig.duplicate(1, from: 2)
        rig.duplicate(1, from: 3)
        rig.disconnect(1)
        rig.disconnect(2)
        rig.disconnect(3)
        rig.connect(3)
        rig.reject(1, from: 1)
        for peer in 1...3 { #expect(rig.score.score(of: ScoreRig.id(peer)) == -1) }
    }

    @Test func aPeerThatComesBackIsTheSameSender() {
        var rig = ScoreRig(Self.topic)
        rig.connect(1, 2)
        rig.start(1)
        for _ in 0..<5 {
            rig.duplicate(1, from: 2)
            rig.disconnect(2)
            rig.connect(2)
        }
        rig.reject(1, from: 1)
        #expect(rig.of(2) == -1)
    }

    @Test func aPenaltyFindsWhoLeft() {
        var rig = ScoreRig {
            $0.behaviourPenaltyWeight = -1
            $0.behaviourPenaltyDecay = 0.5
        }
        rig.connect(1)
        rig.disconnect(1)
        rig.score.penalise(rig.number(1), 3)
        #expect(rig.score.score(of: ScoreRig.id(1)) == -9)
    }

    // MARK: Decay

    @Test func missedDecaysAreMadeUpForOneByOne() {
        var rig = ScoreRig(
            ScoreRig.topic {
                $0.firstMessageDeliveriesWeight = 1
                $0.firstMessageDeliveriesDecay = 0.97
                $0.firstMessageDeliveriesCap = 100
            }
        ) { $0.decayInterval = .seconds(2) }
        rig.connect(1)
        rig.deliver(0..<100, from: 1)
        rig.now += .milliseconds(1_999)
        rig.score.decayIfDue(now: rig.now)
        #expect(rig.of(1) == 100)
        rig.now += .milliseconds(1)
        rig.score.decayIfDue(now: rig.now)
        #expect(rig.of(1) == 97)
        rig.now += .milliseconds(7_999)
        rig.score.decayIfDue(now: rig.now)
        #expect(rig.of(1) == 100 * 0.97 * 0.97 * 0.97 * 0.97)
        #expect(rig.score.nextDecay == .zero + .seconds(10))
    }

    @Test func aLongSleepDecaysAsMuchAsItMissed() throws {
        let decay = CounterDecay(count: 100_000, decayToZero: 1e-300)
        var counter = 1e10
        decay.apply(0.9999, to: &counter)
        // 10¹⁰ · 0.9999¹⁰⁰⁰⁰⁰
        #expect(abs(counter / 453_772.339_590_111_5 - 1) < 1e-9)
        var small = 5.0
        CounterDecay(count: .max, decayToZero: 0.01).apply(0.999_999_999, to: &small)
        #expect(small == 0)
    }

    @Test func nothingDecaysBeforeThereIsAPeer() {
        var rig = ScoreRig(Self.topic)
        #expect(rig.score.nextDecay == nil)
        rig.now += .seconds(100)
        rig.connect(1)
        #expect(rig.score.nextDecay == .zero + .seconds(101))
    }

    @Test func topicsThatSayNothingAreForgotten() {
        var rig = ScoreRig(Self.topic) { $0.defaultTopic = Self.topic }
        rig.connect(1)
        for number in 0..<100 { rig.deliver(number, from: 1, topic: Topic("topic \(number)")) }
        #expect(rig.score.parts(of: rig.number(1)).topics.count == 100)
        for _ in 0..<10 { rig.decay(after: .seconds(1)) }
        #expect(rig.score.parts(of: rig.number(1)).topics.isEmpty)
    }

    // MARK: Parameters that change

    @Test func loweredCapsCutCountersOfPresentAndDepartedPeers() {
        var rig = ScoreRig(Self.topic) {
            $0.applicationWeight = 1
            $0.applicationScore = -1_000
        }
        rig.connect(1, 2)
        rig.graft(1, 2)
        rig.deliver(0..<100, from: 1)
        rig.deliver(100..<200, from: 2)
        rig.disconnect(2)
        var lower = Self.topic
        lower.firstMessageDeliveriesCap = 50
        rig.score.setTopicParameters(lower, of: "t")
        #expect(rig.topic(1)?.firstMessageDeliveries == 50)
        #expect(rig.topic(1)?.meshMessageDeliveries == 100)
        lower.meshMessageDeliveriesCap = 40
        rig.score.setTopicParameters(lower, of: "t")
        #expect(rig.topic(1)?.meshMessageDeliveries == 40)
        rig.connect(2)
        #expect(rig.topic(2)?.meshMessageDeliveries == 40)
    }

    @Test func newWeightsCountAtOnce() {
        var rig = ScoreRig(Self.topic)
        rig.connect(1)
        for message in 0..<100 { rig.reject(message, from: 1) }
        #expect(rig.of(1) == -10_000)
        var heavier = Self.topic
        heavier.invalidMessageDeliveriesWeight = -10
        rig.score.setTopicParameters(heavier, of: "t")
        #expect(rig.of(1) == -100_000)
    }

    // MARK: From run to run

    @Test func whatIsHeldAgainstPeersSurvivesTheRun() {
        var rig = ScoreRig(Self.topic) {
            $0.behaviourPenaltyWeight = -1
            $0.behaviourPenaltyDecay = 0.5
            $0.retainScore = .seconds(100)
        }
        rig.connect(1, 2, 3, 4)
        rig.graft(1, 3)
        rig.decay(after: .seconds(1))
        rig.reject(1, from: 1)
        rig.score.penalise(rig.number(2), 3)
        rig.deliver(0..<4, from: 4)
        rig.disconnect(2)
        rig.now += .seconds(40)
        let scores = rig.score.retained(now: rig.now)
        #expect(scores.map(\.peer) == [1, 2, 3].map(ScoreRig.id).sorted())
        #expect(
            Dictionary(uniqueKeysWithValues: scores.map { ($0.peer, $0.remaining) }) == [
                ScoreRig.id(1): .seconds(100), ScoreRig.id(2): .seconds(60), ScoreRig.id(3): .seconds(100),
            ])
        rig.disconnect(1)
        rig.disconnect(3)

        var later = ScoreRig(Self.topic) { $0 = rig.score.parameters }
        later.score.restore(scores, now: later.now)
        for peer in 1...4 {
            #expect(
                later.score.score(of: ScoreRig.id(peer))
                    == (peer == 4 ? 0 : rig.score.score(of: ScoreRig.id(peer))))
            later.connect(peer)
        }
        // P3 −4², P3b −4², P4 −1².
        #expect([1, 2, 3, 4].map { later.of($0) } == [-33, -9, -32, 0])
    }

    @Test func restoredScoresAreBoundedAndNoStrangeNumberIsTaken() {
        var rig = ScoreRig(Self.topic) {
            $0.retainedCountMax = 2
            $0.retainScore = .seconds(10)
            $0.behaviourPenaltyWeight = -1
        }
        var scores: [RetainedScore] = []
        for (peer, penalty) in [(1, 5.0), (2, .nan), (3, -7), (4, .infinity)] {
            var score = RetainedScore(peer: ScoreRig.id(peer), remaining: .seconds(1_000_000))
            score.behaviourPenalty = penalty
            var topic = RetainedScore.Topic("t")
            topic.invalidMessageDeliveries = -.infinity
            topic.meshFailurePenalty = .nan
            score.topics = [topic]
            scores.append(score)
        }
        rig.score.restore(Array(scores[0..<2]), now: rig.now)
        #expect([1, 2].map { rig.score.score(of: ScoreRig.id($0)) } == [-25, 0])
        rig.score.restore(Array(scores[2...]), now: rig.now)
        #expect(rig.score.departed.count == 2)
        #expect([3, 4].map { rig.score.score(of: ScoreRig.id($0)) } == [0, 0])
        rig.decay(after: .seconds(11))
        #expect(rig.score.departed.isEmpty)
    }

    @Test func restoringDoesNotMakeAConnectedPeerBetter() {
        var rig = ScoreRig(Self.topic) { $0.behaviourPenaltyWeight = -1 }
        rig.connect(1)
        rig.score.penalise(rig.number(1), 5)
        var score = RetainedScore(peer: ScoreRig.id(1), remaining: .seconds(5))
        score.behaviourPenalty = 2
        var topic = RetainedScore.Topic("t")
        topic.invalidMessageDeliveries = 3
        score.topics = [topic]
        rig.score.restore([score], now: rig.now)
        #expect(rig.of(1) == -25 - 9)
    }
}
