import LibP2P
import LibP2PCore
import Testing

private let fixture = GossipSubFixture.self

@Suite struct GossipSubMeshTests {
    @Test func helloCarriesAllSubscriptionsInOneRPC() {
        var rig = RouterRig()
        for topic: Topic in ["a", "b", "c"] { rig.apply(.subscribe(topic)) }
        rig.outputs = []
        rig.connect([2], subscribed: [])
        #expect(rig.sent.first?.rpc.subscriptions.map(\.topic) == ["a", "b", "c"])
        #expect(rig.sent.filter { !$0.rpc.subscriptions.isEmpty }.count == 1)
    }

    @Test func subscribingIsAnnouncedToAllPeersAndLeavingToo() {
        var rig = RouterRig()
        rig.connect([2, 3], subscribed: [])
        rig.input(.subscribe("t"))
        for peer in [2, 3] { #expect(rig.sent(to: peer).subscriptions == [.init("t", isSubscribed: true)]) }
        rig.input(.unsubscribe("t"))
        for peer in [2, 3] { #expect(rig.sent(to: peer).subscriptions == [.init("t", isSubscribed: false)]) }
    }

    @Test func joinGraftsUpToTheDegree() {
        var rig = RouterRig()
        rig.connect(2..<22)
        rig.input(.subscribe("t"))
        #expect(rig.mesh().count == 6)
        for peer in 2..<22 {
            #expect(rig.sent(to: peer).graft == (rig.mesh().contains(fixture.peer(peer)) ? ["t"] : []))
        }
    }

    @Test func joinTakesTheFanoutFirst() {
        var rig = RouterRig { $0.degree = 6 }
        rig.connect(2..<30)
        rig.input(.publish(fixture.message(author: 1)))
        let fanout = Set(rig.router.fanoutPeers("t"))
        #expect(fanout.count == 6)
        rig.input(.subscribe("t"))
        #expect(rig.mesh() == fanout)
        #expect(rig.router.fanoutPeers("t").isEmpty)
    }

    @Test func firstSubscriberIsGraftedWithoutAHeartbeat() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.outputs = []
        rig.connect([2])
        #expect(rig.sent(to: 2).graft == ["t"])
        #expect(rig.mesh() == peers([2]))
    }

    @Test func subscriberIsNotGraftedAtOnceWhenTheMeshIsLargeEnough() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect(2..<6)
        rig.outputs = []
        rig.connect([6])
        #expect(rig.sent(to: 6).graft.isEmpty)
        #expect(rig.mesh() == peers(2..<6))
    }

    @Test func heartbeatFillsTheMeshToTheDegree() {
        var rig = RouterRig { $0.graftsOnSubscribe = false }
        rig.apply(.subscribe("t"))
        rig.connect(2..<30)
        #expect(rig.mesh().isEmpty)
        rig.heartbeat()
        #expect(rig.mesh().count == 6)
    }

    @Test func heartbeatCutsTheMeshAndKeepsOutboundPeers() {
        for seed in 0..<20 as Range<UInt64> {
            var rig = RouterRig(seed: seed)
            rig.apply(.subscribe("t"))
            rig.connect(2..<18, subscribed: [])
            rig.connect(18..<20, direction: .outbound, subscribed: [])
            for peer in [18, 19] + Array(2..<12) { rig.receive(RPC(graft: ["t"]), from: peer) }
            #expect(rig.mesh().count == 12)
            rig.heartbeat()
            #expect(rig.mesh().count == 6)
            #expect(rig.mesh().isSuperset(of: peers([18, 19])))
            #expect(rig.traceCount("PRUNE") == 6)
            #expect(rig.sent.filter { $0.rpc.prune.first?.backoffSeconds == 60 }.count == 6)
        }
    }

    @Test func heartbeatAddsOutboundPeersToAMeshWithoutThem() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect(2..<7)
        rig.connect(20..<25, direction: .outbound)
        // The first came first and filled the mesh to D_low.
        rig.heartbeat()
        let outbound = rig.mesh().intersection(peers(20..<25))
        #expect(outbound.count == 2)
    }

    @Test func graftIsRefusedFromInboundPeersWhenTheMeshIsFull() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect(2..<16)
        for peer in 2..<14 { rig.receive(RPC(graft: ["t"]), from: peer) }
        #expect(rig.mesh().count == 12)
        rig.receive(RPC(graft: ["t"]), from: 15)
        #expect(rig.sent(to: 15).prune.map(\.topic) == ["t"])
        #expect(!rig.mesh().contains(fixture.peer(15)))
        rig.connect([30], direction: .outbound)
        rig.receive(RPC(graft: ["t"]), from: 30)
        #expect(rig.mesh().contains(fixture.peer(30)))
    }

    @Test func graftOfAMeshPeerIsNoOperation() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(graft: ["t", "t"]), from: 2)
        #expect(rig.sent.isEmpty)
        #expect(rig.mesh() == peers([2]))
    }

    @Test func graftBeforeSubscribeIsTolerated() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2], subscribed: [])
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.mesh() == peers([2]))
        rig.input(.peerDisconnected(fixture.peer(2)))
        #expect(rig.mesh().isEmpty)
    }

    @Test func graftForUnknownTopicIsIgnoredSilently() {
        var rig = RouterRig()
        rig.connect([2], subscribed: [])
        rig.receive(RPC(graft: ["nobody-knows"]), from: 2)
        #expect(rig.sent.isEmpty)
    }

    @Test func severalTopicsInOneGraftAreAllTaken() {
        var rig = RouterRig()
        for topic: Topic in ["a", "b"] { rig.apply(.subscribe(topic)) }
        rig.connect([2], subscribed: [])
        rig.receive(RPC(graft: ["a", "b", "c"]), from: 2)
        #expect(rig.mesh("a") == peers([2]))
        #expect(rig.mesh("b") == peers([2]))
    }

    @Test func unsubscribingPeerLeavesTheMesh() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: false)]), from: 2)
        #expect(rig.mesh().isEmpty)
        #expect(rig.router.subscribers("t").isEmpty)
        #expect(rig.traceCount("PRUNE") == 1)
    }

    @Test func floodsubPeersAreNeverGraftedAndCannotGraft() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2], .floodsub)
        rig.heartbeat(3)
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.mesh().isEmpty)
        #expect(rig.sent.isEmpty)
    }

    @Test func degreeZeroNeverHasAMesh() {
        var rig = RouterRig {
            $0.degree = 0
            $0.degreeLow = 0
            $0.degreeHigh = 0
            $0.degreeScore = 0
            $0.degreeOut = 0
        }
        rig.apply(.subscribe("t"))
        rig.connect(2..<10)
        rig.connect([20], direction: .outbound)
        rig.heartbeat(5)
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(graft: ["t"]), from: 20)
        #expect(rig.mesh().isEmpty)
        #expect(rig.sent(to: 20).prune.count == 1)
    }

    @Test func oneShotNodeAnswersGraftAndNeverSendsOne() {
        var rig = RouterRig { $0.graftPolicy = .answersOnly }
        rig.connect(2..<5)
        rig.apply(.subscribe("t"))
        rig.connect(5..<9)
        rig.outputs = []
        rig.heartbeat(20)
        #expect(rig.sent.allSatisfy { $0.rpc.graft.isEmpty })
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(graft: ["t"]), from: 3)
        #expect(rig.mesh() == peers([3]))
        #expect(rig.sent.isEmpty)
        rig.input(.setGraftPolicy(.active))
        rig.heartbeat()
        #expect(rig.mesh().count == 6)
    }
}

@Suite struct GossipSubBackoffTests {
    @Test func leavingPrunesWithTheShortBackoff() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.input(.unsubscribe("t"))
        for peer in [2, 3] { #expect(rig.sent(to: peer).prune == [.init("t", backoffSeconds: 10)]) }
    }

    @Test func rejoiningRespectsTheBackoffOfLeavingOnEveryPath() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.apply(.unsubscribe("t"))
        rig.input(.subscribe("t"))
        #expect(rig.mesh().isEmpty)
        // Subscribing again does not open a back door either.
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: false)]), from: 2)
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: true)]), from: 2)
        #expect(rig.sent(to: 2).graft.isEmpty)
        rig.input(.peerDisconnected(fixture.peer(3)))
        rig.connect([3])
        #expect(rig.sent(to: 3).graft.isEmpty)
        rig.heartbeat(10)
        #expect(rig.mesh().isEmpty)
        // 10 s of backoff and 2 heartbeats of slack.
        rig.heartbeat(4)
        #expect(rig.mesh() == peers([2, 3]))
    }

    @Test func noGraftInsideAReceivedBackoff() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 30)]), from: 2)
        #expect(rig.mesh().isEmpty)
        rig.heartbeat(30)
        #expect(rig.mesh().isEmpty)
        rig.heartbeat(4)
        #expect(rig.mesh() == peers([2]))
    }

    @Test func pruneWithoutBackoffMeansTheDefault() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: nil)]), from: 2)
        #expect(rig.router.backoff(of: fixture.peer(2), in: "t", now: rig.now) == rig.now + .seconds(60))
    }

    @Test(arguments: [UInt64.max, UInt64(Int64.max), UInt64(Int64.max) / 1_000_000_000, 3_601])
    func hugeBackoffIsCapped(seconds: UInt64) {
        var rig = RouterRig()
        rig.now = Instant(nanoseconds: .max - 10)
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: seconds)]), from: 2)
        rig.input(.subscribe("t"))
        rig.now = .zero
        rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: seconds)]), from: 2)
        #expect(rig.router.backoff(of: fixture.peer(2), in: "t", now: rig.now) == rig.now + .seconds(3_600))
        rig.heartbeat(3_700)
        #expect(rig.mesh() == peers([2]))
    }

    @Test func shorterBackoffDoesNotReplaceALongerOne() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 100)]), from: 2)
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 1)]), from: 2)
        #expect(rig.router.backoff(of: fixture.peer(2), in: "t", now: rig.now) == rig.now + .seconds(100))
    }

    @Test func graftDuringBackoffIsPrunedAndTheBackoffRefreshed() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 20)]), from: 2)
        rig.now += .seconds(15)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.sent(to: 2).prune == [.init("t", backoffSeconds: 60)])
        #expect(rig.mesh().isEmpty)
        #expect(rig.router.backoff(of: fixture.peer(2), in: "t", now: rig.now) == rig.now + .seconds(60))
    }

    @Test func graftAfterBackoffIsAccepted() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 20)]), from: 2)
        rig.now += .seconds(20)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.mesh() == peers([2]))
    }

    @Test func backoffsSurviveDisconnectAndRestart() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 30)]), from: 2)
        rig.apply(.peerDisconnected(fixture.peer(2)))
        let kept = rig.router.backoffs(now: rig.now)
        #expect(kept == [Backoff(topic: "t", peer: fixture.peer(2), expires: rig.now + .seconds(30))])
        var next = RouterRig()
        next.apply(.restoreBackoffs(kept))
        next.apply(.subscribe("t"))
        next.connect([2, 3])
        #expect(next.mesh() == peers([3]))
        next.heartbeat(30)
        #expect(next.mesh() == peers([3]))
        next.heartbeat(4)
        #expect(next.mesh() == peers([2, 3]))
    }

    @Test func backoffOfAnEarlierRunRefusesNoGraft() {
        var rig = RouterRig()
        rig.input(
            .restoreBackoffs([Backoff(topic: "t", peer: fixture.peer(2), expires: .zero + .seconds(60))]))
        rig.apply(.subscribe("t"))
        rig.connect([2])
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.mesh() == peers([2]))
        // From the next PRUNE on it is a backoff of this run.
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 30)]), from: 2)
        rig.receive(RPC(graft: ["t"]), from: 2)
        #expect(rig.mesh().isEmpty)
    }

    @Test func oldPeersGetAPruneWithoutBackoff() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2], .meshsub10)
        rig.input(.unsubscribe("t"))
        #expect(rig.sent(to: 2).prune == [.init("t", backoffSeconds: nil)])
    }

    @Test func backoffsAreBoundedAndSweptWithTheirTopics() {
        var rig = RouterRig { $0.backoffCountMax = 10 }
        let many = (0..<50).map {
            Backoff(topic: "t", peer: fixture.peer($0), expires: .zero + .seconds($0 + 1))
        }
        rig.input(.restoreBackoffs(many))
        #expect(rig.router.backoffs(now: rig.now).count == 10)
        #expect(Set(rig.router.backoffs(now: rig.now).map(\.peer)) == peers(40..<50))
        rig.heartbeat(75)
        #expect(rig.router.backoffs(now: .zero).isEmpty)
    }

    @Test func droppedGraftIsRetriedWhileItIsStillTrue() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3, 4])
        rig.input(.queueFull(fixture.peer(4), RPC(graft: ["t"])))
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: false)]), from: 4)
        rig.input(.queueFull(fixture.peer(2), RPC(graft: ["t"])))
        rig.input(.queueFull(fixture.peer(3), RPC(graft: ["t"])))
        rig.receive(RPC(prune: [.init("t", backoffSeconds: nil)]), from: 3)
        rig.heartbeat()
        #expect(rig.sent(to: 2).graft == ["t"])
        #expect(rig.sent(to: 3).graft.isEmpty)
        #expect(rig.sent(to: 4).graft.isEmpty)
        rig.heartbeat()
        #expect(rig.sent(to: 2).graft.isEmpty)
    }

    @Test func droppedPruneIsRetriedAndPiggybacked() {
        var rig = RouterRig()
        rig.connect([2], subscribed: ["t", "u"])
        rig.apply(.subscribe("t"))
        rig.apply(.unsubscribe("t"))
        rig.input(.queueFull(fixture.peer(2), RPC(prune: [.init("t", backoffSeconds: 10)])))
        // The next RPC for any other reason carries it.
        rig.input(.subscribe("u"))
        #expect(rig.sent(to: 2).prune.map(\.topic) == ["t"])
        #expect((rig.sent(to: 2).prune.first?.backoffSeconds ?? 0) > 0)
    }

    @Test func droppedAnnouncementIsRetriedAsWhatIsTrueNow() {
        var rig = RouterRig()
        rig.connect([2], subscribed: [])
        rig.apply(.subscribe("t"))
        rig.apply(.queueFull(fixture.peer(2), RPC(subscriptions: [.init("t", isSubscribed: true)])))
        rig.heartbeat()
        #expect(rig.sent(to: 2).subscriptions == [.init("t", isSubscribed: true)])
        rig.input(.unsubscribe("t"))
        rig.apply(.queueFull(fixture.peer(2), RPC(subscriptions: [.init("t", isSubscribed: false)])))
        rig.heartbeat()
        #expect(rig.sent(to: 2).subscriptions == [.init("t", isSubscribed: false)])
    }
}
