import DescordCrypto
import LibP2PCore

/// What a topic's function names a message by; opaque bytes to everybody else.
public struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// The longest id that is read from a peer, in bytes; the longest default of a deployed implementation is
    /// 72.
    public static let maxSize = 256

    /// The id as it goes on the wire.
    public let bytes: [UInt8]
    /// Of the bytes, by this process's secret; an id is looked up many times.
    private let hash: Int

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.hash = bytes.hashValue
    }

    public static func == (a: MessageID, b: MessageID) -> Bool {
        a.hash == b.hash && a.bytes == b.bytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.hash)
    }

    /// Lower-case hexadecimal.
    public var description: String {
        Multibase.hex(self.bytes)
    }
}

/// How the messages of a topic are named. Peers that disagree about it still push messages to each other, but
/// IHAVE, IWANT and IDONTWANT do nothing between them.
public enum MessageIDFunction: Sendable {
    /// go-libp2p-pubsub and py-libp2p: raw `from` ‖ raw `seqno`. The default.
    case go
    /// rust-libp2p: the text of base58(`from`) ‖ decimal(`seqno`).
    case rust
    /// js-libp2p: the author's encoded public key ‖ `seqno`.
    case js
    /// nim-libp2p: the text of hex(`seqno`) ‖ base58(`from`).
    case nim
    /// SHA-256 of the data: one name for one content, whoever publishes it.
    case contentHash
    /// The application's own; it must be a pure function of the message.
    case custom(@Sendable (Message) -> MessageID)

    /// Returns the id of `message`; missing fields count as empty ones.
    public func id(of message: Message) -> MessageID {
        let from = message.from ?? []
        let seqno = message.seqno ?? []
        switch self {
        case .go:
            return message.defaultID
        case .rust:
            return MessageID(Array((Multibase.base58(from) + String(Self.number(seqno))).utf8))
        case .js:
            // The peer id of an Ed25519 key is `00 24` and the key; other kinds carry it in `key`.
            return MessageID(
                (message.ed25519Author != nil ? Array(from.dropFirst(2)) : message.key ?? []) + seqno)
        case .nim:
            return MessageID(Array((Multibase.hex(seqno) + Multibase.base58(from)).utf8))
        case .contentHash:
            return MessageID(SHA256.hash(message.data ?? []))
        case .custom(let function):
            return function(message)
        }
    }

    /// Whether an id tells that `author` wrote the message. Ids that don't tell are nobody's.
    func isID(_ id: MessageID, ofMessageBy author: PeerID) -> Bool {
        switch self {
        case .go: id.bytes.starts(with: author.bytes)
        case .rust: id.bytes.starts(with: Multibase.base58(author.bytes).utf8)
        case .js: id.bytes.starts(with: author.bytes.dropFirst(2))
        case .nim: id.bytes.suffix(from: min(16, id.bytes.count)).elementsEqual(author.description.utf8)
        case .contentHash, .custom: false
        }
    }

    private static func number(_ seqno: [UInt8]) -> UInt64 {
        seqno.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
