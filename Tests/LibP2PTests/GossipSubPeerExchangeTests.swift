import LibP2P
import LibP2PCore
import Testing

private typealias fixture = GossipSubFixture

private func addresses(_ number: Int) -> [Multiaddr] {
    [Multiaddr(ip: [198, 51, 100, UInt8(number)], tcpPort: 4_001)].compactMap { $0 }
}

private func record(_ number: Int) -> [UInt8] {
    PeerRecord(peer: fixture.peer(number), sequence: 1, addresses: addresses(number))
        .sealed(by: fixture.key(number))
}

/// Peers that are offered to those who are sent away (gossipsub v1.1, "Peer Exchange").
@Suite struct GossipSubPeerExchangeTests {
    private func rig(_ change: (inout GossipSubParameters) -> Void = { _ in }) -> RouterRig {
        RouterRig.scored {
            $0.exchangesPeers = true
            change(&$0)
        }
    }

    /// A full mesh of inbound peers, each with a record, and one more that asks.
    private func refused(_ change: (inout GossipSubParameters) -> Void = { _ in }) -> RouterRig {
        var rig = self.rig(change)
        rig.apply(.subscribe("t"))
        rig.connect(2..<14)
        for number in 2..<14 {
            rig.apply(.signedPeerRecord(fixture.peer(number), record(number)))
            rig.receive(RPC(graft: ["t"]), from: number)
        }
        rig.connect([20])
        rig.receive(RPC(graft: ["t"]), from: 20)
        return rig
    }

    @Test func peerThatFindsTheMeshFullIsOfferedOthersWithTheirRecords() throws {
        let rig = self.refused()
        let prune = try #require(rig.sent(to: 20).prune.first)
        #expect(prune.backoffSeconds == 60)
        #expect(prune.peers.count == 12)
        for offer in prune.peers {
            let signed = try #require(offer.signedPeerRecord.flatMap { PeerRecord(envelope: $0) })
            #expect(signed.peer.bytes == offer.peerID)
        }
    }

    @Test func noMoreThanPrunePeersAreOffered() {
        let rig = self.refused { $0.prunePeers = 5 }
        #expect(rig.sent(to: 20).prune.map(\.peers.count) == [5])
    }

    @Test func nobodyIsOfferedWhenExchangeIsOff() {
        let rig = self.refused { $0.exchangesPeers = false }
        #expect(rig.sent(to: 20).prune.map(\.peers) == [[]])
    }

    @Test func nobodyIsOfferedOnATopicThatOnlySomeMayBeOn() {
        var rig = self.rig()
        rig.apply(.setAllowedPeers("t", peers(2..<30)))
        rig.apply(.subscribe("t"))
        rig.connect(2..<14)
        for number in 2..<14 {
            rig.apply(.signedPeerRecord(fixture.peer(number), record(number)))
            rig.receive(RPC(graft: ["t"]), from: number)
        }
        rig.connect([20])
        rig.receive(RPC(graft: ["t"]), from: 20)
        #expect(rig.sent(to: 20).prune.map(\.peers) == [[]])
        // Nor are offers taken there.
        rig.setScore(10, of: [2])
        rig.receive(
            RPC(
                prune: [
                    .init(
                        "t", backoffSeconds: 60,
                        peers: [.init(peerID: fixture.peer(40).bytes, signedPeerRecord: record(40))])
                ]), from: 2)
        #expect(rig.dialled.isEmpty)
    }

    @Test func peersOfNegativeScoreAreNotOffered() {
        var rig = self.rig()
        rig.apply(.subscribe("t"))
        rig.connect(2..<14)
        for number in 2..<14 {
            rig.apply(.signedPeerRecord(fixture.peer(number), record(number)))
            rig.receive(RPC(graft: ["t"]), from: number)
        }
        rig.setScore(-1, of: [2, 3])
        rig.connect([20])
        rig.receive(RPC(graft: ["t"]), from: 20)
        let offered = Set(rig.sent(to: 20).prune.flatMap(\.peers).map(\.peerID))
        #expect(offered == Set(peers(4..<14).map(\.bytes)))
    }

    @Test func offendersAreOfferedNobody() {
        var rig = self.refused()
        rig.receive(RPC(graft: ["t"]), from: 20)  // into its backoff
        #expect(rig.sent(to: 20).prune.map(\.peers) == [[]])
        rig.connect([21])
        rig.setScore(-1, of: [21])
        rig.receive(RPC(graft: ["t"]), from: 21)
        #expect(rig.sent(to: 21).prune.map(\.peers) == [[]])
    }

    @Test func oldPeersAreOfferedNobody() {
        var rig = self.refused()
        rig.connect([22], .meshsub10)
        rig.receive(RPC(graft: ["t"]), from: 22)
        #expect(rig.sent(to: 22).prune == [.init("t", backoffSeconds: nil)])
    }

    @Test func leavingOffersOthers() {
        var rig = self.refused()
        rig.input(.unsubscribe("t"))
        #expect(rig.sent(to: 2).prune.map(\.peers.count) == [11])
        #expect(rig.sent(to: 2).prune.map(\.backoffSeconds) == [10])
    }

    private func offer(
        _ offers: [RPC.OfferedPeer], score: Double = 10,
        _ change: (inout GossipSubParameters) -> Void = { _ in }
    ) -> RouterRig {
        var rig = self.rig(change)
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        rig.setScore(score, of: [2])
        rig.receive(RPC(prune: [.init("t", backoffSeconds: 60, peers: offers)]), from: 2)
        return rig
    }

    @Test func offeredPeersAreDialledAtTheAddressesThatTheySigned() {
        let rig = self.offer([.init(peerID: fixture.peer(40).bytes, signedPeerRecord: record(40))])
        #expect(rig.dialled.map(\.peer) == [fixture.peer(40)])
        #expect(rig.dialled.map(\.addresses) == [addresses(40)])
        #expect(rig.dialled.map(\.reason) == [.peerExchange])
    }

    @Test func offersOfPeersBelowTheThresholdAreNotTaken() {
        let offers = [RPC.OfferedPeer(peerID: fixture.peer(40).bytes, signedPeerRecord: record(40))]
        #expect(self.offer(offers, score: 9.99).dialled.isEmpty)
        #expect(self.offer(offers, { $0.exchangesPeers = false }).dialled.isEmpty)
    }

    @Test func offersThatProveNothingAreNotTaken() {
        var broken = record(41)
        broken[broken.count - 1] ^= 1
        let empty = PeerRecord(peer: fixture.peer(42), sequence: 1, addresses: [])
            .sealed(by: fixture.key(42))
        let rig = self.offer([
            .init(peerID: fixture.peer(40).bytes, signedPeerRecord: nil),
            .init(peerID: fixture.peer(41).bytes, signedPeerRecord: broken),
            .init(peerID: fixture.peer(43).bytes, signedPeerRecord: record(40)),  // another's
            .init(peerID: fixture.peer(42).bytes, signedPeerRecord: empty),
            .init(peerID: [1, 2, 3], signedPeerRecord: record(40)),
            .init(peerID: fixture.peer(1).bytes, signedPeerRecord: record(1)),  // ourselves
            .init(peerID: fixture.peer(3).bytes, signedPeerRecord: record(3)),  // connected
        ])
        #expect(rig.dialled.isEmpty)
    }

    @Test func noMoreThanPrunePeersAreDialledOfOnePrune() {
        let offers = (40..<80).map {
            RPC.OfferedPeer(peerID: fixture.peer($0).bytes, signedPeerRecord: record($0))
        }
        let rig = self.offer(offers)
        #expect(rig.dialled.count == 16)
        #expect(Set(rig.dialled.map(\.peer)).isSubset(of: peers(40..<80)))
    }
}

/// Peers with whom there is an agreement (gossipsub v1.1, "Explicit Peering Agreements").
@Suite struct GossipSubDirectPeerTests {
    @Test func directPeersAreDialledAfterTheDelayAndAgainWhenTheyAreGone() {
        var rig = RouterRig {
            $0.directConnectTicks = 5
            $0.directConnectInitialDelay = .seconds(1)
        }
        rig.input(.setDirectPeers(peers([2, 3])))
        #expect(rig.dialled.isEmpty)
        rig.heartbeat(1)  // after 0.1 s
        #expect(rig.dialled.isEmpty)
        rig.heartbeat(1)
        #expect(Set(rig.dialled.map(\.peer)) == peers([2, 3]))
        #expect(rig.dialled.allSatisfy { $0.reason == .direct })
        rig.connect([2, 3])
        rig.heartbeat(5)
        #expect(rig.dialled.isEmpty)
        rig.apply(.peerDisconnected(fixture.peer(2)))
        rig.heartbeat(5)
        #expect(rig.dialled.map(\.peer) == [fixture.peer(2)])
    }

    @Test func directPeersAreNeverInAMesh() {
        var rig = RouterRig()
        rig.apply(.setDirectPeers(peers([2])))
        rig.connect([2])
        rig.apply(.subscribe("t"))  // join
        rig.heartbeat(3)  // heartbeat
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: false)]), from: 2)
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: true)]), from: 2)  // subscribe
        #expect(rig.mesh().isEmpty)
        rig.receive(RPC(graft: ["t"]), from: 2)  // its own demand
        #expect(rig.mesh().isEmpty)
        #expect(rig.sent(to: 2).prune.count == 1)
        // One that becomes direct leaves it.
        rig.connect([3])
        #expect(rig.mesh() == peers([3]))
        rig.input(.setDirectPeers(peers([2, 3])))
        #expect(rig.mesh().isEmpty)
    }

    @Test func directPeersGetEverythingAndNoGossip() {
        var rig = RouterRig()
        rig.apply(.setDirectPeers(peers([2])))
        rig.apply(.subscribe("t"))
        rig.connect([2, 3])
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 3)
        #expect(rig.sent(to: 2).messages == [message])
        rig.input(.publish(fixture.message(seqno: 2, author: 1)))
        #expect(rig.published.map { Set($0.peers) } == [peers([2, 3])])
        rig.heartbeat()
        #expect(rig.sent(to: 2).ihave.isEmpty)
        // Not even as fanout of a topic that we are not on.
        rig.connect([2], subscribed: ["u"])
        rig.input(.publish(fixture.message(topic: "u", seqno: 3, author: 1)))
        #expect(rig.published.map(\.peers) == [[fixture.peer(2)]])
        #expect(rig.router.fanoutPeers("u").isEmpty)
    }

    @Test func directPeersAreHeardWhateverTheirScore() {
        var rig = RouterRig.scored()
        rig.apply(.setDirectPeers(peers([2])))
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.setScore(-1_000, of: [2])
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.delivered.count == 1)
        rig.input(.publish(fixture.message(seqno: 2, author: 1)))
        #expect(rig.published.map(\.peers) == [[fixture.peer(2)]])
    }

    @Test func directPeersCanBeAddedAndRemoved() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.apply(.setDirectPeers(peers([2])))
        rig.connect([2])
        rig.input(.setDirectPeers([]))
        rig.now += .seconds(70)
        rig.heartbeat()
        #expect(rig.mesh() == peers([2]))
    }
}
