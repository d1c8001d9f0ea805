import LibP2PCore
import Testing

@testable import LibP2P

/// What each parameter counts, and what it does not.
@Suite struct PeerScoreTests {
    // MARK: P1

    @Test func timeInMeshCountsInWholeQuantaAsOfTheLastDecay() {
        var rig = ScoreRig(
            ScoreRig.topic {
                $0.topicWeight = 0.5
                $0.timeInMeshWeight = 1
                $0.timeInMeshQuantum = .milliseconds(100)
                $0.timeInMeshCap = 3_600
            })
        rig.connect(1)
        rig.graft(1)
        #expect(rig.of(1) == 0)
        rig.now += .milliseconds(299)
        #expect(rig.of(1) == 0, "time is taken stock of by decays alone")
        rig.decay()
        #expect(rig.of(1) == 0.5 * 2)
    }

    @Test func timeInMeshIsCapped() {
        var rig = ScoreRig(
            ScoreRig.topic {
                $0.timeInMeshWeight = 1
                $0.timeInMeshQuantum = .milliseconds(1)
                $0.timeInMeshCap = 10
            })
        rig.connect(1)
        rig.graft(1)
        rig.decay(after: .milliseconds(40))
        #expect(rig.of(1) == 10)
    }

    @Test func timeInMeshCountsInTheMeshAloneAndBeginsAnewWithAGraft() {
        var rig = ScoreRig(
            ScoreRig.topic {
                $0.timeInMeshWeight = 1
                $0.timeInMeshCap = 100
            })
        rig.connect(1)
        rig.decay(after: .seconds(5))
        #expect(rig.of(1) == 0)
        rig.graft(1)
        rig.decay(after: .seconds(5))
        #expect(rig.of(1) == 5)
        rig.prune(1)
        #expect(rig.of(1) == 0)
        rig.graft(1)
        #expect(rig.of(1) == 0)
        rig.decay(after: .seconds(2))
        #expect(rig.of(1) == 2)
    }

    // MARK: P2

    private static let first = ScoreRig.topic {
        $0.firstMessageDeliveriesWeight = 1
        $0.firstMessageDeliveriesDecay = 0.9
        $0.firstMessageDeliveriesCap = 50
    }

    @Test func firstDeliveriesCountInTheMeshAndOutsideUpToTheCap() {
        var rig = ScoreRig(Self.first)
        rig.connect(1, 2)
        rig.graft(1)
        rig.deliver(0..<30, from: 1)
        rig.deliver(30..<100, from: 2)
        #expect(rig.of(1) == 30)
        #expect(rig.of(2) == 50)
    }

    @Test func firstDeliveriesDecay() {
        var rig = ScoreRig(Self.first)
        rig.connect(1)
        rig.deliver(0..<20, from: 1)
        var expected = 20.0
        for _ in 0..<10 {
            rig.decay()
            expected *= 0.9
            #expect(rig.of(1) == expected)
        }
    }

    @Test func countersBelowDecayToZeroAreZero() {
        var rig = ScoreRig(Self.first) { $0.decayToZero = 0.9 }
        rig.connect(1)
        rig.deliver(0..<1, from: 1)
        rig.decay()
        #expect(rig.of(1) == 0.9)
        rig.decay()
        #expect(rig.of(1) == 0)
    }

    @Test func duplicatesAreNoFirstDeliveries() {
        var rig = ScoreRig(Self.first)
        rig.connect(1, 2)
        rig.start(1)
        rig.duplicate(1, from: 2)
        rig.deliver(1, from: 1)
        rig.duplicate(1, from: 2)
        #expect(rig.of(1) == 1)
        #expect(rig.of(2) == 0)
    }

    // MARK: P3

    private static let mesh = ScoreRig.topic {
        $0.meshMessageDeliveriesWeight = -1
        $0.meshMessageDeliveriesDecay = 0.9
        $0.meshMessageDeliveriesCap = 100
        $0.meshMessageDeliveriesThreshold = 20
        $0.meshMessageDeliveriesWindow = .milliseconds(10)
        $0.meshMessageDeliveriesActivation = .seconds(1)
    }

    @Test func missingDeliveriesCountOnceThePeerWasLongEnoughInTheMesh() {
        var rig = ScoreRig(Self.mesh)
        rig.connect(1)
        rig.graft(1)
        rig.decay(after: .seconds(1))
        #expect(rig.of(1) == 0, "not at the activation time but after it")
        rig.decay(after: .nanoseconds(1))
        #expect(rig.of(1) == -400)
    }

    @Test func deliveriesInTheWindowCountAndLaterOnesDoNot() {
        var rig = ScoreRig(Self.mesh)
        rig.connect(1, 2, 3, 4)
        rig.graft(1, 2, 3, 4)
        for message in 0..<30 {
            rig.start(message)
            rig.duplicate(message, from: 4)
            rig.deliver(message, from: 1)
            let validated = rig.now
            rig.now = validated + .milliseconds(10)
            rig.duplicate(message, from: 2)
            rig.now = validated + .milliseconds(10) + .nanoseconds(1)
            rig.duplicate(message, from: 3)
            rig.duplicate(message, from: 2)
        }
        #expect(rig.topic(1)?.meshMessageDeliveries == 30)
        #expect(rig.topic(2)?.meshMessageDeliveries == 30, "at the end of the window, and once a message")
        #expect(rig.topic(3)?.meshMessageDeliveries == nil || rig.topic(3)?.meshMessageDeliveries == 0)
        #expect(rig.topic(4)?.meshMessageDeliveries == 30, "during validation")
        rig.decay(after: .seconds(2))
        for peer in [1, 2, 4] { #expect(rig.of(peer) == 0) }
        #expect(rig.of(3) == -400)
    }

    @Test func deliveriesOutsideTheMeshAreNoMeshDeliveries() {
        var rig = ScoreRig(Self.mesh)
        rig.connect(1, 2)
        rig.start(1)
        rig.duplicate(1, from: 2)
        rig.deliver(1, from: 1)
        rig.start(2)
        rig.deliver(2, from: 1)
        rig.duplicate(2, from: 2)
        #expect(rig.topic(1)?.meshMessageDeliveries == 0)
        #expect(rig.topic(2)?.meshMessageDeliveries == 0)
    }

    @Test func theFirstSenderIsNotRewardedTwiceForSendingTwice() {
        var rig = ScoreRig(Self.mesh)
        rig.connect(1)
        rig.graft(1)
        rig.start(1)
        rig.duplicate(1, from: 1)
        rig.deliver(1, from: 1)
        #expect(rig.topic(1)?.meshMessageDeliveries == 1)
    }

    @Test func meshDeliveriesAreCappedAndDecayBelowTheThreshold() {
        var rig = ScoreRig(Self.mesh)
        rig.connect(1)
        rig.graft(1)
        rig.deliver(0..<150, from: 1)
        #expect(rig.topic(1)?.meshMessageDeliveries == 100)
        var count = 100.0
        for _ in 0..<20 {
            rig.decay(after: .seconds(1))
            count *= 0.9
        }
        #expect(rig.of(1) == -(20 - count) * (20 - count))
    }

    @Test func aGraftSuspendsTheThresholdAndAPruneDoesNot() {
        var rig = ScoreRig(Self.mesh)
        rig.connect(1)
        rig.graft(1)
        rig.decay(after: .seconds(2))
        #expect(rig.of(1) == -400)
        rig.prune(1)
        #expect(rig.of(1) == -400)
        rig.graft(1)
        #expect(rig.of(1) == 0)
    }

    // MARK: P3b

    private static let failure = ScoreRig.topic {
        $0.meshMessageDeliveriesDecay = 0.9
        $0.meshMessageDeliveriesCap = 100
        $0.meshMessageDeliveriesThreshold = 20
        $0.meshFailurePenaltyWeight = -1
        $0.meshFailurePenaltyDecay = 0.5
    }

    @Test func whatIsMissingAtAPruneSticksAndDecays() {
        var rig = ScoreRig(Self.failure)
        rig.connect(1, 2)
        rig.graft(1, 2)
        rig.deliver(0..<100, from: 1)
        rig.decay(after: .milliseconds(1))
        #expect(rig.of(1) == 0)
        #expect(rig.of(2) == 0, "nothing sticks before the prune")
        rig.prune(1)
        rig.prune(2)
        #expect(rig.of(1) == 0)
        #expect(rig.of(2) == -400)
        rig.decay()
        #expect(rig.of(2) == -200)
    }

    @Test func aPruneBeforeTheActivationLeavesNothing() {
        var rig = ScoreRig(Self.failure)
        rig.connect(1)
        rig.graft(1)
        rig.prune(1)
        #expect(rig.of(1) == 0)
    }

    // MARK: P4

    private static let invalid = ScoreRig.topic {
        $0.invalidMessageDeliveriesWeight = -1
        $0.invalidMessageDeliveriesDecay = 0.9
    }

    @Test func rejectedMessagesCountSquaredAndDecay() {
        var rig = ScoreRig(Self.invalid)
        rig.connect(1)
        for message in 0..<10 {
            rig.start(message)
            rig.reject(message, from: 1)
        }
        #expect(rig.of(1) == -100)
        rig.decay()
        #expect(rig.of(1) == -81)
    }

    @Test(arguments: [
        RejectReason.missingSignature, .invalidSignature, .unexpectedSignature, .unexpectedAuthInfo,
        .selfOrigin,
    ])
    func whatIsWrongInItselfCountsAgainstItsSenderAlone(_ reason: RejectReason) {
        var rig = ScoreRig(Self.invalid)
        rig.connect(1, 2)
        rig.duplicate(1, from: 2)
        rig.reject(1, from: 1, reason)
        rig.reject(1, from: 1, reason)
        #expect(rig.of(1) == -4)
        #expect(rig.of(2) == 0)
        rig.deliver(1, from: 2)
        rig.duplicate(1, from: 2)
        #expect(rig.of(2) == 0, "the id proved nothing, so the message could still be valid")
    }

    @Test(arguments: [RejectReason.blacklistedPeer, .blacklistedSource, .validationQueueFull])
    func whatWasNotLookedAtCountsForNothing(_ reason: RejectReason) {
        var rig = ScoreRig(Self.invalid)
        rig.connect(1, 2)
        rig.reject(1, from: 1, reason)
        #expect(rig.of(1) == 0)
        rig.start(1)
        rig.reject(1, from: 2)
        #expect(rig.of(2) == -1, "no verdict was remembered")
    }

    @Test(arguments: [RejectReason.validationThrottled, .validationIgnored])
    func whatWasNotJudgedCountsForNothingWhoeverSendsIt(_ reason: RejectReason) {
        var rig = ScoreRig(Self.invalid)
        rig.connect(1, 2, 3)
        rig.start(1)
        rig.duplicate(1, from: 2)
        rig.reject(1, from: 1, reason)
        rig.duplicate(1, from: 3)
        rig.reject(1, from: 3)
        for peer in [1, 2, 3] { #expect(rig.of(peer) == 0) }
    }

    @Test func everySenderOfARejectedMessageIsToBlameDuringValidationAndAfter() {
        var rig = ScoreRig(Self.invalid)
        rig.connect(1, 2, 3, 4)
        rig.start(1)
        rig.duplicate(1, from: 2)
        rig.duplicate(1, from: 2)
        rig.reject(1, from: 1)
        rig.duplicate(1, from: 3)
        #expect([1, 2, 3, 4].map { rig.of($0) } == [-1, -1, -1, 0])
        rig.reject(1, from: 1)
        #expect(rig.of(1) == -1, "one verdict a message")
        rig.duplicate(1, from: 3)
        #expect(rig.of(3) == -4)
    }

    @Test func aMessageIsForgottenAfterItsTime() {
        var rig = ScoreRig(Self.invalid) { $0.seenMessageTTL = .seconds(120) }
        rig.connect(1, 2)
        rig.reject(1, from: 1)
        rig.decay(after: .seconds(120))
        rig.duplicate(1, from: 2)
        #expect(rig.topic(2)?.invalidMessageDeliveries == 1)
        rig.decay(after: .nanoseconds(1))
        rig.duplicate(1, from: 2)
        #expect(rig.topic(2)?.invalidMessageDeliveries == 0.9)
    }

    @Test func atMostSoManyMessagesAreRememberedAndTheOldestLeaveFirst() {
        var rig = ScoreRig(Self.invalid) { $0.seenMessageCountMax = 100 }
        rig.connect(1, 2)
        for message in 0..<101 { rig.reject(message, from: 1) }
        #expect(rig.score.records.count == 100)
        rig.duplicate(0, from: 2)
        #expect(rig.of(2) == 0)
        rig.duplicate(2, from: 2)
        #expect(rig.of(2) == -1)
    }

    // MARK: P5

    @Test func whatTheApplicationThinksIsWeighted() {
        var rig = ScoreRig {
            $0.applicationWeight = 0.5
            $0.applicationScore = 3
        }
        rig.connect(1)
        #expect(rig.of(1) == 1.5)
        for value in -100..<100 {
            rig.score.setApplicationScore(Double(value), of: ScoreRig.id(1))
            #expect(rig.of(1) == Double(value) * 0.5)
        }
        rig.score.setApplicationScore(nil, of: ScoreRig.id(1))
        #expect(rig.of(1) == 1.5)
        for value in [Double.nan, .infinity, -.infinity] {
            rig.score.setApplicationScore(value, of: ScoreRig.id(1))
            #expect(rig.of(1) == 1.5)
        }
    }

    @Test func theApplicationCanSpeakOfPeersThatAreYetToCome() {
        var rig = ScoreRig { $0.applicationWeight = 1 }
        rig.score.setApplicationScore(7, of: ScoreRig.id(1))
        #expect(rig.score.score(of: ScoreRig.id(1)) == 0, "who is unknown has no score")
        rig.connect(1)
        #expect(rig.of(1) == 7)
    }

    @Test func theScoresThatWereSetFirstLeaveWhenThereAreTooMany() {
        var table = ExpiringTable<Int, Double>(countMax: 3)
        for key in 0..<3 { _ = table.set(key, Double(key), expires: .distantFuture) }
        #expect(table.set(3, 3, expires: .distantFuture)?.key == 0)
        #expect(table.keys == [1, 2, 3])
    }

    // MARK: P6

    private static func colocation(_ change: (inout PeerScoreParameters) -> Void = { _ in }) -> ScoreRig {
        ScoreRig {
            $0.ipColocationFactorThreshold = 1
            $0.ipColocationFactorWeight = -1
            change(&$0)
        }
    }

    @Test func peersBehindOneAddressCountSquared() {
        var rig = Self.colocation()
        rig.connect(1, at: "1.2.3.4")
        rig.connect(2, 3, 4, at: "2.3.4.5")
        #expect([1, 2, 3, 4].map { rig.of($0) } == [0, -4, -4, -4])
        rig.move(4, to: "1.2.3.4")
        #expect([1, 2, 3, 4].map { rig.of($0) } == [-1, -1, -1, -1])
    }

    @Test func ipv6CountsAsAddressAndAsNetwork() {
        var rig = Self.colocation()
        rig.connect(1, at: "2001:db8::1")
        rig.connect(2, at: "2001:db8::2")
        rig.connect(3, at: "2001:db8:0:1::2")
        #expect([1, 2, 3].map { rig.of($0) } == [-1, -1, 0])
        rig.connect(4, at: "2001:db8::2")
        // The network has three peers: 2² for each; the address ::2 has two: 1² for both.
        #expect([1, 2, 3, 4].map { rig.of($0) } == [-4, -5, 0, -5])
    }

    @Test func anAddressThatIsItsOwnNetworkIsOnePeerCountedTwice() {
        var rig = Self.colocation()
        rig.connect(1, at: "2001:db8::")
        #expect(rig.of(1) == 0)
        rig.connect(2, at: "2001:db8::7")
        #expect([1, 2].map { rig.of($0) } == [-2, -1])
        rig.disconnect(1)
        rig.connect(3, at: "2001:db8::8")
        rig.decay(after: .seconds(3_601))
        #expect([2, 3].map { rig.of($0) } == [-1, -1])
    }

    @Test func ipv4InIPv6IsIPv4() {
        var rig = Self.colocation()
        rig.connect(1, at: "1.2.3.4")
        rig.connect(2, at: "::ffff:1.2.3.4")
        #expect([1, 2].map { rig.of($0) } == [-1, -1])
    }

    @Test(arguments: ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"])
    func loopbackDoesNotCount(_ address: String) {
        var rig = Self.colocation()
        rig.connect(1, 2, 3, at: address)
        #expect(rig.of(1) == 0)
    }

    @Test(arguments: ["/dns4/example.org/tcp/1", "/ip4/1.2.3.4/tcp/1/p2p-circuit", "/unix/run/x"])
    func whatIsNotThePeersOwnAddressDoesNotCount(_ address: String) throws {
        let address = try #require(Multiaddr(parsing: address))
        var rig = Self.colocation()
        rig.connect(1, address: address)
        rig.connect(2, address: address)
        #expect(rig.of(1) == 0)
    }

    @Test func anAddressBehindItsZoneCounts() {
        var rig = Self.colocation()
        let address = Multiaddr(parsing: "/ip6zone/eth0/ip6/fe80::1/tcp/1")
        rig.connect(1, address: address)
        rig.connect(2, address: address)
        #expect(rig.of(1) == -2)
    }

    @Test func networksOnTheWhitelistDoNotCount() {
        var rig = Self.colocation {
            $0.ipColocationFactorWhitelist = [
                IPNetwork(address: [2, 3, 0, 0], prefixLength: 16),
                IPNetwork(
                    address: [0x20, 0x01, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [1],
                    prefixLength: 128),
            ]
        }
        rig.connect(1, 2, at: "2.3.4.5")
        rig.connect(3, 4, at: "2.4.4.5")
        rig.connect(5, 6, at: "2001:db8::1")
        #expect([1, 2, 3, 4].map { rig.of($0) } == [0, 0, -1, -1])
        #expect([5, 6].map { rig.of($0) } == [-1, -1], "the address is on the list, its network is not")
    }

    // MARK: P7

    @Test func penaltiesCountSquaredAboveTheThresholdAndDecay() {
        var rig = ScoreRig {
            $0.behaviourPenaltyWeight = -1
            $0.behaviourPenaltyDecay = 0.99
        }
        rig.score.penalise(99, 1)
        rig.connect(1)
        #expect(rig.of(1) == 0)
        rig.score.penalise(rig.number(1), 1)
        #expect(rig.of(1) == -1)
        rig.score.penalise(rig.number(1), 1)
        #expect(rig.of(1) == -4)
        rig.decay()
        #expect(rig.of(1) == -3.9204)
    }

    @Test func penaltiesUpToTheThresholdCostNothing() {
        var rig = ScoreRig {
            $0.behaviourPenaltyWeight = -10
            $0.behaviourPenaltyDecay = 0.99
            $0.behaviourPenaltyThreshold = 6
        }
        rig.connect(1)
        rig.score.penalise(rig.number(1), 6)
        #expect(rig.of(1) == 0)
        rig.score.penalise(rig.number(1), 2)
        #expect(rig.of(1) == -40)
    }

    // MARK: Sums

    @Test func topicsAreCappedAboveAndNotBelow() {
        var topic = Self.first
        topic.invalidMessageDeliveriesWeight = -1
        topic.invalidMessageDeliveriesDecay = 0.9
        var rig = ScoreRig(topic) {
            $0.topicScoreCap = 5
            $0.applicationWeight = 1
            $0.applicationScore = 2
        }
        rig.connect(1, 2)
        rig.deliver(0..<9, from: 1)
        #expect(rig.of(1) == 5 + 2)
        for message in 100..<105 { rig.reject(message, from: 2) }
        #expect(rig.of(2) == -25 + 2)
    }

    @Test func topicsWithoutParametersCountForNothing() {
        var rig = ScoreRig(Self.first)
        rig.connect(1)
        rig.start(1)
        rig.deliver(1, from: 1, topic: "other")
        rig.reject(2, from: 1, topic: "other")
        rig.graft(1, topic: "other")
        #expect(rig.of(1) == 0)
        #expect(rig.score.parts(of: rig.number(1)).topics.isEmpty)
    }

    @Test func topicsWithoutTheirOwnParametersCountByTheDefaultOnes() {
        var rig = ScoreRig(Self.first) {
            $0.defaultTopic = ScoreRig.topic { $0.firstMessageDeliveriesCap = 9 }
        }
        rig.connect(1)
        rig.deliver(1, from: 1, topic: "other")
        #expect(rig.topic(1, "other")?.firstMessageDeliveries == 1)
        #expect(rig.of(1) == 0)
        rig.score.setTopicParameters(Self.first, of: "other")
        #expect(rig.of(1) == 1)
        rig.score.setTopicParameters(nil, of: "other")
        #expect(rig.of(1) == 0)
    }

    @Test func partsAreByNameAndAddUpToTheScore() {
        var rig = ScoreRig(Self.first) {
            $0.topics["b"] = Self.first
            $0.topics["a"] = Self.invalid
        }
        rig.connect(1)
        rig.deliver(1, from: 1, topic: "t")
        rig.deliver(2, from: 1, topic: "b")
        rig.reject(3, from: 1, topic: "a")
        let parts = rig.score.parts(of: rig.number(1))
        #expect(parts.topics.map(\.topic) == ["a", "b", "t"])
        #expect(parts.topics.map(\.score) == [-1, 1, 1])
        #expect(parts.total == 1)
        #expect(rig.score.parts(of: 77) == ScoreParts())
    }
}
