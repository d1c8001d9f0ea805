import DescordCrypto
import LibP2P
import LibP2PCore
import Testing

private let fixture = GossipSubFixture.self

@Suite struct GossipSubNetworkTests {
    @Test func twentyNodesDeliverEverythingExactlyOnce() {
        for seed in 0..<UInt64(3 * RandomRun.scale) {
            var net = Network(20, seed: RandomRun.seed &+ seed)
            net.subscribeAll()
            net.connectRandomly(degree: 4, seed: seed)
            net.run(.seconds(3))
            var ids: [MessageID] = []
            for number in 0..<40 {
                ids.append(net.publish(number % 20, seqno: UInt64(number + 1)))
                net.run(.milliseconds(100))
            }
            net.run(.seconds(5))
            for id in ids { #expect(net.reach(id) == 19) }
            for node in net.delivered { #expect(Set(node).count == node.count) }
            for router in net.routers { #expect(router.meshPeers("t").count <= 12) }
        }
        print("gossipsub network: \(3 * RandomRun.scale) runs of 20 nodes, seed \(RandomRun.seed)")
    }

    @Test func duplicatesStayBelowTheDegree() {
        var net = Network(30, seed: 5)
        net.subscribeAll()
        net.connectRandomly(degree: 10, seed: 5)
        net.run(.seconds(5))
        for number in 0..<30 {
            _ = net.publish(number, seqno: 1)
            net.run(.milliseconds(500))
        }
        let duplicates = net.routers.reduce(0) { $0 + $1.counters("t").duplicates }
        let received = net.routers.reduce(0) { $0 + $1.counters("t").received }
        #expect(received == 30 * 29)
        #expect(Double(duplicates) / Double(received) < 6.4)
    }

    @Test func sixHopChainDelivers() {
        var net = Network(7, seed: 1)
        net.subscribeAll()
        for node in 0..<6 { net.connect(node, node + 1) }
        net.run(.milliseconds(200))
        let id = net.publish(0, seqno: 1)
        net.run(.milliseconds(6 * 50))
        #expect(net.reach(id) == 6)
    }

    @Test func treeAndStarDeliver() {
        var tree = Network(15, seed: 2)
        tree.subscribeAll()
        for node in 1..<15 { tree.connect((node - 1) / 2, node) }
        tree.run(.seconds(1))
        let inTree = tree.publish(14, seqno: 1)
        tree.run(.seconds(1))
        #expect(tree.reach(inTree) == 14)

        var star = Network(14, seed: 3)
        star.subscribeAll()
        for node in 1..<14 { star.connect(node, 0) }
        star.run(.seconds(2))
        let inStar = star.publish(1, seqno: 1)
        // The centre's mesh has no room for all: the rest hear by gossip.
        star.run(.seconds(3))
        #expect(star.reach(inStar) == 13)
    }

    @Test(arguments: [2, 3])
    func firstMessageInASmallSpaceNeedsNoHeartbeat(count: Int) {
        var net = Network(count, seed: 4)
        net.subscribeAll()
        for node in 1..<count { net.connect(0, node) }
        // Hellos cross, and nothing else has had the time to.
        net.run(.milliseconds(50))
        let id = net.publish(0, seqno: 1)
        net.run(.milliseconds(50))
        #expect(net.reach(id) == count - 1)
    }

    @Test func oneShotPublisherReachesASpaceBeforeItsFirstHeartbeat() {
        var net = Network(3, seed: 6) { node, parameters in
            if node == 0 { parameters.graftPolicy = .answersOnly }
        }
        for node in [1, 2] { net.input(node, .subscribe("t")) }
        net.connect(1, 2)
        net.run(.seconds(3))
        net.keepsSent = true
        net.input(0, .subscribe("t"))
        let id = net.publish(0, seqno: 1)
        net.connect(0, 1)
        net.run(.milliseconds(150))
        #expect(net.reach(id) == 2)
        #expect(net.sent.allSatisfy { $0.from != 0 || $0.rpc.graft.isEmpty })
    }

    @Test func withoutAnyMeshGossipDeliversByIWant() {
        var net = Network(10, seed: 7) { _, parameters in
            parameters.degree = 0
            parameters.degreeLow = 0
            parameters.degreeHigh = 0
            parameters.degreeScore = 0
            parameters.degreeOut = 0
            parameters.smallMeshPublish = false
        }
        net.subscribeAll()
        net.connectRandomly(degree: 4, seed: 7)
        net.run(.seconds(1))
        net.keepsSent = true
        let id = net.publish(0, seqno: 1)
        net.run(.seconds(6))
        #expect(net.reach(id) == 9)
        #expect(net.sent.contains { !$0.rpc.iwant.isEmpty })
        #expect(net.routers.reduce(0) { $0 + $1.counters("t").iwantServed } >= 9)
    }

    @Test func differentIDFunctionsStillPushAndCannotPull() {
        var net = Network(2, seed: 8)
        net.input(0, .setTopicConfiguration("t", TopicConfiguration(messageID: .rust)))
        net.subscribeAll()
        net.connect(0, 1)
        net.run(.seconds(1))
        let id = net.publish(0, seqno: 1)
        net.run(.seconds(1))
        #expect(net.delivered[1] == [id])
    }

    @Test func floodsubAndGossipsubMix() {
        var net = Network(8, seed: 9)
        net.subscribeAll()
        for node in 0..<7 { net.connect(node, node + 1, node % 2 == 0 ? .floodsub : .meshsub11) }
        net.run(.seconds(2))
        let id = net.publish(7, seqno: 1)
        net.run(.seconds(1))
        #expect(net.reach(id) == 7)
    }

    @Test func meshHealsWhenHalfOfTheNodesLeave() {
        var net = Network(24, seed: 10)
        net.subscribeAll()
        net.connectRandomly(degree: 8, seed: 10)
        net.run(.seconds(3))
        for gone in 12..<24 {
            for other in 0..<24 where other != gone { net.disconnect(gone, other) }
        }
        net.run(.seconds(2))
        let id = net.publish(0, seqno: 1)
        net.run(.seconds(5))
        #expect((0..<12).filter { net.delivered[$0].contains(id) }.count == 11)
    }

    @Test func meshIsSymmetricWhenItSettles() {
        var net = Network(20, seed: 11)
        net.subscribeAll()
        net.connectRandomly(degree: 6, seed: 11)
        net.run(.seconds(10))
        for a in 0..<20 {
            for peer in net.routers[a].meshPeers("t") {
                guard let b = (0..<20).first(where: { fixture.peer($0) == peer }) else { continue }
                #expect(net.routers[b].meshPeers("t").contains(fixture.peer(a)))
            }
        }
    }

    @Test func sameSeedGivesTheSameRun() {
        func run() -> ([[MessageID]], Int, Int) {
            var net = Network(12, seed: 12)
            net.subscribeAll()
            net.connectRandomly(degree: 5, seed: 12)
            net.run(.seconds(3))
            for node in 0..<12 { _ = net.publish(node, seqno: 1, size: 2_000) }
            net.run(.seconds(5))
            return (net.delivered, net.bytes, net.rpcs)
        }
        let first = run()
        let second = run()
        #expect(first.0 == second.0)
        #expect(first.1 == second.1)
        #expect(first.2 == second.2)
    }

    @Test func idontwantSavesBytesOfLargeMessages() {
        func bytes(threshold: Int) -> Int {
            var net = Network(16, seed: 13) { _, parameters in parameters.idontwantThreshold = threshold }
            net.hasUnequalLinks = true
            net.validationDelay = .milliseconds(300)
            net.subscribeAll()
            net.connectRandomly(degree: 8, seed: 13)
            net.run(.seconds(3))
            let before = net.bytes
            let id = net.publish(0, seqno: 1, size: 50_000)
            net.run(.seconds(6))
            #expect(net.reach(id) == 15)
            return net.bytes - before
        }
        #expect(bytes(threshold: 1_024) * 10 < bytes(threshold: RPC.maxSize) * 9)
    }
}

@Suite struct GossipSubAttackTests {
    @Test func graftFloodOnTenThousandUnknownTopicsLeavesNothingBehind() {
        var rig = RouterRig()
        rig.connect([2], subscribed: [])
        for start in stride(from: 0, to: 10_000, by: 1_000) {
            rig.receive(RPC(graft: (start..<start + 1_000).map { Topic("\($0)") }), from: 2)
            #expect(rig.sent.isEmpty)
        }
        #expect(rig.router.knownTopicCount == 0)
    }

    @Test func subscriptionFloodIsBoundedByCountAndBytesAndFreed() {
        var rig = RouterRig {
            $0.topicsPerPeerMax = 100
            $0.topicBytesPerPeerMax = 2_000
        }
        rig.connect([2, 3], subscribed: [])
        for start in stride(from: 0, to: 4_000, by: 1_000) {
            rig.receive(
                RPC(
                    subscriptions: (start..<start + 1_000).map {
                        .init(Topic("topic\($0)"), isSubscribed: true)
                    }), from: 2)
        }
        #expect(rig.router.knownTopicCount == 100)
        let long = (0..<10).map { number in
            RPC.Subscription(Topic(String(repeating: "\(number)", count: 900)), isSubscribed: true)
        }
        rig.receive(RPC(subscriptions: long), from: 3)
        #expect(rig.router.knownTopicCount == 102)
        rig.receive(
            RPC(subscriptions: (0..<50).map { .init(Topic("topic\($0)"), isSubscribed: false) }), from: 2)
        #expect(rig.router.knownTopicCount == 52)
        for peer in [2, 3] { rig.input(.peerDisconnected(fixture.peer(peer))) }
        #expect(rig.router.knownTopicCount == 0)
    }

    @Test func subscribeAndUnsubscribeOfOneTopicInOneRPCCancel() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2], subscribed: [])
        rig.receive(
            RPC(subscriptions: [.init("t", isSubscribed: true), .init("t", isSubscribed: false)]), from: 2)
        #expect(rig.router.subscribers("t").isEmpty)
        #expect(rig.sent.isEmpty)
    }

    @Test func pruneFloodDoesNotGrowBackoffsOfUnknownTopics() {
        var rig = RouterRig()
        rig.connect([2], subscribed: [])
        rig.receive(RPC(prune: (0..<1_000).map { .init(Topic("\($0)"), backoffSeconds: .max) }), from: 2)
        #expect(rig.router.knownTopicCount == 0)
        #expect(rig.router.backoffs(now: rig.now).isEmpty)
    }

    @Test func pruneWithOfferedPeersIsHonouredAndThePeersAreNot() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        let offered = (0..<10_000).map { RPC.OfferedPeer(peerID: [UInt8($0 & 255)], signedPeerRecord: nil) }
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 60, peers: offered)]), from: 2)
        #expect(rig.mesh().isEmpty)
        #expect(rig.router.connectedPeers == [fixture.peer(2)])
    }

    @Test func iwantFloodOfUnknownIDsCostsNothing() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.receive(RPC(iwant: (0..<16_000).map { MessageID([UInt8($0 & 255), UInt8($0 >> 8)]) }), from: 2)
        #expect(rig.sent.isEmpty)
    }

    @Test func rpcsOfUnknownPeersAreIgnored() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.receive(
            RPC(subscriptions: [.init("t", isSubscribed: true)], messages: [fixture.message()]), from: 9)
        #expect(rig.outputs.isEmpty)
    }

    @Test func randomInputsNeverTrapAndLeaveNothingWhenPeersAreGone() {
        var prng = PRNG(seed: RandomRun.seed)
        let rounds = 20 * RandomRun.scale
        for _ in 0..<rounds {
            var rig = RouterRig(seed: prng.next()) {
                $0.topicsPerPeerMax = 5
                $0.backoffCountMax = 4
                $0.pendingMessagesMax = 6
            }
            rig.verifies = false
            rig.verdict = nil
            let topics: [Topic] = ["a", "b", "c", "d", "e", "f"]
            func pick() -> Topic { topics[prng.below(topics.count)] }
            func id() -> MessageID {
                rig.router.messageID(fixture.message(topic: "a", seqno: UInt64(prng.below(20)), author: 50))
            }
            for _ in 0..<300 {
                let peer = fixture.peer(2 + prng.below(6))
                switch prng.below(14) {
                case 0:
                    let protocolID = GossipSubProtocol.allCases[prng.below(4)]
                    rig.input(
                        .peerConnected(
                            peer,
                            .init(
                                direction: prng.below(2) == 0 ? .inbound : .outbound, address: nil,
                                protocolID: protocolID)))
                case 1: rig.input(.peerDisconnected(peer))
                case 2: rig.input(.subscribe(pick()))
                case 3: rig.input(.unsubscribe(pick()))
                case 4: rig.input(.publish(fixture.message(topic: pick(), seqno: prng.next(), author: 1)))
                case 5:
                    rig.input(
                        .setAllowedPeers(pick(), prng.below(2) == 0 ? nil : peers(2..<2 + prng.below(6))))
                case 6:
                    if let token = rig.asked.popLast() {
                        rig.input(.verified(token, prng.below(3) == 0 ? .badSignature : nil))
                    }
                case 7: if let token = rig.asked.popLast() { rig.input(.validated(token, .accept)) }
                case 8:
                    rig.input(
                        .queueFull(
                            peer,
                            RPC(
                                subscriptions: [.init(pick(), isSubscribed: true)], graft: [pick()],
                                prune: [.init(pick(), backoffSeconds: 1)])))
                case 9: rig.heartbeat(1 + prng.below(20))
                default:
                    var rpc = RPC()
                    for _ in 0..<prng.below(4) {
                        switch prng.below(7) {
                        case 0: rpc.subscriptions.append(.init(pick(), isSubscribed: prng.below(2) == 0))
                        case 1:
                            rpc.messages.append(
                                fixture.message(
                                    String(repeating: "x", count: prng.below(3_000)), topic: pick(),
                                    seqno: UInt64(prng.below(20)), author: 50))
                        case 2: rpc.ihave.append(.init(pick(), ids: [id()]))
                        case 3: rpc.iwant.append(id())
                        case 4: rpc.graft.append(pick())
                        case 5: rpc.prune.append(.init(pick(), backoffSeconds: prng.next()))
                        default: rpc.idontwant.append(id())
                        }
                    }
                    rig.input(.rpcReceived(peer, rpc))
                }
                for topic in topics {
                    #expect(rig.router.backoffs(now: rig.now).count <= 4 * topics.count)
                    #expect(Set(rig.router.meshPeers(topic)).isSubset(of: rig.router.connectedPeers))
                    #expect(Set(rig.router.subscribers(topic)).isSubset(of: rig.router.connectedPeers))
                }
                #expect(rig.router.pendingMessageCount <= 6)
            }
            for peer in 2..<8 { rig.input(.peerDisconnected(fixture.peer(peer))) }
            for topic in topics {
                #expect(rig.router.meshPeers(topic).isEmpty)
                #expect(rig.router.subscribers(topic).isEmpty)
                #expect(rig.router.fanoutPeers(topic).isEmpty)
            }
        }
        print("gossipsub router: \(rounds) random runs of 300 inputs, seed \(RandomRun.seed)")
    }
}
