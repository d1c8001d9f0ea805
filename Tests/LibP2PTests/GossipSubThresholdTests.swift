import LibP2P
import LibP2PCore
import Testing

private typealias fixture = GossipSubFixture

extension RouterRig {
    /// A router whose peers' scores are what the application says (P5 with weight 1).
    static func scored(
        seed: UInt64 = 7, _ change: (inout GossipSubParameters) -> Void = { _ in }
    ) -> RouterRig {
        RouterRig(seed: seed) {
            var score = PeerScoreParameters()
            score.applicationWeight = 1
            $0.score = score
            $0.thresholds = PeerScoreThresholds(
                gossip: -10, publish: -50, graylist: -80, acceptPX: 10, opportunisticGraft: 20)
            change(&$0)
        }
    }

    mutating func setScore(_ score: Double, of numbers: some Sequence<Int>) {
        for number in numbers { self.apply(.setApplicationScore(GossipSubFixture.peer(number), score)) }
    }

    /// The peers that are to be dialled.
    var dialled: [(peer: PeerID, addresses: [Multiaddr], reason: DialReason)] {
        self.outputs.compactMap {
            if case .dial(let peer, let addresses, let reason) = $0 { (peer, addresses, reason) } else { nil }
        }
    }
}

/// What each threshold keeps away (gossipsub v1.1, "Score Thresholds").
@Suite struct GossipSubThresholdTests {
    @Test func peerOfNegativeScoreIsPrunedAtTheHeartbeatWithoutOtherPeers() {
        var rig = RouterRig.scored { $0.exchangesPeers = true }
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.setScore(-0.5, of: [2])
        rig.heartbeat()
        #expect(rig.mesh() == peers([3]))
        #expect(rig.sent(to: 2).prune.map(\.peers) == [[]])
        #expect(rig.router.counters("t").pruneReasons[.negativeScore] == 1)
    }

    /// One RPC asks for something, and deserves nothing.
    @Test func whoFallsBelowTheGraylistThresholdGetsNoAnswers() {
        var rig = RouterRig.scored {
            $0.score?.behaviourPenaltyWeight = -100
            $0.score?.behaviourPenaltyDecay = 0.9
        }
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        let known = fixture.message()
        rig.receive(RPC(messages: [known]), from: 3)
        let asks = RPC(
            ihave: [.init("t", ids: [MessageID([1])])], iwant: [rig.router.messageID(known)])
        rig.receive(asks, from: 2)
        #expect(rig.sent(to: 2).messages == [known] && rig.sent(to: 2).iwant == [MessageID([1])])
        // It was sent away, and comes back at once, again and again.
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 60)]), from: 2)
        var offence = asks
        offence.graft = ["t"]
        rig.receive(offence, from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) < -80)
        #expect(rig.sent(to: 2).messages.isEmpty && rig.sent(to: 2).iwant.isEmpty)
        #expect(!rig.sent(to: 2).prune.isEmpty)
    }

    @Test func peerOfNegativeScoreIsNotGraftedOnAnyPath() {
        var rig = RouterRig.scored()
        rig.setScore(-1, of: [2])
        rig.connect([2])
        rig.apply(.subscribe("t"))  // join
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: false)]), from: 2)
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: true)]), from: 2)  // subscribe
        rig.heartbeat(3)  // heartbeat
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(graft: ["t"]), from: 2)  // on its own demand
        #expect(rig.mesh().isEmpty)
        #expect(rig.sent(to: 2).prune == [.init("t", backoffSeconds: 60)])
        // That was no offence.
        #expect(rig.router.score(of: fixture.peer(2)) == -1)
    }

    @Test func gossipGoesToNobodyBelowTheGossipThreshold() {
        var rig = RouterRig.scored {
            $0.degree = 0
            $0.degreeLow = 0
            $0.degreeHigh = 0
            $0.degreeScore = 0
            $0.degreeOut = 0
        }
        rig.apply(.subscribe("t"))
        rig.connect([2, 3, 4])
        rig.setScore(-10.5, of: [2])
        rig.setScore(-10, of: [3])
        rig.receive(RPC(messages: [fixture.message()]), from: 4)
        rig.heartbeat()
        #expect(rig.sent(to: 2).ihave.isEmpty)
        #expect(rig.sent(to: 3).ihave.count == 1)
    }

    @Test func iwantIsNotAnsweredBelowTheGossipThreshold() {
        var rig = RouterRig.scored()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3, 4])
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 4)
        rig.setScore(-11, of: [2])
        let id = rig.router.messageID(message)
        rig.receive(RPC(iwant: [id]), from: 2)
        #expect(rig.sent.isEmpty)
        rig.receive(RPC(iwant: [id]), from: 3)
        #expect(rig.sent(to: 3).messages == [message])
    }

    @Test func ihaveIsNotReadBelowTheGossipThreshold() {
        var rig = RouterRig.scored()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.setScore(-11, of: [2])
        rig.receive(RPC(ihave: [.init("t", ids: [MessageID([1])])]), from: 2)
        #expect(rig.sent.isEmpty)
        rig.setScore(-10, of: [2])
        rig.receive(RPC(ihave: [.init("t", ids: [MessageID([1])])]), from: 2)
        #expect(rig.sent(to: 2).iwant == [MessageID([1])])
    }

    @Test func ownMessagesAreNotFloodedBelowThePublishThreshold() {
        var rig = RouterRig.scored { $0.floodPublish = true }
        rig.apply(.subscribe("t"))
        rig.connect([2, 3, 4])
        rig.setScore(-51, of: [2])
        rig.setScore(-50, of: [3])
        rig.input(.publish(fixture.message(author: 1)))
        #expect(rig.published.map { Set($0.peers) } == [peers([3, 4])])
    }

    @Test func fanoutHasNobodyBelowThePublishThreshold() {
        var rig = RouterRig.scored()
        rig.connect([2, 3])
        rig.setScore(-51, of: [2])
        rig.input(.publish(fixture.message(author: 1)))
        #expect(Set(rig.router.fanoutPeers("t")) == peers([3]))
        rig.setScore(-51, of: [3])
        rig.heartbeat()
        #expect(rig.router.fanoutPeers("t").isEmpty)
    }

    @Test func smallMeshAndFloodsubPeersGetNothingBelowThePublishThreshold() {
        var rig = RouterRig.scored()
        rig.apply(.subscribe("t"))
        rig.setScore(-51, of: [2, 3])
        rig.connect([2])
        rig.connect([3], .floodsub)
        rig.connect([4], .floodsub)
        rig.input(.publish(fixture.message(author: 1)))
        #expect(rig.published.map(\.peers) == [[fixture.peer(4)]])
    }

    @Test func nothingButSubscriptionsIsReadBelowTheGraylistThreshold() {
        var rig = RouterRig.scored()
        rig.apply(.subscribe("t"))
        rig.connect([2], subscribed: [])
        rig.setScore(-81, of: [2])
        rig.receive(
            RPC(
                subscriptions: [.init("t", isSubscribed: true)], messages: [fixture.message()],
                ihave: [.init("t", ids: [MessageID([1])])], graft: ["t"]), from: 2)
        #expect(rig.delivered.isEmpty)
        #expect(rig.sent.isEmpty)
        #expect(rig.router.subscribers("t") == [fixture.peer(2)])
        rig.setScore(-80, of: [2])
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.delivered.count == 1)
    }

    @Test func peerThatFallsBelowTheGraylistThresholdLeavesTheMeshAtOnce() {
        var rig = RouterRig { parameters in
            var score = PeerScoreParameters()
            var topic = TopicScoreParameters()
            topic.topicWeight = 1
            topic.invalidMessageDeliveriesWeight = -100
            topic.invalidMessageDeliveriesDecay = 0.5
            score.defaultTopic = topic
            parameters.score = score
            parameters.thresholds = PeerScoreThresholds(
                gossip: -10, publish: -50, graylist: -80, acceptPX: 0, opportunisticGraft: 0)
        }
        rig.verdict = .reject
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == -100)
        #expect(rig.mesh() == peers([3]))
        rig.verdict = .accept
        rig.receive(RPC(messages: [fixture.message(seqno: 2)]), from: 3)
        #expect(rig.sent(to: 2).messages.isEmpty)
    }

    @Test func bestAreKeptWhenTheMeshIsCut() {
        var rig = RouterRig.scored()
        rig.apply(.subscribe("t"))
        rig.connect(2..<16)
        for peer in 2..<16 {
            rig.setScore(Double(peer), of: [peer])
            rig.receive(RPC(graft: ["t"]), from: peer)
        }
        #expect(rig.mesh().count == 12)
        let best = rig.router.meshPeers("t").map { (rig.router.score(of: $0), $0) }.sorted { $0.0 > $1.0 }
        rig.heartbeat()
        #expect(rig.mesh().count == 6)
        #expect(rig.mesh().isSuperset(of: best.prefix(4).map(\.1)))
    }

    @Test func brokenPromiseIsMisbehaviour() {
        var rig = RouterRig { parameters in
            var score = PeerScoreParameters()
            score.behaviourPenaltyWeight = -1
            score.behaviourPenaltyDecay = 0.99
            parameters.score = score
        }
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(ihave: [.init("t", ids: [MessageID([1])])]), from: 2)
        rig.now += .seconds(3)
        rig.heartbeat()
        #expect(rig.router.score(of: fixture.peer(2)) == -1)
        #expect(rig.router.scoreParts(of: fixture.peer(2))?.total == -1)
    }

    @Test func graftDuringBackoffIsMisbehaviourAndSoonAfterThePruneTwice() {
        var rig = RouterRig { parameters in
            var score = PeerScoreParameters()
            score.behaviourPenaltyWeight = -1
            score.behaviourPenaltyDecay = 0.999
            score.decayInterval = .seconds(3_600)
            parameters.score = score
        }
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 60)]), from: 2)
        rig.now += .seconds(9)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == -4)  // 2 squared
        #expect(rig.sent(to: 2).prune == [.init("t", backoffSeconds: 60)])
        // The backoff began anew: 30 seconds later it is one offence more.
        rig.now += .seconds(30)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == -9)
        // A minute after the last attempt it is none.
        rig.now += .seconds(60)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == -9)
    }

    @Test func graftInTheLastSecondOfABackoffIsInTime() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 60)]), from: 2)
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 60)]), from: 3)
        rig.now += .milliseconds(58_999)
        rig.receive(RPC(graft: ["t"]), from: 3)
        #expect(!rig.mesh().contains(fixture.peer(3)))
        #expect(rig.router.scoreParts(of: fixture.peer(3))?.behaviourPenalty == 1)
        rig.now += .milliseconds(1)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.mesh().contains(fixture.peer(2)))
        #expect(rig.router.scoreParts(of: fixture.peer(2))?.behaviourPenalty == 0)
    }

    @Test func graftAfterOurOwnLeavingAndBeforeTheShortBackoffEndsIsMisbehaviour() {
        var rig = RouterRig { parameters in
            var score = PeerScoreParameters()
            score.behaviourPenaltyWeight = -1
            score.behaviourPenaltyDecay = 0.999
            parameters.score = score
        }
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.apply(.unsubscribe("t"))
        rig.apply(.subscribe("t"))
        rig.now += .seconds(10)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.mesh() == peers([2]))
        #expect(rig.router.score(of: fixture.peer(2)) == 0)
    }

    @Test func opportunisticGraftingBringsBetterPeersIntoABadMesh() {
        var rig = RouterRig.scored { $0.opportunisticGraftTicks = 3 }
        rig.apply(.subscribe("t"))
        rig.connect(2..<8)
        #expect(rig.mesh().count == 6 || rig.mesh().count >= 4)
        rig.heartbeat()  // 1: the mesh fills up to D
        let poor = rig.mesh()
        rig.connect(20..<30)
        for number in 2..<8 { rig.setScore(5, of: [number]) }
        rig.setScore(5, of: [20])  // not better than the median
        rig.setScore(25, of: 21..<30)
        rig.heartbeat()  // 2
        #expect(rig.mesh() == poor)
        rig.heartbeat()  // 3
        let better = rig.mesh().subtracting(poor)
        #expect(better.count == 2)
        #expect(better.isSubset(of: peers(21..<30)))
        #expect(rig.router.counters("t").graftReasons[.opportunistic] == 2)
    }

    @Test func opportunisticGraftingLeavesAGoodMeshAlone() {
        var rig = RouterRig.scored { $0.opportunisticGraftTicks = 1 }
        rig.apply(.subscribe("t"))
        rig.connect(2..<8)
        rig.heartbeat()
        let mesh = rig.mesh()
        rig.connect(20..<30)
        rig.setScore(20, of: 2..<8)  // at the threshold, not below
        rig.setScore(99, of: 20..<30)
        rig.heartbeat(3)
        #expect(rig.mesh() == mesh)
    }

    @Test func blockedPeersAndAuthorsAreNotHeard() {
        var rig = RouterRig.scored()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.input(.setBlockedPeers(peers([2]).union([fixture.peer(100)])))
        #expect(rig.mesh() == peers([3]))
        rig.receive(RPC(messages: [fixture.message(author: 7)]), from: 2)
        #expect(rig.delivered.isEmpty)
        rig.receive(RPC(messages: [fixture.message(author: 100)]), from: 3)
        #expect(rig.delivered.isEmpty)
        #expect(rig.rejections(.blacklistedSource) == 1)
        #expect(rig.router.score(of: fixture.peer(3)) == 0)
        rig.receive(RPC(messages: [fixture.message(author: 7)]), from: 3)
        #expect(rig.delivered.count == 1)
    }

    @Test func scoresOfAnEarlierRunHoldOn() {
        func rig() -> RouterRig {
            RouterRig { parameters in
                var score = PeerScoreParameters()
                score.behaviourPenaltyWeight = -1
                score.behaviourPenaltyDecay = 0.999
                parameters.score = score
            }
        }
        var first = rig()
        first.apply(.subscribe("t"))
        first.connect([2])
        first.receive(RPC(prune: [.init("t", backoffSeconds: 60)]), from: 2)
        first.receive(RPC(graft: ["t"]), from: 2)
        let kept = first.router.retainedScores(now: first.now)
        var second = rig()
        second.apply(.restoreScores(kept))
        second.connect([2])
        #expect(second.router.score(of: fixture.peer(2)) == -4)
    }
}

/// What the application's verdicts do to scores.
@Suite struct GossipSubVerdictScoreTests {
    /// Rejections and first deliveries count, by 1 and 10.
    private func rig() -> RouterRig {
        RouterRig { parameters in
            var topic = TopicScoreParameters()
            topic.topicWeight = 1
            topic.firstMessageDeliveriesWeight = 10
            topic.firstMessageDeliveriesCap = 100
            topic.firstMessageDeliveriesDecay = 0.9
            topic.invalidMessageDeliveriesWeight = -1
            topic.invalidMessageDeliveriesDecay = 0.9
            var score = PeerScoreParameters()
            score.defaultTopic = topic
            parameters.score = score
        }
    }

    @Test(arguments: [
        (ValidationResult.accept, 10.0), (.acceptUrgent, 10), (.ignore, 0), (.reject, -1), (.presence, 0),
    ])
    func verdictCountsAsItIs(verdict: ValidationResult, score: Double) {
        var rig = self.rig()
        rig.verdict = verdict
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == score)
        #expect(rig.router.score(of: fixture.peer(3)) == 0)
    }

    @Test func rejectionIsHeldAgainstAllThatSentItMeanwhile() {
        var rig = self.rig()
        rig.verdict = nil
        rig.apply(.subscribe("t"))
        rig.connect([2, 3, 4])
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 2)
        rig.receive(RPC(messages: [message]), from: 3)
        rig.receive(RPC(messages: [message]), from: 3)
        let token = rig.asked[0]
        rig.input(.validated(token, .reject))
        #expect(rig.router.score(of: fixture.peer(2)) == -1)
        #expect(rig.router.score(of: fixture.peer(3)) == -1)
        #expect(rig.router.score(of: fixture.peer(4)) == 0)
    }

    @Test func forgedCopyIsHeldAgainstItsSenderAlone() {
        var rig = self.rig()
        rig.verifies = false
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        let good = fixture.message()
        let forged = Message(
            from: good.from, data: Array("other".utf8), seqno: good.seqno, topic: "t",
            signature: good.signature)
        rig.receive(RPC(messages: [forged]), from: 2)
        rig.receive(RPC(messages: [good]), from: 3)
        let tokens = rig.asked
        rig.input(.verified(tokens[0], .badSignature))
        rig.input(.verified(tokens[1], nil))
        #expect(rig.delivered == [good])
        #expect(rig.router.score(of: fixture.peer(2)) == -1)
        #expect(rig.router.score(of: fixture.peer(3)) == 10)
    }

    @Test func ownMessageOfAnEarlierRunIsNobodysFaultAndAForgedOneIs() {
        var rig = self.rig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        let own = fixture.message(author: RouterRig.local)
        // Another run wrote it, and this one does not know it any more.
        rig.receive(RPC(messages: [own]), from: 2)
        #expect(rig.delivered.isEmpty)
        #expect(rig.router.score(of: fixture.peer(2)) == 0)
        #expect(rig.router.counters("t").ignored == 1)
        let other = fixture.message("other", seqno: 2, author: RouterRig.local)
        let forged = Message(
            from: other.from, data: [1], seqno: other.seqno, topic: "t", signature: other.signature)
        rig.receive(RPC(messages: [forged]), from: 3)
        #expect(rig.delivered.isEmpty)
        #expect(rig.router.score(of: fixture.peer(3)) == -1)
        rig.now += .seconds(4)
        rig.heartbeat()
        #expect(rig.router.brokenPromises(of: fixture.peer(2)) == 0)
    }

    @Test func presenceIsForwardedAndIsNoMessage() {
        var rig = self.rig()
        rig.verdict = .presence
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 2)
        #expect(rig.delivered.isEmpty)
        #expect(rig.sent(to: 3).messages == [message])
        let counters = rig.router.counters("t")
        #expect((counters.received, counters.presence, counters.ignored) == (0, 1, 0))
        rig.receive(RPC(messages: [message]), from: 3)
        #expect(rig.router.score(of: fixture.peer(3)) == 0)
    }

    @Test func urgentMessageIsForwardedAheadOfOthers() {
        var rig = self.rig()
        rig.verdict = .acceptUrgent
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.sent.map(\.priority) == [.urgent])
        // The label alone moves nothing: the verdict does.
        rig.verdict = .accept
        rig.receive(RPC(messages: [fixture.message(seqno: 2)]), from: 2)
        #expect(rig.sent.map(\.priority) == [.forwarded])
        rig.input(.publish(fixture.message(seqno: 3, author: 1), isUrgent: true))
        #expect(rig.sent.allSatisfy { $0.priority == .urgent } && !rig.sent.isEmpty)
    }
}
