import DescordCrypto
import LibP2P
import LibP2PCore
import Testing

private let fixture = GossipSubFixture.self

/// Scenarios of several nodes that other implementations are tested by.
@Suite struct GossipSubScenarioTests {
    @Test func denseNetworkDeliversEverythingExactlyOnce() {
        var net = Network(20, seed: 21)
        net.subscribeAll()
        net.connectRandomly(degree: 10, seed: 21)
        net.run(.seconds(3))
        let ids = (0..<20).map { node in
            let id = net.publish(node, seqno: 1)
            net.run(.milliseconds(200))
            return id
        }
        net.run(.seconds(3))
        for id in ids { #expect(net.reach(id) == 19) }
        for node in net.delivered { #expect(Set(node).count == node.count) }
    }

    @Test func lateSubscribersHearEarlierMessagesByGossip() {
        // Nodes 0 to 6 are one mesh; 7 to 19 come later, and only node 0 knows both.
        var net = Network(20, seed: 22)
        for a in 0..<7 { for b in 0..<a { net.connect(a, b) } }
        for a in 7..<20 { for b in [0] + Array(7..<a) { net.connect(a, b) } }
        for node in 0..<7 { net.input(node, .subscribe("t")) }
        net.run(.seconds(2))
        let ids = (1...5).map { net.publish(1, seqno: $0) }
        net.run(.milliseconds(500))
        for id in ids { #expect(net.reach(id) == 6) }
        for node in 7..<20 { net.input(node, .subscribe("t")) }
        net.run(.seconds(8))
        for id in ids { #expect(net.reach(id) == 19) }
    }

    @Test func starReformsItselfByPeerExchange() {
        // Everybody knows the centre alone, whose mesh has room for twelve.
        var net = Network(20, seed: 23) { _, parameters in
            parameters.exchangesPeers = true
            parameters.thresholds.acceptPX = 0
        }
        net.exchangesPeers = true
        net.subscribeAll()
        for node in 1..<20 { net.connect(node, 0) }
        #expect(net.linkCount == 19)
        net.run(.seconds(10))
        #expect(net.linkCount > 19)
        // The leaves hold together without the centre.
        for node in 1..<20 { net.disconnect(node, 0) }
        net.run(.seconds(5))
        let id = net.publish(1, seqno: 1)
        net.run(.seconds(3))
        let alone = (1..<20).filter { net.routers[$0].connectedPeers.isEmpty }.count
        #expect(alone <= 12)
        #expect(net.reach(id) >= 6)
    }

    @Test func negativeScoreIsolates() {
        var net = Network(20, seed: 24) { _, parameters in
            var score = PeerScoreParameters()
            score.applicationWeight = 1
            parameters.score = score
            parameters.thresholds = PeerScoreThresholds(
                gossip: -10, publish: -50, graylist: -80, acceptPX: 0, opportunisticGraft: 0)
        }
        net.subscribeAll()
        net.connectRandomly(degree: 5, seed: 24)
        for node in 1..<20 { net.input(node, .setApplicationScore(fixture.peer(0), -1_000)) }
        net.run(.seconds(3))
        let outcast = net.publish(0, seqno: 1)
        let id = net.publish(1, seqno: 1)
        net.run(.seconds(5))
        #expect(net.reach(outcast) == 0)
        #expect(net.reach(id) == 18)
        for node in 1..<20 { #expect(!net.routers[node].meshPeers("t").contains(fixture.peer(0))) }
    }

    @Test func honestNodesNeverLowerEachOthersScore() {
        var net = Network(24, seed: 25)
        net.subscribeAll()
        net.connectRandomly(degree: 12, seed: 25)
        var prng = PRNG(seed: 25)
        for number in 0..<60 {
            _ = net.publish(number % 24, seqno: UInt64(number + 1), size: number % 5 == 0 ? 4_000 : 100)
            // Somebody leaves and comes back at once, as short-lived commands do.
            let restless = prng.below(24)
            net.input(restless, .unsubscribe("t"))
            net.input(restless, .subscribe("t"))
            net.run(.milliseconds(700))
            for router in net.routers {
                for peer in router.connectedPeers { #expect(router.score(of: peer) >= 0) }
            }
        }
        net.run(.seconds(70))
        for router in net.routers {
            #expect(router.meshPeers("t").count >= 4)
            for peer in router.connectedPeers { #expect(router.score(of: peer) >= 0) }
        }
    }

    @Test func topicThatOnlyPublishersHaveToDoWithIsNotForwarded() {
        var net = Network(3, seed: 26)
        net.connect(0, 1)
        net.connect(1, 2)
        net.input(2, .subscribe("t"))
        net.run(.milliseconds(200))
        let id = net.publish(0, seqno: 1)
        net.run(.seconds(3))
        // Node 1 is not on the topic: it passes nothing on.
        #expect(net.reach(id) == 0)
    }
}

/// What a single peer can try, in sequences that others are tested by.
@Suite struct GossipSubSpamTests {
    @Test func invalidMessagesEndInTheGraylist() {
        var rig = RouterRig()
        rig.verdict = .reject
        rig.apply(.subscribe("t"))
        rig.connect([2])
        for seqno in 1...4 { rig.receive(RPC(messages: [fixture.message(seqno: UInt64(seqno))]), from: 2) }
        #expect(rig.router.score(of: fixture.peer(2)) < -100)
        #expect(rig.mesh().isEmpty)
        rig.verdict = .accept
        rig.receive(RPC(messages: [fixture.message(seqno: 9)]), from: 2)
        #expect(rig.delivered.isEmpty)
    }

    @Test func ihaveFloodThatIsNeverDeliveredCosts() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        for number in 0..<100 {
            let ids = (0..<100).map { MessageID([UInt8(number), UInt8($0), 1]) }
            rig.receive(RPC(ihave: [.init("t", ids: ids)]), from: 2)
        }
        // Ten RPCs were answered, and one id of each is a promise.
        #expect(rig.router.counters("t").iwantSent == 1_000)
        rig.now += .seconds(4)
        rig.heartbeat()
        #expect(rig.router.brokenPromises(of: fixture.peer(2)) == 10)
        #expect(rig.router.score(of: fixture.peer(2)) < 0)
    }

    @Test func graftsIntoABackoffEndInANegativeScore() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 60)]), from: 2)
        for _ in 0..<3 { rig.receive(RPC(graft: ["t"]), from: 2) }
        #expect(rig.router.score(of: fixture.peer(2)) == 0)  // six are free
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == -40)
        #expect(rig.mesh().isEmpty)
    }

    @Test func graftForAnUnknownTopicCostsNothing() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        for number in 0..<50 { rig.receive(RPC(graft: [Topic("x\(number)")]), from: 2) }
        #expect(rig.router.score(of: fixture.peer(2)) == 0)
        #expect(rig.sent.isEmpty)
    }

    @Test func replayAfterTheSeenTimeIsForTheApplicationToIgnore() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 2)
        #expect(rig.delivered.count == 1)
        let before = rig.router.score(of: fixture.peer(2))
        rig.now += .seconds(301)
        rig.verdict = .ignore  // it knows what it stored
        rig.receive(RPC(messages: [message]), from: 2)
        #expect(rig.delivered.isEmpty)
        #expect(rig.sent(to: 3).messages.isEmpty)
        #expect(rig.router.score(of: fixture.peer(2)) == before)
    }

    @Test func backoffsNearTheEndOfTimeDoNotTrap() {
        var rig = RouterRig()
        rig.now = .distantFuture - .seconds(1)
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: .max)]), from: 2)
        #expect(rig.mesh() == peers([3]))
        rig.receive(RPC(graft: ["t"]), from: 2)
        rig.input(.unsubscribe("t"))
        rig.input(.subscribe("t"))
        #expect(rig.mesh().isEmpty)
        rig.now = .distantFuture
        rig.heartbeat(2)
        #expect(rig.router.backoffs(now: .distantFuture).isEmpty)
    }

    @Test func throttledMessagesBreakNoPromise() {
        var rig = RouterRig { $0.pendingMessagesMax = 1 }
        rig.verifies = false
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        let message = fixture.message()
        rig.receive(RPC(ihave: [.init("t", ids: [rig.router.messageID(message)])]), from: 2)
        rig.receive(RPC(messages: [fixture.message(seqno: 7)]), from: 3)
        rig.receive(RPC(messages: [message]), from: 2)
        #expect(rig.rejections(.validationQueueFull) == 1)
        rig.now += .seconds(4)
        rig.heartbeat()
        #expect(rig.router.brokenPromises(of: fixture.peer(2)) == 0)
    }
}
