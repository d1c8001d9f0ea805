import LibP2P
import LibP2PCore
import Testing

private typealias fixture = GossipSubFixture

/// A degree that follows what is known and what is observed.
@Suite struct GossipSubAdaptiveTests {
    /// Peers 2 to 13, each in a network of its own, those below `outbound` dialled by us, all in the mesh.
    private func rig(
        outbound: Int = 8, network: (Int) -> [UInt8] = { [203, 0, UInt8($0), 1] },
        changing change: (inout GossipSubParameters) -> Void = { _ in }
    ) -> RouterRig {
        var rig = RouterRig.scored {
            $0.adaptsDegree = true
            change(&$0)
        }
        rig.apply(.subscribe("t"))
        for number in 2..<13 {
            rig.apply(
                .peerConnected(
                    fixture.peer(number),
                    PeerConnection(
                        direction: number < outbound ? .outbound : .inbound,
                        address: Multiaddr(ip: network(number), tcpPort: 4_001), protocolID: .meshsub12)))
            rig.apply(
                .rpcReceived(
                    fixture.peer(number), RPC(subscriptions: [.init("t", isSubscribed: true)], graft: ["t"])))
        }
        rig.heartbeat()
        return rig
    }

    /// Lets `count` messages come from each of the peers in the mesh that `copies` says, the first one first.
    private func traffic(_ rig: inout RouterRig, rounds: Int, from senders: [Int], seqno: inout UInt64) {
        for _ in 0..<rounds {
            for _ in 0..<4 {
                seqno += 1
                let message = fixture.message(seqno: seqno)
                for sender in senders { rig.receive(RPC(messages: [message]), from: sender) }
            }
            rig.heartbeat(3)
        }
    }

    private func degree(_ rig: RouterRig) -> Int? { rig.router.meshDegrees("t")?.degree }

    @Test func manyCopiesLowerTheDegreeButNeverBelowLow() {
        var rig = self.rig()
        #expect(self.degree(rig) == 6)
        var seqno: UInt64 = 0
        self.traffic(&rig, rounds: 12, from: Array(2..<13), seqno: &seqno)
        #expect(self.degree(rig) == 4)
        #expect(rig.mesh().count <= 6)
        #expect(rig.mesh().count >= 4)
    }

    @Test func fewCopiesRaiseItAgainUpToD() {
        var rig = self.rig()
        var seqno: UInt64 = 0
        self.traffic(&rig, rounds: 12, from: Array(2..<13), seqno: &seqno)
        #expect(self.degree(rig) == 4)
        // One copy of each, and none from a witness.
        self.traffic(&rig, rounds: 12, from: [12], seqno: &seqno)
        #expect(self.degree(rig) == 6)
    }

    @Test func outboundPeersStayWhenTheMeshShrinks() {
        var rig = self.rig(outbound: 4)  // two outbound peers, D_out is 2
        var seqno: UInt64 = 0
        self.traffic(&rig, rounds: 20, from: Array(2..<13), seqno: &seqno)
        #expect(self.degree(rig) == 4)
        #expect(rig.mesh().isSuperset(of: peers([2, 3])))
    }

    @Test func whoAskedForAPlaceOfLateKeepsItAndNobodyIsKeptForGood() {
        var rig = self.rig()
        var seqno: UInt64 = 0
        self.traffic(&rig, rounds: 20, from: Array(2..<13), seqno: &seqno)
        #expect(self.degree(rig) == 4)
        for newcomer in 20..<40 {
            rig.connect([newcomer])
            rig.receive(RPC(graft: ["t"]), from: newcomer)
            rig.heartbeat(10)
            #expect(rig.mesh().contains(fixture.peer(newcomer)), "\(newcomer) lost its place at once")
            #expect(rig.mesh().count <= 6)
        }
        // A crowd of them is more than the mesh holds for long.
        rig.connect(40..<44)
        for newcomer in 40..<44 { rig.receive(RPC(graft: ["t"]), from: newcomer) }
        rig.heartbeat(30)
        #expect(rig.mesh().count <= 6)
    }

    @Test func copiesFromPeersThatCameToUsMoveNothing() {
        var rig = self.rig(outbound: 0)
        var seqno: UInt64 = 0
        self.traffic(&rig, rounds: 12, from: Array(2..<13), seqno: &seqno)
        #expect(self.degree(rig) == 6)
    }

    @Test func peersOfNegativeScoreAreNoWitnesses() {
        var rig = self.rig(changing: { $0.thresholds.graylist = -1_000 })
        // They stay in the mesh until the heartbeat, which asks no witnesses of them either.
        var seqno: UInt64 = 0
        rig.setScore(-1, of: 2..<8)
        rig.heartbeat()
        self.traffic(&rig, rounds: 12, from: Array(2..<13), seqno: &seqno)
        #expect(self.degree(rig) == 6)
    }

    @Test func crowdInOneNetworkIsOneWitness() {
        // Only one of the outbound peers, the first, is asked; it brings one copy of each message, and so do
        // five more from the same network.
        var rig = self.rig(network: { $0 == 2 ? [203, 0, 1, 2] : [203, 0, 1, UInt8($0)] })
        var seqno: UInt64 = 0
        self.traffic(&rig, rounds: 12, from: Array(3..<8), seqno: &seqno)
        let degree = self.degree(rig)
        // Witness 2 saw none of them: as far as can be believed there are too few copies, not too many.
        #expect(degree == 6)
    }

    @Test(arguments: [(3, 4), (6, 4), (7, 4), (15, 5), (31, 6), (1_000, 6)])
    func knownMembersBoundTheDegree(members: Int, degree: Int) {
        var rig = RouterRig { $0.adaptsDegree = true }
        rig.apply(.subscribe("t"))
        rig.apply(.setOnlineMembers("t", members))
        #expect(self.degree(rig) == degree)
        rig.apply(.setOnlineMembers("t", nil))
        #expect(self.degree(rig) == 6)
    }

    @Test func withoutAdaptationNothingMoves() {
        var rig = self.rig(changing: { $0.adaptsDegree = false })
        rig.apply(.setOnlineMembers("t", 5))
        var seqno: UInt64 = 0
        self.traffic(&rig, rounds: 12, from: Array(2..<13), seqno: &seqno)
        #expect(self.degree(rig) == 6)
    }
}

/// Settings that a topic has of its own.
@Suite struct GossipSubTopicConfigurationTests {
    private let wide = MeshDegrees(degree: 3, degreeLow: 2, degreeHigh: 4, degreeScore: 1, degreeOut: 0)

    @Test func topicsHaveTheirOwnDegrees() {
        var rig = RouterRig()
        rig.apply(.setTopicConfiguration("t", TopicConfiguration(degrees: self.wide)))
        rig.apply(.subscribe("t"))
        rig.apply(.subscribe("u"))
        rig.connect(2..<12, subscribed: ["t", "u"])
        rig.heartbeat(2)
        #expect(rig.mesh("t").count == 2)  // on subscribing up to D_low; then it is not below it
        #expect(rig.mesh("u").count >= 4)
        for number in 2..<12 { rig.receive(RPC(graft: ["t"]), from: number) }
        #expect(rig.mesh("t").count == 4)
        rig.heartbeat()
        #expect(rig.mesh("t").count == 3)
    }

    @Test func topicsHaveTheirOwnLargestMessage() {
        var rig = RouterRig()
        rig.apply(.setTopicConfiguration("t", TopicConfiguration(maxMessageSize: 1_000)))
        rig.apply(.subscribe("t"))
        rig.apply(.subscribe("u"))
        rig.connect([2, 3], subscribed: ["t", "u"])
        let text = String(repeating: "x", count: 2_000)
        rig.input(.publish(fixture.message(text, author: 1)))
        #expect(rig.sent.isEmpty)
        rig.receive(RPC(messages: [fixture.message(text)]), from: 2)
        #expect(rig.delivered.isEmpty)
        #expect(rig.router.score(of: fixture.peer(2)) >= 0)
        rig.receive(RPC(messages: [fixture.message(text, topic: "u", seqno: 2)]), from: 2)
        #expect(rig.delivered.count == 1)
    }

    @Test func scoreParametersOfATopicCanBeReplacedAtRuntime() {
        var rig = RouterRig { parameters in
            var score = PeerScoreParameters()
            score.defaultTopic = .init()
            parameters.score = score
        }
        var topic = TopicScoreParameters()
        topic.topicWeight = 1
        topic.invalidMessageDeliveriesWeight = -1
        topic.invalidMessageDeliveriesDecay = 0.5
        rig.verdict = .reject
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.apply(.setTopicScore("t", topic))
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == -1)
        rig.apply(.setTopicScore("t", nil))
        #expect(rig.router.score(of: fixture.peer(2)) == 0)
    }

    @Test func filterDecidesOfWhichTopicsNoteIsTaken() {
        var rig = RouterRig()
        rig.apply(.setSubscriptionFilter(.prefixes(["space/"])))
        rig.apply(.subscribe("ours"))
        rig.connect([2], subscribed: ["space/1", "other", "ours"])
        #expect(rig.router.knownTopicCount == 2)
        #expect(rig.router.subscribers("ours") == [fixture.peer(2)])
        #expect(SubscriptionFilter.topics(["a"]).allows("a"))
        #expect(!SubscriptionFilter.topics(["a"]).allows("b"))
        #expect(SubscriptionFilter.all.allows("b"))
    }

    @Test func rpcWithTooManyAnnouncementsIsIgnoredAsAWhole() {
        var rig = RouterRig { $0.subscriptionsPerRPCMax = 3 }
        rig.apply(.subscribe("t"))
        rig.connect([2], subscribed: [])
        let topics: [Topic] = ["t", "a", "b", "c"]
        rig.receive(
            RPC(
                subscriptions: topics.map { .init($0, isSubscribed: true) }, messages: [fixture.message()]),
            from: 2)
        #expect(rig.router.subscribers("t").isEmpty)
        #expect(rig.delivered.isEmpty)
    }
}
