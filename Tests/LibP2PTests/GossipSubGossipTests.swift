import DescordCrypto
import LibP2P
import LibP2PCore
import Testing

private let fixture = GossipSubFixture.self

@Suite struct GossipSubGossipTests {
    /// A router with a mesh of its own making and subscribers outside it.
    private func rig(others: Int = 20, _ change: (inout GossipSubParameters) -> Void = { _ in }) -> RouterRig
    {
        var rig = RouterRig(change)
        rig.apply(.subscribe("t"))
        rig.connect(2..<2 + others)
        rig.outputs = []
        return rig
    }

    @Test func gossipGoesToTheLazyDegreeOutsideTheMesh() {
        var rig = self.rig { $0.degreeLazy = 3 }
        rig.apply(.publish(fixture.message(author: 1)))
        let mesh = rig.mesh()
        rig.heartbeat()
        let gossiped = rig.sent.filter { !$0.rpc.ihave.isEmpty }
        // The factor's share of 16 is 4, and more than D_lazy.
        #expect(gossiped.count == 4)
        #expect(mesh.isDisjoint(with: gossiped.map(\.peer)))
        #expect(gossiped.allSatisfy { $0.priority == .forwarded })
        let id = rig.router.messageID(fixture.message(author: 1))
        #expect(gossiped.allSatisfy { $0.rpc.ihave == [.init("t", ids: [id])] })
    }

    @Test func gossipGoesToAtLeastTheLazyDegree() {
        var rig = self.rig { $0.degreeLazy = 8 }
        rig.apply(.publish(fixture.message(author: 1)))
        rig.heartbeat()
        #expect(rig.sent.filter { !$0.rpc.ihave.isEmpty }.count == 8)
    }

    /// Five heartbeats of three make room for the fourteen or so outside the mesh: nobody is told twice
    /// before everybody was told once.
    @Test func everybodyOutsideTheMeshIsToldWithinTheGossipWindow() {
        for seed in UInt64(1)...20 {
            var rig = RouterRig(seed: seed) {
                $0.degreeLazy = 3
                $0.gossipFactor = 0
            }
            rig.apply(.subscribe("t"))
            rig.connect(2..<20)
            rig.heartbeat()
            rig.apply(.publish(fixture.message(author: 1)))
            let outside = peers(2..<20).subtracting(rig.mesh())
            var told: [PeerID] = []
            for _ in 0..<5 {
                rig.heartbeat()
                told += rig.sent.filter { !$0.rpc.ihave.isEmpty }.map(\.peer)
            }
            #expect(told.count == 15 && Set(told).isSuperset(of: outside), "seed \(seed)")
        }
    }

    /// Whoever comes anew waits for its turn, so that nobody takes the turns of others by leaving and coming.
    @Test func whoSubscribesAnewIsToldAfterTheOthers() {
        var rig = self.rig(others: 18) {
            $0.degreeLazy = 3
            $0.gossipFactor = 0
        }
        rig.heartbeat(2)
        rig.apply(.publish(fixture.message(author: 1)))
        let outside = peers(2..<20).subtracting(rig.mesh())
        var told: Set<PeerID> = []
        for place in 0..<4 {
            rig.connect((30 + 10 * place)..<(36 + 10 * place))
            rig.heartbeat()
            told.formUnion(rig.sent.filter { !$0.rpc.ihave.isEmpty }.map(\.peer))
        }
        #expect(told.isSubset(of: outside))
    }

    @Test func peerThatEntersTheMeshIsToldWhatPassedItBy() {
        var rig = self.rig(others: 2)
        rig.apply(.publish(fixture.message(author: 1)))
        let id = rig.router.messageID(fixture.message(author: 1))
        rig.connect([30], subscribed: [])
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: true)], graft: ["t"]), from: 30)
        #expect(rig.sent(to: 30).ihave == [.init("t", ids: [id])])
        // Once: what comes from now on is forwarded.
        rig.heartbeat()
        #expect(rig.sent(to: 30).ihave.isEmpty)
        // Gossip may have left out others: they are told what it still names, and no more.
        rig.connect([31], subscribed: [])
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: true)], graft: ["t"]), from: 31)
        #expect(rig.sent(to: 31).ihave == [.init("t", ids: [id])])
        rig.heartbeat(5)
        rig.connect([32], subscribed: [])
        rig.receive(RPC(subscriptions: [.init("t", isSubscribed: true)], graft: ["t"]), from: 32)
        #expect(rig.sent(to: 32).ihave.isEmpty)
    }

    @Test func gossipEndsWithTheGossipWindowAndServiceWithTheHistory() {
        var rig = self.rig()
        let message = fixture.message(author: 1)
        let id = rig.router.messageID(message)
        rig.apply(.publish(message))
        for _ in 0..<5 {
            rig.heartbeat()
            #expect(rig.sent.contains { !$0.rpc.ihave.isEmpty })
        }
        rig.heartbeat()
        #expect(!rig.sent.contains { !$0.rpc.ihave.isEmpty })
        rig.heartbeat(3)
        rig.receive(RPC(iwant: [id]), from: 20)
        #expect(rig.sent(to: 20).messages == [message])
        rig.heartbeat()
        rig.receive(RPC(iwant: [id]), from: 20)
        #expect(rig.sent.isEmpty)
    }

    @Test func ihaveOfUnknownMessagesIsAskedForAndKnownOnesAreNot() {
        var rig = self.rig()
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        let known = rig.router.messageID(fixture.message())
        rig.receive(
            RPC(ihave: [.init("t", ids: [known, MessageID([1]), MessageID([1]), MessageID([2])])]), from: 3)
        #expect(Set(rig.sent(to: 3).iwant) == [MessageID([1]), MessageID([2])])
        #expect(rig.sent(to: 3).iwant.count == 2)
        #expect(rig.sent.first?.priority == .control)
    }

    @Test(arguments: [MessageIDFunction.go, .rust, .js, .nim])
    func messagesOfAnEarlierRunOfOursAreNotAskedFor(function: MessageIDFunction) {
        var rig = self.rig()
        rig.apply(.setTopicConfiguration("t", TopicConfiguration(messageID: function)))
        let own = function.id(of: fixture.message(author: RouterRig.local))
        let other = function.id(of: fixture.message(seqno: 2, author: 77))
        rig.receive(RPC(ihave: [.init("t", ids: [own, other])]), from: 3)
        #expect(rig.sent(to: 3).iwant == [other])
    }

    @Test func ihaveForATopicThatWeDidNotJoinIsIgnored() {
        var rig = self.rig()
        rig.receive(RPC(ihave: [.init("other", ids: [MessageID([1])])]), from: 3)
        #expect(rig.sent.isEmpty)
    }

    @Test func ihaveFloodIsLimitedPerHeartbeat() {
        var rig = self.rig {
            $0.maxIHaveMessages = 3
            $0.maxIHaveLength = 10
        }
        var asked = 0
        for round in 0..<5 {
            let ids = (0..<4).map { MessageID([UInt8(round), UInt8($0)]) }
            rig.receive(RPC(ihave: [.init("t", ids: ids)]), from: 3)
            asked += rig.sent(to: 3).iwant.count
        }
        // Three RPCs count, and the third is cut at ten ids.
        #expect(asked == 10)
        rig.heartbeat()
        rig.receive(RPC(ihave: [.init("t", ids: [MessageID([99])])]), from: 3)
        #expect(rig.sent(to: 3).iwant.count == 1)
    }

    @Test func ihaveLengthIsCutAndEveryPeerGetsAnotherPart() {
        var rig = self.rig(others: 40) { $0.maxIHaveLength = 5 }
        for seqno in 1...20 as ClosedRange<UInt64> {
            rig.apply(.publish(fixture.message(seqno: seqno, author: 1)))
        }
        rig.heartbeat()
        let parts = rig.sent.flatMap { $0.rpc.ihave }
        #expect(parts.allSatisfy { $0.ids.count == 5 })
        #expect(Set(parts.flatMap(\.ids)).count > 5)
    }

    @Test func brokenPromiseIsCountedOnce() {
        var rig = self.rig()
        rig.receive(RPC(ihave: [.init("t", ids: [MessageID([1]), MessageID([2])])]), from: 3)
        rig.heartbeat(3)
        #expect(rig.router.brokenPromises(of: fixture.peer(3)) == 0)
        rig.heartbeat(2)
        #expect(rig.router.brokenPromises(of: fixture.peer(3)) == 1)
        rig.heartbeat(5)
        #expect(rig.router.brokenPromises(of: fixture.peer(3)) == 1)
    }

    @Test func promiseIsKeptByDeliveryFromAnybody() {
        var rig = self.rig()
        let message = fixture.message()
        rig.receive(RPC(ihave: [.init("t", ids: [rig.router.messageID(message)])]), from: 3)
        rig.receive(RPC(messages: [message]), from: 2)
        rig.heartbeat(6)
        #expect(rig.router.brokenPromises(of: fixture.peer(3)) == 0)
    }

    @Test func forgedMessageDoesNotKeepAPromise() {
        var rig = self.rig()
        let message = fixture.message()
        let forged = Message(
            from: message.from, data: [1], seqno: message.seqno, topic: "t", signature: message.signature)
        rig.receive(RPC(ihave: [.init("t", ids: [rig.router.messageID(message)])]), from: 3)
        rig.receive(RPC(messages: [forged]), from: 3)
        rig.heartbeat(6)
        #expect(rig.router.brokenPromises(of: fixture.peer(3)) == 1)
    }

    @Test func iwantIsServedThreeTimesToEachPeer() {
        var rig = self.rig()
        let message = fixture.message(author: 1)
        rig.apply(.publish(message))
        let id = rig.router.messageID(message)
        for round in 1...5 {
            rig.receive(RPC(iwant: [id, id]), from: 20)
            #expect(rig.sent(to: 20).messages.count == (round <= 3 ? 1 : 0))
        }
        rig.receive(RPC(iwant: [id]), from: 21)
        #expect(rig.sent(to: 21).messages.count == 1)
        #expect(rig.router.counters("t").iwantServed == 4)
    }

    @Test func iwantOfUnknownMessagesGetsNothing() {
        var rig = self.rig()
        rig.receive(RPC(iwant: [MessageID([1])]), from: 2)
        #expect(rig.sent.isEmpty)
    }

    @Test func iwantReplyIsFragmentedBelowTheMaximum() {
        var rig = self.rig()
        let text = String(repeating: "x", count: 20_000)
        for seqno in 1...1_000 as ClosedRange<UInt64> {
            rig.apply(.publish(fixture.message(text, seqno: seqno, author: 1)))
        }
        let ids = (1...1_000 as ClosedRange<UInt64>).map {
            MessageIDFunction.go.id(
                of: Message(
                    from: fixture.peer(1).bytes, data: nil,
                    seqno: [0, 0, 0, 0, 0, 0, UInt8($0 >> 8), UInt8($0 & 255)],
                    topic: "t"))
        }
        rig.receive(RPC(iwant: ids), from: 20)
        let parts = rig.sent.filter { $0.peer == fixture.peer(20) }
        #expect(parts.count == 20)
        #expect(parts.allSatisfy { $0.rpc.encodedSize <= RPC.maxSize })
        #expect(rig.sent(to: 20).messages.count == 1_000)
    }

    @Test func historyIsBoundedByBytes() {
        var rig = self.rig { $0.historyBytesMax = 10_000 }
        for seqno in 1...20 as ClosedRange<UInt64> {
            rig.apply(
                .publish(fixture.message(String(repeating: "x", count: 1_000), seqno: seqno, author: 1)))
        }
        let ids = (1...20 as ClosedRange<UInt64>).map {
            rig.router.messageID(fixture.message("", seqno: $0, author: 1))
        }
        rig.receive(RPC(iwant: ids), from: 20)
        let served = rig.sent(to: 20).messages.compactMap(\.sequenceNumber)
        #expect(served == [13, 14, 15, 16, 17, 18, 19, 20])
    }

    @Test func fanoutTopicsAreGossipedToo() {
        var rig = RouterRig {
            $0.degree = 4
            $0.degreeOut = 1
        }
        rig.connect(2..<20)
        rig.apply(.publish(fixture.message(author: 1)))
        let fanout = Set(rig.router.fanoutPeers("t"))
        rig.heartbeat()
        let gossiped = rig.sent.filter { !$0.rpc.ihave.isEmpty }
        #expect(gossiped.count == 6)
        #expect(fanout.isDisjoint(with: gossiped.map(\.peer)))
    }
}

@Suite struct GossipSubIDontWantTests {
    private let large = String(repeating: "x", count: 1_024)

    private func rig(_ change: (inout GossipSubParameters) -> Void = { _ in }) -> RouterRig {
        var rig = RouterRig(change)
        rig.apply(.subscribe("t"))
        rig.connect(2..<5)
        rig.connect([5], .meshsub11)
        rig.connect(6..<9)
        rig.verifies = false
        rig.outputs = []
        return rig
    }

    @Test func largeMessageIsAnnouncedToTheMeshBeforeItIsValidated() {
        var rig = self.rig()
        rig.verifies = true
        rig.verdict = nil
        let message = fixture.message(self.large)
        rig.receive(RPC(messages: [message]), from: 2)
        let id = rig.router.messageID(message)
        // Not to the sender, not to v1.1 peers, not outside the mesh.
        #expect(Set(rig.sent.map(\.peer)) == peers([3, 4]))
        #expect(rig.sent.allSatisfy { $0.rpc.idontwant == [id] && $0.priority == .control })
        #expect(rig.asked.count == 1)
    }

    /// Whoever is not believed does not keep others from sending what is true.
    @Test func forgedCopyIsNotAnnounced() throws {
        var rig = self.rig()
        let message = fixture.message(self.large)
        let forged = Message(
            from: message.from, data: Array(self.large.utf8.reversed()) + [0], seqno: message.seqno,
            topic: "t",
            signature: message.signature)
        rig.receive(RPC(messages: [forged]), from: 2)
        #expect(rig.sent.isEmpty)
        rig.input(.verified(try #require(rig.asked.last), forged.verify()))
        #expect(rig.sent.isEmpty)
        rig.verifies = true
        rig.receive(RPC(messages: [message]), from: 3)
        let id = rig.router.messageID(message)
        #expect(rig.sent.contains { $0.peer == fixture.peer(4) && $0.rpc.idontwant == [id] })
    }

    @Test func nobodyWhoSentItWhileItWasVerifiedIsTold() throws {
        var rig = self.rig()
        let message = fixture.message(self.large)
        rig.receive(RPC(messages: [message]), from: 2)
        rig.receive(RPC(messages: [message]), from: 3)
        rig.verdict = nil
        rig.input(.verified(try #require(rig.asked.last), nil))
        #expect(rig.sent.map(\.peer) == [fixture.peer(4)])
    }

    @Test func smallMessageIsNotAnnounced() {
        var rig = self.rig()
        rig.receive(RPC(messages: [fixture.message(String(repeating: "x", count: 1_023))]), from: 2)
        #expect(rig.sent.isEmpty)
    }

    @Test func announcementIsMadeOnceForAMessage() {
        var rig = self.rig()
        rig.verifies = true
        rig.verdict = nil
        rig.receive(RPC(messages: [fixture.message(self.large)]), from: 2)
        rig.receive(RPC(messages: [fixture.message(self.large)]), from: 3)
        #expect(rig.sent.isEmpty)
    }

    @Test func unwantedMessageIsNotForwardedNorServedUntilItsTimeIsUp() {
        var rig = self.rig()
        rig.verifies = true
        let message = fixture.message(self.large)
        let id = rig.router.messageID(message)
        rig.receive(RPC(idontwant: [id]), from: 3)
        rig.receive(RPC(messages: [message]), from: 2)
        #expect(rig.sent(to: 3).messages.isEmpty)
        #expect(rig.sent(to: 4).messages == [message])
        rig.receive(RPC(iwant: [id]), from: 3)
        #expect(rig.sent.isEmpty)
        rig.heartbeat(3)
        rig.receive(RPC(iwant: [id]), from: 3)
        #expect(rig.sent(to: 3).messages == [message])
    }

    @Test func unwantedOwnMessageIsNotPublishedToThatPeer() {
        var rig = self.rig()
        let message = fixture.message(self.large, author: 1)
        rig.receive(RPC(idontwant: [rig.router.messageID(message)]), from: 3)
        rig.input(.publish(message))
        #expect(rig.sent(to: 3).messages.isEmpty)
        #expect(rig.sent(to: 4).messages == [message])
    }

    @Test func idsPerRPCAndRPCsPerHeartbeatAreBounded() {
        var rig = self.rig { $0.maxIDontWantMessages = 2 }
        rig.verifies = true
        let messages = (1...30 as ClosedRange<UInt64>).map { fixture.message(seqno: $0) }
        let ids = messages.map { rig.router.messageID($0) }
        rig.receive(RPC(idontwant: Array(ids[0..<12])), from: 3)
        rig.receive(RPC(idontwant: Array(ids[12..<14])), from: 3)
        rig.receive(RPC(idontwant: Array(ids[14..<16])), from: 3)
        rig.receive(RPC(messages: messages), from: 2)
        let got = Set(rig.sent(to: 3).messages.compactMap(\.sequenceNumber))
        #expect(got == Set([11, 12] + Array(15...30)))
    }

    @Test func whatOnePeerDoesNotWantIsBounded() {
        var rig = self.rig { $0.unwantedCountMax = 5 }
        rig.verifies = true
        let messages = (1...10 as ClosedRange<UInt64>).map { fixture.message(seqno: $0) }
        rig.receive(RPC(idontwant: messages.map { rig.router.messageID($0) }), from: 3)
        rig.receive(RPC(messages: messages), from: 2)
        #expect(rig.sent(to: 3).messages.count == 5)
    }

    @Test func reconnectingPeerStartsWithoutUnwantedMessages() {
        var rig = self.rig()
        let message = fixture.message(self.large, author: 1)
        rig.receive(RPC(idontwant: [rig.router.messageID(message)]), from: 3)
        rig.input(.peerDisconnected(fixture.peer(3)))
        rig.connect([3])
        rig.input(.publish(message))
        #expect(rig.sent(to: 3).messages == [message])
    }
}
