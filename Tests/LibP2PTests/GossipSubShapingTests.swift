import LibP2P
import LibP2PCore
import Testing

private typealias fixture = GossipSubFixture

/// Limits of what a topic and a peer may be sent in a second: what is over waits.
@Suite struct GossipSubShapingTests {
    private func rig(_ change: (inout GossipSubParameters) -> Void) -> RouterRig {
        var rig = RouterRig(change)
        rig.apply(.subscribe("t"))
        rig.apply(.subscribe("u"))
        rig.connect([2, 3], subscribed: ["t", "u"])
        return rig
    }

    /// Lets time pass up to `end`; returns when what was sent to a peer.
    private func run(_ rig: inout RouterRig, to peer: Int, until end: Instant) -> [(Instant, Message)] {
        var seen: [(Instant, Message)] = []
        while let next = rig.router.nextDeadline, next <= end {
            rig.heartbeat()
            seen += rig.sent(to: peer).messages.map { (rig.now, $0) }
        }
        return seen
    }

    @Test func ownMessagesBeyondThePeersLimitWaitAndAllArriveInOrder() {
        var rig = self.rig { $0.peerRateLimit = RateLimit(messagesPerSecond: 2) }
        let messages = (1...7).map { fixture.message(seqno: $0, author: 1) }
        rig.outputs = []
        for message in messages { rig.apply(.publish(message)) }
        // A second's worth goes at once, and the one that begins the next.
        #expect(rig.sent(to: 2).messages == Array(messages[..<3]))
        let later = self.run(&rig, to: 2, until: .zero + .seconds(10))
        #expect(later.map(\.1) == Array(messages[3...]))
        #expect(
            later.map(\.0) == [500, 1_000, 1_500, 2_000].map { .zero + .milliseconds($0) })
        #expect(rig.router.counters("t").delayed == 8)  // four to each of two peers
        #expect(rig.router.counters("t").queueDrops == 0)
    }

    @Test func topicsLimitHoldsForAllItsPeersTogetherAndLeavesOtherTopicsAlone() {
        var rig = self.rig { $0.topicRateLimit = RateLimit(messagesPerSecond: 2) }
        rig.outputs = []
        for number in 1...3 { rig.apply(.publish(fixture.message(seqno: UInt64(number), author: 1))) }
        #expect(rig.sent(to: 2).messages.count + rig.sent(to: 3).messages.count == 3)
        rig.input(.publish(fixture.message(topic: "u", seqno: 9, author: 1)))
        #expect(rig.sent(to: 2).messages.count == 1)
        #expect(rig.sent(to: 3).messages.count == 1)
    }

    @Test func bytesAreChargedByTheSizeOfTheMessage() {
        let large = (1...3).map {
            fixture.message(String(repeating: "x", count: 10_000), seqno: $0, author: 1)
        }
        let size = large[0].encodedSizeInRPC
        var rig = self.rig { $0.peerRateLimit = RateLimit(bytesPerSecond: size) }
        rig.outputs = []
        for message in large { rig.apply(.publish(message)) }
        // IDONTWANT is control, and waits for nothing.
        #expect(rig.sent(to: 2).messages == Array(large[..<2]))
        let later = self.run(&rig, to: 2, until: .zero + .seconds(5))
        #expect(later.map(\.1) == [large[2]])
        #expect(later.map(\.0) == [.zero + .seconds(1)])
    }

    @Test func messageLargerThanASecondsWorthGoesAndDelaysTheNext() {
        var rig = self.rig { $0.peerRateLimit = RateLimit(bytesPerSecond: 1_000) }
        let large = fixture.message(String(repeating: "x", count: 4_000), author: 1)
        rig.input(.publish(large))
        #expect(rig.sent(to: 2).messages == [large])
        let small = fixture.message(seqno: 2, author: 1)
        rig.input(.publish(small))
        #expect(rig.sent(to: 2).messages.isEmpty)
        let later = self.run(&rig, to: 2, until: .zero + .seconds(10))
        #expect(later.map(\.1) == [small])
        #expect(later[0].0 > .zero + .seconds(3))
    }

    @Test func urgentMessagesOvertakeThoseThatWait() {
        var rig = self.rig { $0.peerRateLimit = RateLimit(messagesPerSecond: 1) }
        rig.outputs = []
        let ordinary = (1...4).map { fixture.message(seqno: $0, author: 1) }
        for message in ordinary { rig.apply(.publish(message)) }
        let urgent = fixture.message(seqno: 5, author: 1)
        rig.apply(.publish(urgent, isUrgent: true))
        #expect(rig.sent(to: 2).messages == Array(ordinary[..<2]))
        let later = self.run(&rig, to: 2, until: .zero + .seconds(10)).map(\.1)
        #expect(later == [urgent] + ordinary[2...])
    }

    @Test func othersMessagesWaitOnlyWhileThereIsRoom() {
        var rig = self.rig { $0.peerRateLimit = RateLimit(messagesPerSecond: 1) }
        rig.outputs = []
        for number in 1...400 {
            rig.apply(.rpcReceived(fixture.peer(2), RPC(messages: [fixture.message(seqno: UInt64(number))])))
        }
        let counters = rig.router.counters("t")
        #expect(rig.sent(to: 3).messages.count == 2)
        #expect(counters.delayed == 256)
        #expect(counters.queueDrops == 400 - 2 - 256)
    }

    /// A rig whose peers 2 and 3 are in the mesh, and 4 is a subscriber outside of it.
    private func crowded(_ change: (inout GossipSubParameters) -> Void) -> RouterRig {
        var rig = RouterRig {
            ($0.degree, $0.degreeLow, $0.degreeHigh, $0.degreeScore, $0.degreeOut) = (2, 2, 2, 1, 0)
            change(&$0)
        }
        rig.apply(.subscribe("t"))
        rig.connect([2, 3, 4])
        rig.heartbeat()
        return rig
    }

    @Test func everybodyGetsAMessageBeforeAnybodyGetsTheNext() {
        var rig = self.rig { $0.topicRateLimit = RateLimit(messagesPerSecond: 2) }
        let messages = (1...6).map { fixture.message(seqno: $0, author: 1) }
        for message in messages { rig.apply(.publish(message)) }
        var sent = rig.sent.filter { !$0.rpc.messages.isEmpty }
        while let next = rig.router.nextDeadline, next <= .zero + .seconds(10) {
            rig.heartbeat()
            sent += rig.sent.filter { !$0.rpc.messages.isEmpty }
        }
        #expect(sent.count == 12)
        var counts = [fixture.peer(2): 0, fixture.peer(3): 0]
        for (peer, rpc, _) in sent {
            counts[peer, default: 0] += rpc.messages.count
            let difference = (counts[fixture.peer(2)] ?? 0) - (counts[fixture.peer(3)] ?? 0)
            #expect(abs(difference) <= 2, "one peer is \(difference) messages ahead")
        }
        #expect(rig.sent(to: 2).messages.isEmpty)
    }

    @Test func whatAPeerGotElsewhereMeanwhileIsNotSentToIt() {
        var rig = self.rig { $0.peerRateLimit = RateLimit(messagesPerSecond: 1) }
        let messages = (1...4).map { fixture.message(seqno: $0, author: 1) }
        rig.outputs = []
        for message in messages { rig.apply(.publish(message)) }
        #expect(rig.sent(to: 2).messages == Array(messages[..<2]))
        rig.receive(RPC(idontwant: [MessageIDFunction.go.id(of: messages[2])]), from: 2)
        let later = self.run(&rig, to: 2, until: .zero + .seconds(10))
        #expect(later.map(\.1) == [messages[3]])
        // It takes no bandwidth either: the last one goes when the one that was declined would have.
        #expect(later.map(\.0) == [.zero + .seconds(1)])
    }

    @Test func whatAPeerAsksForIsChargedAndNotHeld() {
        var rig = self.crowded { $0.topicRateLimit = RateLimit(messagesPerSecond: 4) }
        let message = fixture.message(seqno: 1, author: 1)
        rig.input(.publish(message))
        let others = (2...6).map { fixture.message(seqno: $0, author: 1) }
        for other in others { rig.apply(.publish(other)) }
        rig.receive(RPC(iwant: [MessageIDFunction.go.id(of: message)]), from: 4)
        #expect(rig.sent(to: 4).messages == [message])
        // Five of the twelve copies went at once, and the answer moves the other seven by a quarter of a
        // second.
        let start = rig.now
        let later = self.run(&rig, to: 3, until: start + .seconds(20))
        #expect(later.map(\.1) == Array(([message] + others)[2...]))
        #expect(later.last?.0 == start + .seconds(2))
    }

    @Test func ownMessagesThatWaitAreNotAdvertised() {
        var rig = self.crowded { $0.peerRateLimit = RateLimit(messagesPerSecond: 1) }
        let messages = (1...4).map { fixture.message(seqno: $0, author: 1) }
        let ids = messages.map(MessageIDFunction.go.id(of:))
        for message in messages { rig.apply(.publish(message)) }
        var advertised: [MessageID] = []
        var sent = Set<MessageID>()
        for _ in 0..<8 {
            sent.formUnion(rig.sent(to: 2).messages.map(MessageIDFunction.go.id(of:)))
            rig.heartbeat()
            sent.formUnion(rig.sent(to: 2).messages.map(MessageIDFunction.go.id(of:)))
            for id in rig.sent(to: 4).ihave.flatMap(\.ids) {
                #expect(sent.contains(id), "it is advertised before it was sent")
                advertised.append(id)
            }
        }
        #expect(Set(advertised).isSubset(of: Set(ids)))
        #expect(Set(advertised).count >= 2)
    }

    @Test func whatWaitsForAPeerLeavesWithIt() {
        var rig = self.rig { $0.peerRateLimit = RateLimit(messagesPerSecond: 1) }
        for number in 1...5 { rig.apply(.publish(fixture.message(seqno: UInt64(number), author: 1))) }
        rig.apply(.peerDisconnected(fixture.peer(2)))
        let later = self.run(&rig, to: 2, until: .zero + .seconds(10))
        #expect(later.isEmpty)
    }

    @Test func withoutLimitsNothingWaits() {
        var rig = self.rig { _ in }
        rig.outputs = []
        for number in 1...1_000 { rig.apply(.publish(fixture.message(seqno: UInt64(number), author: 1))) }
        #expect(rig.sent(to: 2).messages.count == 1_000)
    }
}
