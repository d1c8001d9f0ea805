/// An element of a set that negentropy reconciles. Sorted by timestamp, then id.
public struct NegentropyItem: Hashable, Comparable, Sendable {
    /// Below 2⁶⁴ − 1, in whatever unit the set uses.
    public let timestamp: UInt64
    /// Distinct from that of every other element.
    public let id: OperationID

    /// Nil for 2⁶⁴ − 1, which is the protocol's infinity.
    public init?(timestamp: UInt64, id: OperationID) {
        guard timestamp < NegentropyBound.infinity.timestamp else { return nil }
        self.timestamp = timestamp
        self.id = id
    }

    /// An operation, by the seconds of its clock.
    public init(clock: HybridLogicalClock, id: OperationID) {
        self.timestamp = clock.milliseconds / 1_000
        self.id = id
    }

    public static func < (a: NegentropyItem, b: NegentropyItem) -> Bool {
        a.timestamp != b.timestamp ? a.timestamp < b.timestamp : a.id < b.id
    }
}

/// Where a range ends: everything below it is in the range or before it.
struct NegentropyBound: Equatable, Sendable {
    /// Above every item.
    static let infinity = NegentropyBound(timestamp: .max)
    /// Below every item.
    static let zero = NegentropyBound(timestamp: 0)

    let timestamp: UInt64
    /// As many leading bytes as tell neighbours apart, then zeros.
    let id: OperationID
    /// 0 to 32: bytes of the id that are sent.
    let prefixSize: Int

    init(timestamp: UInt64, prefix: some Collection<UInt8> = EmptyCollection()) {
        precondition(prefix.count <= OperationID.size, "a prefix is no longer than an id")
        let padding = repeatElement(0 as UInt8, count: OperationID.size - prefix.count)
        self.timestamp = timestamp
        self.id = OperationID(bytes: Array(prefix) + padding)!  // padded to 32 bytes
        self.prefixSize = prefix.count
    }

    /// The item itself, whole.
    init(_ item: NegentropyItem) {
        self.timestamp = item.timestamp
        self.id = item.id
        self.prefixSize = OperationID.size
    }

    /// The shortest one above `last` and not above `next`, its successor.
    init(between last: NegentropyItem, and next: NegentropyItem) {
        guard last.timestamp == next.timestamp else {
            self.init(timestamp: next.timestamp)
            return
        }
        let bytes = next.id.bytes
        let shared = zip(last.id.bytes, bytes).prefix { $0 == $1 }.count
        self.init(timestamp: next.timestamp, prefix: bytes.prefix(shared + 1))
    }

    func isAbove(_ item: NegentropyItem) -> Bool {
        item.timestamp != self.timestamp ? item.timestamp < self.timestamp : item.id < self.id
    }

    func isBelow(_ other: NegentropyBound) -> Bool {
        self.timestamp != other.timestamp ? self.timestamp < other.timestamp : self.id < other.id
    }
}
