import DescordCrypto
import LibP2P
import LibP2PCore
import Testing

private let fixture = GossipSubFixture.self

@Suite struct GossipSubPublishTests {
    @Test func messageIsPublishedAtOnceToTheOnlySubscriber() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        let message = fixture.message(author: 1)
        rig.input(.publish(message))
        #expect(rig.sent(to: 2).messages == [message])
        #expect(rig.sent.first?.priority == .own)
        let id = rig.router.messageID(message)
        #expect(rig.published == [Published(id: id, peers: [fixture.peer(2)])])
        #expect(rig.traceCount("PUBLISH_MESSAGE") == 1)
        #expect(rig.router.counters("t").published == 1)
    }

    @Test func ownMessagesGoToOthersWhileTheMeshIsSmall() {
        var rig = RouterRig { $0.graftsOnSubscribe = false }
        rig.apply(.subscribe("t"))
        rig.connect(2..<5)
        rig.receive(RPC(graft: ["t"]), from: 2)
        rig.input(.publish(fixture.message(author: 1)))
        #expect(Set(rig.sent.map(\.peer)) == peers(2..<5))
    }

    @Test func smallMeshRuleFillsUpToTheDegreeOnly() {
        var rig = RouterRig { $0.graftsOnSubscribe = false }
        rig.apply(.subscribe("t"))
        rig.connect(2..<30)
        rig.receive(RPC(graft: ["t"]), from: 2)
        rig.input(.publish(fixture.message(author: 1)))
        #expect(rig.sent.count == 6)
        #expect(rig.sent(to: 2).messages.count == 1)
    }

    @Test func meshOfDegreeLowIsNotSupplemented() {
        var rig = RouterRig { $0.graftsOnSubscribe = false }
        rig.apply(.subscribe("t"))
        rig.connect(2..<30)
        for peer in 2..<6 { rig.receive(RPC(graft: ["t"]), from: peer) }
        rig.input(.publish(fixture.message(author: 1)))
        #expect(Set(rig.sent.map(\.peer)) == peers(2..<6))
    }

    @Test func withoutTheSmallMeshRuleOnlyTheMeshGetsIt() {
        var rig = RouterRig {
            $0.graftsOnSubscribe = false
            $0.smallMeshPublish = false
        }
        rig.apply(.subscribe("t"))
        rig.connect(2..<5)
        rig.input(.publish(fixture.message(author: 1)))
        #expect(rig.sent.isEmpty)
    }

    @Test func floodPublishReachesAllSubscribers() {
        var rig = RouterRig { $0.floodPublish = true }
        rig.apply(.subscribe("t"))
        rig.connect(2..<30)
        rig.connect([30], .floodsub)
        rig.connect([31], subscribed: [])
        rig.input(.publish(fixture.message(author: 1)))
        #expect(Set(rig.sent.map(\.peer)) == peers(2..<31))
    }

    @Test func floodsubPeersAlwaysGetOwnMessages() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect(2..<10)
        rig.connect([30, 31], .floodsub)
        rig.input(.publish(fixture.message(author: 1)))
        for peer in [30, 31] { #expect(rig.sent(to: peer).messages.count == 1) }
    }

    @Test func publishingWithoutSubscriptionUsesTheFanoutAndKeepsIt() {
        var rig = RouterRig()
        rig.connect(2..<20)
        rig.input(.publish(fixture.message(seqno: 1, author: 1)))
        let first = Set(rig.sent.map(\.peer))
        #expect(first.count == 6)
        rig.input(.publish(fixture.message(seqno: 2, author: 1)))
        #expect(Set(rig.sent.map(\.peer)) == first)
    }

    @Test func fanoutIsRefilledAsPeersLeave() {
        var rig = RouterRig()
        rig.connect(2..<20)
        rig.input(.publish(fixture.message(seqno: 1, author: 1)))
        let gone = rig.router.fanoutPeers("t").prefix(3)
        for peer in gone { rig.apply(.peerDisconnected(peer)) }
        rig.heartbeat()
        #expect(rig.router.fanoutPeers("t").count == 6)
        #expect(Set(rig.router.fanoutPeers("t")).isDisjoint(with: gone))
    }

    @Test func fanoutExpires() {
        var rig = RouterRig()
        rig.connect(2..<20)
        rig.input(.publish(fixture.message(author: 1)))
        rig.heartbeat(58)
        #expect(rig.router.fanoutPeers("t").count == 6)
        rig.heartbeat(4)
        #expect(rig.router.fanoutPeers("t").isEmpty)
    }

    @Test func duplicatePublicationIsRefused() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        rig.input(.publish(fixture.message(author: 1)))
        rig.input(.publish(fixture.message(author: 1)))
        #expect(rig.sent.isEmpty)
        #expect(rig.refusals == [.duplicate])
    }

    @Test func publicationOfTheMaximumIsSentAndOneByteMoreIsRefused() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.connect([2])
        let probe = Message.signed(
            topic: "t", data: [UInt8](repeating: 0, count: 1 << 20 - 1), seqno: 1, by: fixture.key(1))
        let size = 1 << 20 - 1 - (probe.encodedSizeInRPC - RPC.maxSize)
        let exact = Message.signed(
            topic: "t", data: [UInt8](repeating: 0, count: size), seqno: 1, by: fixture.key(1))
        #expect(exact.encodedSizeInRPC == RPC.maxSize)
        rig.input(.publish(exact))
        #expect(rig.sent(to: 2).messages == [exact])
        let larger = Message.signed(
            topic: "t", data: [UInt8](repeating: 0, count: size + 1), seqno: 2, by: fixture.key(1))
        rig.input(.publish(larger))
        #expect(rig.sent.isEmpty)
        #expect(rig.refusals == [.tooLarge])
    }

    @Test func messageThatFoundNobodyIsHandedToTheFirstSubscriber() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        let message = fixture.message(author: 1)
        rig.input(.publish(message))
        #expect(rig.published.first?.peers == [])
        rig.outputs = []
        rig.connect([2])
        #expect(rig.sent(to: 2).messages == [message])
        #expect(rig.published.first?.peers == [fixture.peer(2)])
        rig.outputs = []
        rig.connect([3])
        #expect(rig.sent(to: 3).messages.isEmpty)
    }

    @Test func heldMessagesLeaveWithTheHistory() {
        var rig = RouterRig()
        rig.apply(.subscribe("t"))
        rig.apply(.publish(fixture.message(author: 1)))
        rig.heartbeat(11)
        rig.outputs = []
        rig.connect([2])
        #expect(rig.sent(to: 2).messages.isEmpty)
    }
}

@Suite struct GossipSubDeliveryTests {
    private func joined(_ change: (inout GossipSubParameters) -> Void = { _ in }) -> RouterRig {
        var rig = RouterRig(change)
        rig.apply(.subscribe("t"))
        rig.connect(2..<6)
        rig.outputs = []
        return rig
    }

    @Test func acceptedMessageIsDeliveredOnceAndForwardedToTheMesh() {
        var rig = self.joined()
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 2)
        #expect(rig.delivered == [message])
        #expect(Set(rig.sent.map(\.peer)) == peers(3..<6))
        #expect(rig.sent.allSatisfy { $0.priority == .forwarded })
        #expect(rig.traceCount("DELIVER_MESSAGE") == 1)
        rig.receive(RPC(messages: [message]), from: 3)
        #expect(rig.delivered.isEmpty)
        #expect(rig.sent.isEmpty)
        #expect(rig.traceCount("DUPLICATE_MESSAGE") == 1)
        #expect(rig.router.counters("t").received == 1)
        #expect(rig.router.counters("t").duplicates == 1)
    }

    @Test func messageIsNotSentBackToItsAuthorOrSender() {
        var rig = self.joined()
        let message = fixture.message(author: 4)
        rig.receive(RPC(messages: [message]), from: 2)
        #expect(Set(rig.sent.map(\.peer)) == peers([3, 5]))
    }

    @Test func nothingIsForwardedBeforeTheVerdict() {
        var rig = self.joined()
        rig.verdict = nil
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.sent.isEmpty)
        #expect(rig.delivered.isEmpty)
        rig.input(.validated(rig.asked[0], .accept))
        #expect(rig.delivered.count == 1)
        #expect(rig.sent.count == 3)
        // The same verdict again changes nothing.
        rig.input(.validated(rig.asked[0], .accept))
        #expect(rig.outputs.isEmpty)
    }

    @Test func rejectedAndIgnoredMessagesGoNowhere() {
        for (verdict, reason) in [
            (ValidationResult.reject, RejectReason.validationFailed), (.ignore, .validationIgnored),
        ] {
            var rig = self.joined()
            rig.verdict = verdict
            rig.receive(RPC(messages: [fixture.message()]), from: 2)
            #expect(rig.sent.isEmpty)
            #expect(rig.delivered.isEmpty)
            #expect(rig.rejections(reason) == 1)
            #expect(rig.router.counters("t").rejected == (verdict == .reject ? 1 : 0))
            #expect(rig.router.counters("t").ignored == (verdict == .ignore ? 1 : 0))
        }
    }

    @Test func duplicatesWhileTheVerdictIsPendingAreNotDeliveredTwice() {
        var rig = self.joined()
        rig.verdict = nil
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 2)
        rig.receive(RPC(messages: [message]), from: 3)
        #expect(rig.asked.count == 1)
        #expect(rig.traceCount("DUPLICATE_MESSAGE") == 1)
        rig.input(.validated(rig.asked[0], .accept))
        #expect(rig.delivered.count == 1)
        // Those that sent it have it.
        #expect(Set(rig.sent.map(\.peer)) == peers([4, 5]))
    }

    @Test func sameBytesAreVerifiedOnlyOnce() {
        var rig = self.joined()
        rig.verifies = false
        let message = fixture.message()
        rig.receive(RPC(messages: [message]), from: 2)
        rig.receive(RPC(messages: [message]), from: 3)
        #expect(rig.asked.count == 1)
        rig.input(.verified(rig.asked[0], nil))
        #expect(rig.delivered.count == 1)
    }

    @Test func forgedCopyThatArrivesFirstDoesNotPoisonTheTrueOne() {
        var rig = self.joined()
        rig.verifies = false
        let message = fixture.message()
        let forged = Message(
            from: message.from, data: [6, 6, 6], seqno: message.seqno, topic: "t",
            signature: message.signature)
        rig.receive(RPC(messages: [forged]), from: 2)
        rig.receive(RPC(messages: [message]), from: 3)
        #expect(rig.asked.count == 2)
        rig.input(.verified(rig.asked[0], forged.verify()))
        #expect(rig.rejections(.invalidSignature) == 1)
        rig.input(.verified(rig.asked[1], message.verify()))
        #expect(rig.delivered == [message])
        // And after the fact: the forged one is known by its id, and changes nothing.
        rig.receive(RPC(messages: [forged]), from: 4)
        #expect(rig.asked.count == 2)
    }

    @Test func twoGoodMessagesOfOneIDAreDeliveredOnce() {
        var rig = self.joined()
        rig.verifies = false
        let one = fixture.message("one", seqno: 5)
        let two = fixture.message("two", seqno: 5)
        rig.receive(RPC(messages: [one]), from: 2)
        rig.receive(RPC(messages: [two]), from: 3)
        rig.apply(.verified(rig.asked[1], nil))
        rig.apply(.verified(rig.asked[0], nil))
        #expect(rig.delivered == [two])
    }

    @Test func messageWithABadSignatureIsNotSeen() {
        var rig = self.joined()
        let message = fixture.message()
        let forged = Message(
            from: message.from, data: message.data, seqno: message.seqno, topic: "t",
            signature: [UInt8](repeating: 1, count: 64))
        rig.receive(RPC(messages: [forged]), from: 2)
        #expect(rig.rejections(.invalidSignature) == 1)
        rig.receive(RPC(messages: [message]), from: 3)
        #expect(rig.delivered == [message])
    }

    @Test func messageFromOurselvesThatArrivesFromElsewhereIsRefused() {
        var rig = self.joined()
        rig.receive(RPC(messages: [fixture.message(author: RouterRig.local)]), from: 2)
        #expect(rig.rejections(.selfOrigin) == 1)
        #expect(rig.delivered.isEmpty)
        #expect(rig.sent.isEmpty)
    }

    @Test func malformedAuthInfoIsRefusedWithoutVerifying() {
        var rig = self.joined { $0.score = nil }  // or its sender would soon not be heard any more
        rig.verifies = false
        let good = fixture.message()
        for message in [
            Message(from: good.from, data: good.data, seqno: [1, 2], topic: "t", signature: good.signature),
            Message(
                from: good.from, data: good.data, seqno: [UInt8](repeating: 0, count: 9), topic: "t",
                signature: good.signature),
            Message(from: good.from, data: good.data, seqno: good.seqno, topic: "t"),
            Message(from: nil, data: good.data, seqno: good.seqno, topic: "t", signature: good.signature),
            Message(
                from: good.from, data: good.data, seqno: good.seqno, topic: "t", signature: good.signature,
                key: PublicKey(fixture.key(5).publicKey).encoded),
        ] {
            rig.receive(RPC(messages: [message]), from: 2)
            #expect(rig.traceCount("REJECT_MESSAGE") == 1)
        }
        #expect(rig.asked.isEmpty)
        #expect(rig.router.counters("t").rejected == 5)
    }

    @Test func messagesOfTopicsThatWeDidNotJoinAreDropped() {
        var rig = self.joined()
        rig.receive(RPC(messages: [fixture.message(topic: "other")]), from: 2)
        #expect(rig.outputs.allSatisfy { if case .trace(.receiveRPC) = $0 { true } else { false } })
    }

    @Test func verdictAfterLeavingDeliversNothing() {
        var rig = self.joined()
        rig.verdict = nil
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        rig.apply(.unsubscribe("t"))
        rig.input(.validated(rig.asked[0], .accept))
        #expect(rig.delivered.isEmpty)
        #expect(rig.sent.isEmpty)
        #expect(rig.router.pendingMessageCount == 0)
    }

    @Test func pendingMessagesAreBounded() {
        var rig = self.joined { $0.pendingMessagesMax = 3 }
        rig.verifies = false
        rig.receive(RPC(messages: (1...5).map { fixture.message(seqno: $0) }), from: 2)
        #expect(rig.asked.count == 3)
        #expect(rig.rejections(.validationQueueFull) == 2)
        for token in rig.asked { rig.apply(.verified(token, nil)) }
        // What was dropped was not seen, and can come again.
        rig.verifies = true
        rig.receive(RPC(messages: [fixture.message(seqno: 5)]), from: 3)
        #expect(rig.delivered.count == 1)
    }

    @Test func seenMessagesAreForgottenAfterTheirTime() {
        var rig = self.joined()
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        rig.now += .seconds(299)
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.delivered.isEmpty)
        rig.now += .seconds(1)
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        #expect(rig.delivered.count == 1)
    }

    @Test func seenMessagesAreBoundedByCount() {
        var rig = self.joined { $0.seenCountMax = 2 }
        for seqno in 1...3 as ClosedRange<UInt64> {
            rig.receive(RPC(messages: [fixture.message(seqno: seqno)]), from: 2)
        }
        rig.receive(RPC(messages: [fixture.message(seqno: 3)]), from: 2)
        #expect(rig.delivered.isEmpty)
        rig.receive(RPC(messages: [fixture.message(seqno: 1)]), from: 2)
        #expect(rig.delivered.count == 1)
    }

    @Test func topicsOwnIDFunctionDecidesWhatIsADuplicate() {
        var rig = self.joined()
        rig.apply(.setTopicConfiguration("t", TopicConfiguration(messageID: .contentHash)))
        rig.receive(RPC(messages: [fixture.message("same", seqno: 1, author: 50)]), from: 2)
        #expect(rig.delivered.count == 1)
        rig.receive(RPC(messages: [fixture.message("same", seqno: 9, author: 51)]), from: 2)
        #expect(rig.delivered.isEmpty)
        #expect(rig.traceCount("DUPLICATE_MESSAGE") == 1)
    }
}

@Suite struct GossipSubPeerFilterTests {
    private func filtered(_ allowed: some Sequence<Int>) -> RouterRig {
        var rig = RouterRig()
        rig.apply(.setAllowedPeers("t", peers(allowed)))
        rig.apply(.subscribe("t"))
        rig.outputs = []
        rig.connect(2..<6)
        return rig
    }

    @Test func onlyAllowedPeersAreToldThatWeAreSubscribed() {
        let rig = self.filtered([2, 3])
        for peer in [2, 3] { #expect(rig.sent(to: peer).subscriptions == [.init("t", isSubscribed: true)]) }
        for peer in [4, 5] { #expect(rig.sent(to: peer) == RPC()) }
    }

    @Test func onlyAllowedPeersAreInMeshFanoutAndPublication() {
        var rig = self.filtered([2, 3])
        rig.heartbeat(3)
        #expect(rig.mesh() == peers([2, 3]))
        #expect(Set(rig.router.subscribers("t")) == peers([2, 3]))
        rig.input(.publish(fixture.message(author: 1)))
        #expect(Set(rig.sent.map(\.peer)) == peers([2, 3]))
        var other = RouterRig()
        other.apply(.setAllowedPeers("t", peers([2])))
        other.connect(2..<9)
        other.input(.publish(fixture.message(author: 1)))
        #expect(other.router.fanoutPeers("t") == [fixture.peer(2)])
    }

    @Test func strangersGetNoAnswerToAnything() {
        var rig = self.filtered([2, 3])
        rig.receive(RPC(messages: [fixture.message()]), from: 2)
        let id = rig.router.messageID(fixture.message())
        rig.receive(RPC(iwant: [id], graft: ["t"]), from: 4)
        #expect(rig.sent.isEmpty)
        rig.receive(RPC(ihave: [.init("t", ids: [MessageID([1])])]), from: 4)
        #expect(rig.sent.isEmpty)
        rig.receive(RPC(messages: [fixture.message(seqno: 77)]), from: 4)
        #expect(rig.delivered.isEmpty)
        rig.receive(RPC(iwant: [id]), from: 3)
        #expect(rig.sent(to: 3).messages.count == 1)
    }

    @Test func gossipLeavesStrangersOut() {
        var rig = RouterRig { $0.graftPolicy = .answersOnly }
        rig.apply(.setAllowedPeers("t", peers([2])))
        rig.apply(.subscribe("t"))
        rig.connect(2..<9)
        rig.apply(.publish(fixture.message(author: 1)))
        rig.heartbeat()
        #expect(rig.sent.filter { !$0.rpc.ihave.isEmpty }.map(\.peer) == [fixture.peer(2)])
    }

    @Test func peerThatIsNoLongerAllowedIsPrunedAndToldThatWeLeft() {
        var rig = self.filtered([2, 3])
        rig.input(.setAllowedPeers("t", peers([3])))
        #expect(rig.sent(to: 2).prune == [.init("t", backoffSeconds: 60)])
        #expect(rig.sent(to: 2).subscriptions == [.init("t", isSubscribed: false)])
        #expect(rig.mesh() == peers([3]))
        #expect(rig.sent(to: 3) == RPC())
    }

    @Test func peerThatBecomesAllowedIsToldAndGraftedAtOnce() {
        var rig = self.filtered([2])
        rig.input(.setAllowedPeers("t", peers([2, 4])))
        #expect(rig.sent(to: 4).subscriptions == [.init("t", isSubscribed: true)])
        #expect(rig.sent(to: 4).graft == ["t"])
        #expect(rig.mesh() == peers([2, 4]))
        rig.input(.setAllowedPeers("t", nil))
        #expect(rig.mesh() == peers(2..<6))
    }

    @Test func openTopicsAreNotFiltered() {
        let rig = {
            var rig = RouterRig()
            rig.apply(.subscribe("t"))
            rig.connect(2..<4)
            return rig
        }()
        #expect(rig.mesh() == peers([2, 3]))
    }
}

/// A publication that the router reported.
struct Published: Equatable {
    let id: MessageID
    let peers: [PeerID]
}

extension RouterRig {
    var published: [Published] {
        self.outputs.compactMap {
            if case .published(let id, _, let peers) = $0 { Published(id: id, peers: peers) } else { nil }
        }
    }

    var refusals: [PublicationFailure] {
        self.outputs.compactMap {
            if case .publicationRefused(_, _, let failure) = $0 { failure } else { nil }
        }
    }
}
