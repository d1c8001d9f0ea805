import Foundation
import Glibc
import LibP2P
import LibP2PCore

/// Why there is no trace: the path, and `errno`.
public struct TraceFailure: Error, Hashable, Sendable {
    public let path: String
    public let code: Int32
}

/// Writes gossipsub's trace events to a file, one JSON object a line, in the shape of go-libp2p-pubsub's JSON
/// tracer (`trace.proto`): `type`, `peerID`, `timestamp` in nanoseconds since 1970, and what the event has in
/// an object of its own. Unlike there types are names, peer ids base58, message ids hexadecimal, RPCs are
/// counted instead of listed, and GRAFT and PRUNE have a reason.
///
/// Confined to the node's loop. Every line is written whole as its event happens, so that a reader that
/// follows the file sees what led to where it looks.
final class TraceWriter {
    private let file: FileHandle
    private let peer: String
    private let wallTime: @Sendable () -> WallTime
    private let encoder = JSONEncoder()

    /// Opens `path` for appending; a new file is the owner's alone, because it tells who talks to whom.
    init(
        path: String, peer: PeerID, wallTime: @escaping @Sendable () -> WallTime
    ) throws(TraceFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TraceFailure(path: path, code: errno) }
        self.file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        self.peer = peer.description
        self.wallTime = wallTime
        self.encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// Writes an event.
    func write(_ event: TraceEvent) {
        let line = TraceLine(event, by: self.peer, at: self.wallTime())
        do {
            try self.file.write(contentsOf: try self.encoder.encode(line) + [UInt8(ascii: "\n")])
        } catch {
            // A trace is a convenience: a full disk must not stop the node.
        }
    }
}

/// One line of a trace.
struct TraceLine: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// What an RPC held, as counts.
    private struct Meta: Encodable {
        struct Control: Encodable {
            var ihave: Int
            var iwant: Int
            var graft: Int
            var prune: Int
            var idontwant: Int
        }

        var messages: Int
        var subscription: Int
        var control: Control
    }

    private let type: String
    private let peerID: String
    private let timestamp: Int64
    /// The name of the event's object.
    private let name: String
    private var texts: [(name: String, value: String)] = []
    private var meta: Meta?

    init(_ event: TraceEvent, by peer: String, at time: WallTime) {
        self.type = event.name
        self.peerID = peer
        self.timestamp = time.milliseconds.multipliedReportingOverflow(by: 1_000_000).partialValue
        switch event {
        case .publishMessage(let id, let topic):
            self.name = "publishMessage"
            self.texts = Self.message(id, topic)
        case .rejectMessage(let id, let topic, let peer, let reason):
            self.name = "rejectMessage"
            self.texts = Self.message(id, topic, from: peer) + [("reason", reason.rawValue)]
        case .duplicateMessage(let id, let topic, let peer):
            self.name = "duplicateMessage"
            self.texts = Self.message(id, topic, from: peer)
        case .deliverMessage(let id, let topic, let peer):
            self.name = "deliverMessage"
            self.texts = Self.message(id, topic, from: peer)
        case .addPeer(let peer, let protocolID):
            self.name = "addPeer"
            self.texts = [("peerID", peer.description), ("proto", protocolID.rawValue)]
        case .removePeer(let peer):
            self.name = "removePeer"
            self.texts = [("peerID", peer.description)]
        case .receiveRPC(let peer, let counts):
            self.name = "recvRPC"
            self.texts = [("receivedFrom", peer.description)]
            self.meta = Self.meta(counts)
        case .sendRPC(let peer, let counts):
            self.name = "sendRPC"
            self.texts = [("sendTo", peer.description)]
            self.meta = Self.meta(counts)
        case .dropRPC(let peer, let counts):
            self.name = "dropRPC"
            self.texts = [("sendTo", peer.description)]
            self.meta = Self.meta(counts)
        case .join(let topic):
            self.name = "join"
            self.texts = [("topic", topic.description)]
        case .leave(let topic):
            self.name = "leave"
            self.texts = [("topic", topic.description)]
        case .graft(let peer, let topic, let reason):
            self.name = "graft"
            self.texts = Self.change(peer, topic, reason.rawValue)
        case .prune(let peer, let topic, let reason):
            self.name = "prune"
            self.texts = Self.change(peer, topic, reason.rawValue)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var line = encoder.container(keyedBy: Key.self)
        try line.encode(self.type, forKey: Key(stringValue: "type"))
        try line.encode(self.peerID, forKey: Key(stringValue: "peerID"))
        try line.encode(self.timestamp, forKey: Key(stringValue: "timestamp"))
        var object = line.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: self.name))
        for (name, value) in self.texts { try object.encode(value, forKey: Key(stringValue: name)) }
        if let meta { try object.encode(meta, forKey: Key(stringValue: "meta")) }
    }

    private static func message(
        _ id: MessageID, _ topic: Topic, from peer: PeerID? = nil
    ) -> [(name: String, value: String)] {
        [("messageID", Multibase.hex(id.bytes)), ("topic", topic.description)]
            + (peer.map { [("receivedFrom", $0.description)] } ?? [])
    }

    private static func change(
        _ peer: PeerID, _ topic: Topic, _ reason: String
    ) -> [(name: String, value: String)] {
        [("peerID", peer.description), ("topic", topic.description), ("reason", reason)]
    }

    private static func meta(_ counts: RPCCounts) -> Meta {
        Meta(
            messages: counts.messages, subscription: counts.subscriptions,
            control: Meta.Control(
                ihave: counts.ihave, iwant: counts.iwant, graft: counts.graft, prune: counts.prune,
                idontwant: counts.idontwant))
    }
}
