import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore
import Testing

@testable import DescordNode

/// Every reason of the router for a place in a mesh reaches `descord peers` as the word that stands for it.
@Suite(.timeLimit(.minutes(1))) struct MeshStandingTests {
    /// Every standing once.
    private let standings: [MeshStanding] = [
        .inMesh, .direct, .notJoined, .notConnected, .withoutMesh, .notAllowed, .notSubscribed,
        .backoff(.seconds(3)), .negativeScore(-1), .full, .answersOnly, .candidate,
    ]

    /// The word of `docs/json.md` for a standing. A new standing does not compile without one.
    private func word(for standing: MeshStanding) -> String {
        switch standing {
        case .inMesh: "in_mesh"
        case .direct: "direct"
        case .notJoined: "not_joined"
        case .notConnected: "not_connected"
        case .withoutMesh: "without_mesh"
        case .notAllowed: "not_member"
        case .notSubscribed: "not_subscribed"
        case .backoff: "backoff"
        case .negativeScore: "negative_score"
        case .full: "full"
        case .answersOnly: "one_shot"
        case .candidate: "candidate"
        }
    }

    @Test func everyStandingHasItsOwnWordAndEveryWordAStanding() {
        for standing in self.standings {
            #expect(PeerStatus.Why(standing).rawValue == self.word(for: standing), "\(standing)")
        }
        let words = self.standings.map { self.word(for: $0) }
        #expect(words.sorted() == PeerStatus.Why.allCases.map(\.rawValue).sorted())
    }

    @Test func aStrangerInAPrivateSpacesTopicIsNoMember() async throws {
        let alice = try TestHome()
        let mallory = try TestHome()
        let (space, _) = try alice.makeSpace()
        let node = try await alice.start()
        let stranger = try await mallory.start()
        let topic = Topic(SpaceTopic.name(of: space))
        try await stranger.run { engine in
            engine.gossip.subscribe(topic)
            return engine.eventLoop.makeSucceededVoidFuture()
        }
        _ = try await stranger.dial(try #require(try await node.addresses().first), deadline: .seconds(20))
        // One RPC names all of a newcomer's topics: when one of them is known, the space's was read too.
        let isHeard = try await node.run { [peer = mallory.store.peerID] engine in
            engine.wait(until: .distantFuture) {
                engine.gossip.subscribers(Topic(SpaceTopic.discovery)).contains(peer)
            }
        }
        #expect(isHeard)
        let standing = try await node.run { [peer = mallory.store.peerID] engine in
            engine.eventLoop.makeSucceededFuture(engine.gossip.meshStanding(of: peer, in: topic))
        }
        #expect(standing == .notAllowed)
        let status = try #require(
            try await node.peers().first { $0.peer == mallory.store.peerID.description })
        let told = try #require(status.topics.first { $0.topic == topic.description })
        #expect(status.connected)
        #expect(told.why == .notMember)
        #expect(!told.inMesh && !told.subscribed)
        await stranger.stop()
        await node.stop()
    }
}
