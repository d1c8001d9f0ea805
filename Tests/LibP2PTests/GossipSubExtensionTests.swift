import LibP2P
import LibP2PCore
import Testing

private typealias fixture = GossipSubFixture

/// What the first RPC of a stream says (gossipsub v1.3, "Extensions Control Message").
@Suite struct GossipSubExtensionTests {
    private func rig(hasTestExtension: Bool = false) -> RouterRig {
        RouterRig { parameters in
            var score = PeerScoreParameters()
            score.behaviourPenaltyWeight = -1
            score.behaviourPenaltyDecay = 0.999
            parameters.score = score
            parameters.hasTestExtension = hasTestExtension
        }
    }

    private func connect(
        _ rig: inout RouterRig, _ number: Int, _ protocolID: GossipSubProtocol = .meshsub13
    ) {
        rig.input(
            .peerConnected(
                fixture.peer(number),
                PeerConnection(direction: .inbound, address: nil, protocolID: protocolID)))
    }

    @Test func firstRPCSaysWhatWeHaveTogetherWithOurTopics() throws {
        var rig = self.rig()
        rig.apply(.subscribe("t"))
        self.connect(&rig, 2)
        let first = try #require(rig.sent.first?.rpc)
        #expect(rig.sent.count == 1)
        #expect(first.extensions == RPC.Extensions())
        #expect(first.subscriptions == [.init("t", isSubscribed: true)])
        rig.input(.subscribe("u"))
        #expect(rig.sent.allSatisfy { $0.rpc.extensions == nil })
    }

    @Test func firstRPCSaysItEvenWithoutTopics() {
        var rig = self.rig()
        self.connect(&rig, 2)
        #expect(rig.sent.map(\.rpc.extensions) == [RPC.Extensions()])
    }

    @Test(arguments: [GossipSubProtocol.meshsub12, .meshsub11, .meshsub10, .floodsub])
    func olderPeersAreNotTold(protocolID: GossipSubProtocol) {
        var rig = self.rig()
        rig.apply(.subscribe("t"))
        self.connect(&rig, 2, protocolID)
        #expect(rig.sent.allSatisfy { $0.rpc.extensions == nil })
    }

    @Test func whatAPeerSaysFirstIsKept() {
        var rig = self.rig()
        self.connect(&rig, 2)
        #expect(rig.router.extensions(of: fixture.peer(2)) == nil)
        var rpc = RPC()
        rpc.extensions = .init(hasPartialMessages: true)
        rig.receive(rpc, from: 2)
        #expect(rig.router.extensions(of: fixture.peer(2)) == rpc.extensions)
        #expect(rig.router.score(of: fixture.peer(2)) == 0)
    }

    @Test func sayingItTwiceOrLateIsMisbehaviour() {
        var rig = self.rig()
        self.connect(&rig, 2)
        var rpc = RPC()
        rpc.extensions = .init()
        rig.receive(rpc, from: 2)
        rig.receive(rpc, from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == -100)
        self.connect(&rig, 3)
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: true)]), from: 3)
        rig.receive(rpc, from: 3)
        #expect(rig.router.score(of: fixture.peer(3)) == -100)
        #expect(rig.router.extensions(of: fixture.peer(3)) == nil)
    }

    @Test func peerThatBeginsAgainMaySayItAgainAndIsNotToldTwice() {
        var rig = self.rig()
        rig.apply(.subscribe("t"))
        self.connect(&rig, 2)
        var rpc = RPC()
        rpc.extensions = .init()
        rig.receive(rpc, from: 2)
        rig.input(.peerBeganAgain(fixture.peer(2)))
        #expect(rig.sent(to: 2).subscriptions == [.init("t", isSubscribed: true)])
        #expect(rig.sent.allSatisfy { $0.rpc.extensions == nil })
        rig.receive(rpc, from: 2)
        #expect(rig.router.score(of: fixture.peer(2)) == 0)
    }

    @Test func bothHavingTheTestExtensionEachSaysSoOnce() {
        var rig = self.rig(hasTestExtension: true)
        self.connect(&rig, 2)
        #expect(rig.sent.map(\.rpc.extensions) == [.init(hasTestExtension: true)])
        var rpc = RPC()
        rpc.extensions = .init(hasTestExtension: true)
        rig.receive(rpc, from: 2)
        #expect(rig.sent.map(\.rpc.isExtensionTest) == [true])
        self.connect(&rig, 3)
        rpc.extensions = .init()
        rig.receive(rpc, from: 3)
        #expect(rig.sent.isEmpty)
    }

    @Test func unknownExtensionsAreIgnored() throws {
        // Field 99 of ControlExtensions, a varint, in field 6 of the control message.
        let extensions: [UInt8] = [0x98, 0x06, 0x01]
        let control = [0x32, UInt8(extensions.count)] + extensions
        let rpc = try RPC(decoding: [0x1a, UInt8(control.count)] + control)
        #expect(rpc.extensions == RPC.Extensions())
    }
}

/// IDONTWANT before an own publication, and its bounds.
@Suite struct GossipSubOwnIDontWantTests {
    @Test func meshIsToldBeforeAnOwnLargeMessage() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.connect([4], .meshsub11)
        let message = fixture.message(String(repeating: "x", count: 2_000), author: 1)
        let id = rig.router.messageID(message)
        rig.input(.publish(message))
        let control = rig.sent.filter { $0.priority == .control }
        #expect(Set(control.map(\.peer)) == peers([2, 3]))
        #expect(control.allSatisfy { $0.rpc.idontwant == [id] && $0.rpc.messages.isEmpty })
        #expect(Set(rig.sent.filter { $0.priority == .own }.map(\.peer)) == peers([2, 3, 4]))
        let own = rig.sent.firstIndex { $0.priority == .own } ?? 0
        #expect(rig.sent[..<own].count == 2)
    }

    @Test func smallOwnMessageIsNotAnnounced() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.input(.publish(fixture.message(author: 1)))
        #expect(rig.sent.allSatisfy { $0.rpc.idontwant.isEmpty })
        #expect(rig.router.counters("t").idontwantSent == 0)
    }
}
