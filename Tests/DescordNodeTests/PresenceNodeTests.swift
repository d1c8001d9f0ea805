import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore
import Testing

@testable import DescordNode

/// Nodes that show their presence, and what becomes of the signs.
@Suite(.timeLimit(.minutes(1))) struct PresenceNodeTests {
    private let parameters: PresenceParameters = {
        var parameters = PresenceParameters()
        parameters.prefix = "/test/presence"
        parameters.interval = .milliseconds(200)
        return parameters
    }()

    private func topic(_ kind: PresenceHeartbeat.Kind) -> Topic {
        NodeEngine.presenceTopic(kind, self.parameters)
    }

    private func start(
        _ home: TestHome, _ presence: NodeConfiguration.Presence = .longLived
    ) async throws -> Node {
        var configuration = try home.configuration(presence)
        configuration.gossipSub = GossipSubProfile.snapshot.parameters
        configuration.gossipSub.heartbeatInterval = .milliseconds(100)
        configuration.presenceHeartbeats = self.parameters
        return try await Node.start(configuration, store: home.store)
    }

    /// Waits until a node has seen so many signs of life on a topic.
    private func wait(_ node: Node, for count: UInt64, on topic: Topic) async throws {
        let isReached = try await node.run { engine in
            engine.wait(until: .distantFuture) { engine.gossip.counters(topic).presence >= count }
        }
        #expect(isReached)
    }

    private func connect(_ node: Node, to other: Node) async throws {
        let addresses = try await other.addresses()
        _ = try await node.dial(try #require(addresses.first), deadline: .seconds(20))
    }

    @Test func heartbeatsArriveOnBothTopicsAndAreNoMessages() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, _) = try alice.makeSpace()
        let aliceNode = try await self.start(alice)
        let bobNode = try await self.start(bob)
        try await self.connect(bobNode, to: aliceNode)
        for kind in PresenceHeartbeat.Kind.allCases {
            try await self.wait(aliceNode, for: 1, on: self.topic(kind))
            try await self.wait(bobNode, for: 1, on: self.topic(kind))
        }
        let newest = try alice.store.newestArrival()
        let (received, score) = try await aliceNode.run {
            [topic = self.topic(.discovery), peer = bob.store.peerID] engine in
            let parts = engine.gossip.scoreParts(of: peer)?.topics.first { $0.topic == topic }
            return engine.eventLoop.makeSucceededFuture(
                (engine.gossip.counters(topic).received, parts?.firstMessageDeliveries ?? 0))
        }
        #expect(received == 0)
        #expect(score == 0)
        await bobNode.stop()
        await aliceNode.stop()
        #expect(try alice.store.newestArrival() == newest)
        #expect(try alice.texts(space).isEmpty)
        let metrics = try alice.store.metrics(topic: "/test/presence/0")
        #expect(metrics.first?.messagesPublished == 0 && metrics.first?.messagesReceived == 0)
        #expect((metrics.first?.more["presence_received"] ?? 0) > 0)
        #expect((metrics.first?.more[MetricsRecorder.presenceSentName] ?? 0) > 0)
        #expect(metrics.first?.lastActivity == nil)
    }

    @Test func heartbeatsOfOneAuthorArePassedOnOnceInFiveSeconds() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let aliceNode = try await self.start(alice)
        let bobNode = try await self.start(bob)
        try await self.connect(bobNode, to: aliceNode)
        let topic = self.topic(.discovery)
        try await self.wait(aliceNode, for: 1, on: topic)
        // Bob sends five a second, so that the next ones are over the rate.
        let isIgnored = try await aliceNode.run { engine in
            engine.wait(until: .distantFuture) { engine.gossip.counters(topic).ignored >= 2 }
        }
        #expect(isIgnored)
        let counted = try await aliceNode.run { engine in
            engine.eventLoop.makeSucceededFuture(
                (engine.gossip.counters(topic), engine.host.now))
        }
        #expect(counted.0.presence <= 1 + UInt64((counted.1 - .zero).wholeMilliseconds / 5_000))
        #expect(counted.0.rejected == 0)
        await bobNode.stop()
        await aliceNode.stop()
    }

    @Test func otherMessagesOnTheTopicsAreNobodysFaultAndGoNowhere() throws {
        var gate = PresenceGate(interval: .seconds(5))
        func judge(_ text: String, by number: UInt8?) throws -> ValidationResult {
            let key = try number.map {
                try #require(Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: $0, count: 32))))
            }
            return gate.judge(Array(text.utf8), by: key.map { PeerID($0.publicKey) }, now: .zero)
        }
        let heartbeat = #"{"epoch_id":0,"submissions":null}"#
        #expect(try judge(heartbeat, by: 1) == .presence)
        #expect(try judge(heartbeat, by: 1) == .ignore)
        #expect(try judge(heartbeat, by: 2) == .presence)
        #expect(try judge(#"{"epoch_id":8,"submissions":[]}"#, by: 3) == .ignore)
        #expect(try judge("garbage", by: 3) == .ignore)
        #expect(try judge(heartbeat, by: nil) == .ignore)
    }

    @Test func aCommandOfAMomentShowsNoPresence() async throws {
        let alice = try TestHome()
        let node = try await self.start(alice, .oneShot)
        let joined = try await node.run { engine in
            engine.eventLoop.makeSucceededFuture(engine.gossip.joinedTopics)
        }
        #expect(!joined.contains { $0.description.hasPrefix("/test/presence") })
        await node.stop()
    }
}
