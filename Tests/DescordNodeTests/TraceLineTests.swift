import Foundation
import LibP2P
import LibP2PCore
import Testing

@testable import DescordNode

/// The trace's lines have the shape of go-libp2p-pubsub's JSON tracer (`trace.proto`).
@Suite struct TraceLineTests {
    private let own = "12D3KooWOwn"
    private let topic = Topic("t")
    private let peer: PeerID

    init() throws {
        self.peer = try #require(
            PeerID(parsing: "12D3KooWGRYhRJxoZxyRLRqXDKFYqzmYuq6WYTpKqWRVKwRP1HhG"))
    }

    private func line(_ event: TraceEvent) throws -> [String: Any] {
        let data = try JSONEncoder().encode(TraceLine(event, by: self.own, at: WallTime(milliseconds: 1_500)))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func texts(_ event: TraceEvent, _ name: String) throws -> [String: String] {
        let line = try self.line(event)
        #expect(Set(line.keys) == ["type", "peerID", "timestamp", name])
        return try #require(line[name] as? [String: String])
    }

    @Test func everyLineSaysWhatWhoAndWhen() throws {
        let line = try self.line(.join(self.topic))
        #expect(line["type"] as? String == "JOIN")
        #expect(line["peerID"] as? String == self.own)
        #expect(line["timestamp"] as? Int == 1_500_000_000)
    }

    @Test func eventsHaveAnObjectOfTheirOwn() throws {
        let peer = self.peer.description
        let id = MessageID([0xAB, 1])
        #expect(try self.texts(.join(self.topic), "join") == ["topic": "t"])
        #expect(try self.texts(.leave(self.topic), "leave") == ["topic": "t"])
        #expect(
            try self.texts(.publishMessage(id, self.topic), "publishMessage") == [
                "messageID": "ab01", "topic": "t",
            ])
        #expect(
            try self.texts(.deliverMessage(id, self.topic, from: self.peer), "deliverMessage") == [
                "messageID": "ab01", "topic": "t", "receivedFrom": peer,
            ])
        #expect(
            try self.texts(.duplicateMessage(id, self.topic, from: self.peer), "duplicateMessage") == [
                "messageID": "ab01", "topic": "t", "receivedFrom": peer,
            ])
        #expect(
            try self.texts(
                .rejectMessage(id, self.topic, from: self.peer, .invalidSignature), "rejectMessage") == [
                    "messageID": "ab01", "topic": "t", "receivedFrom": peer, "reason": "invalid signature",
                ])
        #expect(
            try self.texts(.graft(self.peer, self.topic, .belowLow), "graft") == [
                "peerID": peer, "topic": "t", "reason": "below_low",
            ])
        #expect(
            try self.texts(.prune(self.peer, self.topic, .negativeScore), "prune") == [
                "peerID": peer, "topic": "t", "reason": "negative_score",
            ])
        #expect(
            try self.texts(.addPeer(self.peer, .meshsub12), "addPeer") == [
                "peerID": peer, "proto": "/meshsub/1.2.0",
            ])
        #expect(try self.texts(.removePeer(self.peer), "removePeer") == ["peerID": peer])
    }

    @Test func aTraceThatCannotBeWrittenIsRefusedWithItsPath() {
        #expect(throws: TraceFailure(path: "/nonexistent/trace", code: ENOENT)) {
            _ = try TraceWriter(path: "/nonexistent/trace", peer: self.peer) { WallTime(milliseconds: 0) }
        }
    }
}
