/// The name of a pubsub topic.
///
/// Held as bytes, because peers are free to send names that are not UTF-8 and they must still be matched
/// exactly. Ordered by its bytes, so that topics can be sorted where an order must not change between
/// processes.
public struct Topic: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The longest name that is read from a peer, in bytes; deployed names stay below 300.
    public static let maxSize = 1_024

    /// The name as it goes on the wire.
    public let bytes: [UInt8]
    /// Of the bytes, by this process's secret; every message looks its topic up.
    private let hash: Int

    /// Names a topic by text.
    public init(_ name: String) {
        self.init(bytes: Array(name.utf8))
    }

    /// Names a topic by the bytes that a peer sent.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
        self.hash = bytes.hashValue
    }

    /// The name as text; bytes that are not UTF-8 are shown as replacement characters.
    public var description: String {
        String(decoding: self.bytes, as: UTF8.self)
    }

    public static func == (a: Topic, b: Topic) -> Bool {
        a.hash == b.hash && a.bytes == b.bytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.hash)
    }

    public static func < (a: Topic, b: Topic) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }
}
