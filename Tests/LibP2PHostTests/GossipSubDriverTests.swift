import DescordCrypto
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import Testing

/// A host with gossipsub and what it told the application.
@Loop private final class Node {
    let host: Host
    let pubsub: GossipSub
    let messages = Events<Message>()
    let subscribers = Events<SubscriberChange>()
    var seqno: UInt64 = 0

    struct SubscriberChange: Equatable {
        let peer: PeerID
        let topic: Topic
        let isSubscribed: Bool
    }

    init(_ change: (inout GossipSub.Configuration) -> Void = { _ in }) async throws {
        self.host = try await Host.make()
        var configuration = GossipSub.Configuration()
        change(&configuration)
        self.pubsub = GossipSub(
            host: self.host, configuration: configuration, prng: PRNG(seed: 1), logger: Logger(label: "test"))
        let messages = self.messages
        let subscribers = self.subscribers
        self.pubsub.onMessage = { messages.send($0.message) }
        self.pubsub.onSubscriberChanged = {
            subscribers.send(SubscriberChange(peer: $0, topic: $1, isSubscribed: $2))
        }
    }

    @discardableResult
    func publish(_ data: [UInt8], to topic: Topic = Topic("t")) throws -> GossipSub.Publication {
        self.seqno += 1
        return try self.pubsub.publish(data, to: topic, seqno: self.seqno).get()
    }

    func end() async throws {
        try await value(self.pubsub.close())
        try await self.host.end()
    }
}

/// A host without gossipsub, on which a test plays the peer's part by hand.
@Loop private final class Puppet {
    let host: Host
    let inbound = Events<LibP2PHost.Stream>()

    init(_ protocols: [GossipSubProtocol]) async throws {
        self.host = try await Host.make()
        let inbound = self.inbound
        for protocolID in protocols { self.host.setHandler(protocolID.rawValue) { inbound.send($0) } }
    }

    /// Reads whole RPCs of a stream into events.
    func rpcs(_ stream: LibP2PHost.Stream) -> Events<RPC> {
        let events = Events<RPC>()
        var decoder = FrameDecoder(maxFrameSize: RPC.maxSize)
        stream.onData = { bytes in
            decoder.append(bytes)
            // A frame that cannot be read ends the test by never arriving.
            while let frame = try? decoder.next(), let rpc = try? RPC(decoding: frame) { events.send(rpc) }
        }
        return events
    }
}

private let topic = Topic("t")

@Suite(.serialized, .timeLimit(.minutes(1))) struct GossipSubDriverTests {
    @Test @Loop func messageCrossesBetweenTwoNodesInBothDirections() async throws {
        let alice = try await Node()
        let bob = try await Node()
        alice.pubsub.subscribe(topic)
        bob.pubsub.subscribe(topic)
        _ = try await alice.host.dial(bob.host)
        #expect(
            await alice.subscribers.next() == .init(peer: bob.host.peerID, topic: topic, isSubscribed: true))
        #expect(
            await bob.subscribers.next() == .init(peer: alice.host.peerID, topic: topic, isSubscribed: true))
        #expect(try alice.publish([1, 2, 3]).peers == [bob.host.peerID])
        #expect(await bob.messages.next().data == [1, 2, 3])
        try bob.publish([4])
        let answer = await alice.messages.next()
        #expect(answer.data == [4])
        #expect(answer.author == bob.host.peerID)
        #expect(alice.pubsub.meshPeers(topic) == [bob.host.peerID])
        #expect(bob.pubsub.counters(topic).received == 1)
        try await alice.end()
        try await bob.end()
    }

    @Test @Loop func messagePublishedBeforeAnybodyIsThereReachesTheFirstSubscriber() async throws {
        let alice = try await Node()
        let bob = try await Node()
        bob.pubsub.subscribe(topic)
        #expect(try alice.publish([7]).peers == [])
        _ = try await alice.host.dial(bob.host)
        #expect(await bob.messages.next().data == [7])
        try await alice.end()
        try await bob.end()
    }

    @Test @Loop func messagesCrossAChainOfThree() async throws {
        let nodes = [try await Node(), try await Node(), try await Node()]
        for node in nodes { node.pubsub.subscribe(topic) }
        _ = try await nodes[0].host.dial(nodes[1].host)
        _ = try await nodes[1].host.dial(nodes[2].host)
        _ = await nodes[0].subscribers.next()
        _ = await nodes[1].subscribers.next()
        _ = await nodes[1].subscribers.next()
        _ = await nodes[2].subscribers.next()
        try nodes[0].publish([9])
        #expect(await nodes[2].messages.next().data == [9])
        for node in nodes { try await node.end() }
    }

    @Test @Loop func burstIsDeliveredWholeAndInOrderThoughValidationIsSlow() async throws {
        let alice = try await Node()
        let bob = try await Node { $0.pendingPerPeerMax = 16 }
        var verdicts: [(ValidationResult) -> Void] = []
        let asked = Events<Int>()
        var highest = 0
        bob.pubsub.validator = { _, verdict in
            verdicts.append(verdict)
            highest = max(highest, verdicts.count)
            asked.send(verdicts.count)
        }
        alice.pubsub.subscribe(topic)
        bob.pubsub.subscribe(topic)
        _ = try await alice.host.dial(bob.host)
        _ = await alice.subscribers.next()
        let count = 1_000
        for number in 0..<count { try alice.publish([UInt8(number & 255), UInt8(number >> 8)]) }
        var received: [[UInt8]?] = []
        while received.count < count {
            _ = await asked.next()
            let waiting = verdicts
            verdicts = []
            for verdict in waiting { verdict(.accept) }
            while let message = bob.messages.pending.first {
                received.append(message.data)
                _ = await bob.messages.next()
            }
        }
        #expect(received == (0..<count).map { [UInt8($0 & 255), UInt8($0 >> 8)] })
        // The peer was held back rather than its messages dropped.
        #expect(highest <= 32)
        #expect(alice.pubsub.droppedRPCCount == 0)
        try await alice.end()
        try await bob.end()
    }

    @Test @Loop func flushAndCloseLoseNothing() async throws {
        let alice = try await Node()
        let bob = try await Node()
        bob.pubsub.subscribe(topic)
        _ = try await alice.host.dial(bob.host)
        // Unsubscribed publishers use the fanout; the subscription has to be known.
        alice.pubsub.setConfiguration(TopicConfiguration(), of: topic)
        while alice.pubsub.subscribers(topic).isEmpty { _ = await alice.subscribers.next() }
        let large = [UInt8](repeating: 5, count: 1_000_000)
        for _ in 0..<5 { try alice.publish(large) }
        try await value(alice.pubsub.flush())
        try await alice.end()
        for _ in 0..<5 { #expect(await bob.messages.next().data == large) }
        try await bob.end()
    }

    @Test @Loop func closingTellsPeersThatWeLeft() async throws {
        let alice = try await Node()
        let bob = try await Node()
        alice.pubsub.subscribe(topic)
        bob.pubsub.subscribe(topic)
        _ = try await alice.host.dial(bob.host)
        #expect(await bob.subscribers.next().isSubscribed)
        #expect(await alice.subscribers.next().isSubscribed)
        try await value(alice.pubsub.close())
        #expect(
            await bob.subscribers.next() == .init(peer: alice.host.peerID, topic: topic, isSubscribed: false))
        #expect(bob.pubsub.backoff(of: alice.host.peerID, in: topic) != nil)
        #expect(bob.pubsub.meshPeers(topic).isEmpty)
        try await alice.host.end()
        try await bob.end()
    }

    @Test @Loop func largestMessageCrossesAndOneByteMoreIsRefused() async throws {
        let alice = try await Node()
        let bob = try await Node()
        alice.pubsub.subscribe(topic)
        bob.pubsub.subscribe(topic)
        _ = try await alice.host.dial(bob.host)
        _ = await alice.subscribers.next()
        let probe = Message.signed(
            topic: topic, data: [UInt8](repeating: 0, count: 1_048_000), seqno: 1,
            by: alice.host.configuration.key)
        let largest = 1_048_000 + RPC.maxSize - probe.encodedSizeInRPC
        try alice.publish([UInt8](repeating: 1, count: largest))
        #expect(await bob.messages.next().data?.count == largest)
        #expect(throws: GossipSub.PublicationRefusal.tooLarge) {
            try alice.publish([UInt8](repeating: 1, count: largest + 1))
        }
        try await alice.end()
        try await bob.end()
    }

    @Test(arguments: [GossipSubProtocol.meshsub11, .meshsub10, .floodsub])
    @Loop func olderPeerIsSpokenToInItsOwnProtocol(protocolID: GossipSubProtocol) async throws {
        let alice = try await Node()
        let puppet = try await Puppet([protocolID])
        alice.pubsub.subscribe(topic)
        _ = try await puppet.host.dial(alice.host)
        let stream = await puppet.inbound.next()
        #expect(stream.protocolID == protocolID.rawValue)
        let rpcs = puppet.rpcs(stream)
        #expect(await rpcs.next().subscriptions == [.init(topic, isSubscribed: true)])
        let write = try await value(puppet.host.openStream(to: alice.host.peerID, [protocolID.rawValue]))
        write.write(RPC(subscriptions: [.init(topic, isSubscribed: true)]).framed)
        #expect(await alice.subscribers.next().isSubscribed)
        try alice.publish([1])
        var graft: [Topic] = []
        var message: Message?
        while message == nil {
            let rpc = await rpcs.next()
            graft += rpc.graft
            message = rpc.messages.first
        }
        #expect(message?.data == [1])
        #expect(graft == (protocolID == .floodsub ? [] : [topic]))
        try await alice.end()
        try await puppet.host.end()
    }

    @Test @Loop func peerWithoutPubsubIsForgotten() async throws {
        let alice = try await Node()
        let plain = try await Host.make()
        let changes = alice.host.changes
        _ = try await alice.host.dial(plain)
        while true {
            if case .identified = await changes.next() { break }
        }
        // The refusal may come after identify, by some round trips.
        var roundTrips = 0
        while !alice.pubsub.connectedPeers.isEmpty, roundTrips < 10 {
            _ = try await value(alice.host.ping(plain.peerID))
            roundTrips += 1
        }
        #expect(alice.pubsub.connectedPeers.isEmpty)
        try await alice.end()
        try await plain.end()
    }

    @Test @Loop func badFrameResetsTheStreamAndNothingElse() async throws {
        let alice = try await Node()
        let puppet = try await Puppet([.meshsub12])
        alice.pubsub.subscribe(topic)
        let connection = try await puppet.host.dial(alice.host)
        for bad: [UInt8] in [[0x03, 0xff, 0xff, 0xff], [0x80, 0x80, 0xc0, 0x00], [0x81, 0x80, 0x40]] {
            let stream = try await value(puppet.host.openStream(to: alice.host.peerID, ["/meshsub/1.2.0"]))
            let events = stream.events
            stream.write(bad)
            var last = await events.next()
            while last == .finished { last = await events.next() }
            guard case .closed(.reset) = last else {
                Issue.record("not reset but \(last)")
                continue
            }
        }
        #expect(connection.isUsable)
        #expect(alice.host.connections.count == 1)
        try await alice.end()
        try await puppet.host.end()
    }

    @Test @Loop func frameThatNeverEndsIsCutOff() async throws {
        let alice = try await Node { $0.frameTimeout = .milliseconds(1) }
        let puppet = try await Puppet([.meshsub12])
        alice.pubsub.subscribe(topic)
        _ = try await puppet.host.dial(alice.host)
        let stream = try await value(puppet.host.openStream(to: alice.host.peerID, ["/meshsub/1.2.0"]))
        let events = stream.events
        stream.write([0x64, 0x0a])
        guard case .closed(.reset) = await events.next() else {
            Issue.record("the stream lives on")
            return
        }
        try await alice.end()
        try await puppet.host.end()
    }

    @Test @Loop func newestInboundStreamReplacesTheOlder() async throws {
        let alice = try await Node()
        let puppet = try await Puppet([.meshsub12])
        alice.pubsub.subscribe(topic)
        _ = try await puppet.host.dial(alice.host)
        let first = try await value(puppet.host.openStream(to: alice.host.peerID, ["/meshsub/1.2.0"]))
        let events = first.events
        first.write(RPC(subscriptions: [.init(topic, isSubscribed: true)]).framed)
        #expect(await alice.subscribers.next().isSubscribed)
        let second = try await value(puppet.host.openStream(to: alice.host.peerID, ["/meshsub/1.2.0"]))
        second.write(RPC(subscriptions: [.init(topic, isSubscribed: false)]).framed)
        #expect(await alice.subscribers.next().isSubscribed == false)
        guard case .closed(.reset) = await events.next() else {
            Issue.record("the older stream lives on")
            return
        }
        try await alice.end()
        try await puppet.host.end()
    }

    @Test @Loop func peerThatOpensItsStreamAnewIsToldOurSubscriptionsAgain() async throws {
        let alice = try await Node()
        let puppet = try await Puppet([.meshsub12])
        alice.pubsub.subscribe(topic)
        _ = try await puppet.host.dial(alice.host)
        let rpcs = puppet.rpcs(await puppet.inbound.next())
        let hello = RPC(subscriptions: [.init(topic, isSubscribed: true)])
        #expect(await rpcs.next() == hello)
        for _ in 0..<2 {
            let stream = try await value(puppet.host.openStream(to: alice.host.peerID, ["/meshsub/1.2.0"]))
            stream.write(RPC(subscriptions: [.init(Topic("other"), isSubscribed: true)]).framed)
        }
        #expect(await rpcs.next() == hello)
        try await alice.end()
        try await puppet.host.end()
    }

    @Test @Loop func forgedMessagesAreNotDeliveredInABatchOfGoodOnes() async throws {
        let alice = try await Node()
        let puppet = try await Puppet([.meshsub12])
        alice.pubsub.subscribe(topic)
        _ = try await puppet.host.dial(alice.host)
        let stream = try await value(puppet.host.openStream(to: alice.host.peerID, ["/meshsub/1.2.0"]))
        let key = Ed25519.PrivateKey.generate()
        let messages = (1...200 as ClosedRange<UInt64>).map { number -> Message in
            let good = Message.signed(topic: topic, data: [UInt8(number)], seqno: number, by: key)
            guard number % 10 == 0 else { return good }
            return Message(
                from: good.from, data: [0], seqno: good.seqno, topic: topic, signature: good.signature)
        }
        stream.write(RPC(messages: messages).framed)
        for number in (1...200 as ClosedRange<UInt64>) where number % 10 != 0 {
            #expect(await alice.messages.next().sequenceNumber == number)
        }
        #expect(alice.pubsub.counters(topic).rejected == 20)
        try await alice.end()
        try await puppet.host.end()
    }

    @Test @Loop func peerThatWritesOnOurStreamLosesIt() async throws {
        let alice = try await Node()
        let puppet = try await Puppet([.meshsub12])
        alice.pubsub.subscribe(topic)
        _ = try await puppet.host.dial(alice.host)
        let stream = await puppet.inbound.next()
        let events = stream.events
        stream.write([1])
        while true {
            if case .closed = await events.next() { break }
        }
        // It comes back after a while, with the hello again.
        let rpcs = puppet.rpcs(await puppet.inbound.next())
        #expect(await rpcs.next().subscriptions == [.init(topic, isSubscribed: true)])
        try await alice.end()
        try await puppet.host.end()
    }
}
