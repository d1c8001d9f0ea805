import DescordCrypto
import LibP2PCore

/// A running fingerprint of a set of operations, as Negentropy V1 computes it: the sum of the ids as
/// little-endian
/// 256-bit numbers, modulo 2²⁵⁶, and their count.
///
/// A sum can be forged: two sets count as equal only when the hash over their heads is equal too.
public struct SetFingerprint: Hashable, Sendable {
    /// Bytes in a fingerprint.
    public static let size = 16

    /// The number of ids.
    public private(set) var count: UInt64 = 0
    private var sum = IdentifierSum()

    /// The empty set.
    public init() {}

    /// A set of `count` ids whose sum is known.
    init(sum: IdentifierSum, count: UInt64) {
        self.sum = sum
        self.count = count
    }

    /// The set of `ids`, which are distinct.
    public init(_ ids: some Sequence<OperationID>) {
        for id in ids { self.insert(id) }
    }

    /// Restores what `state` returned; nil for anything else.
    public init?(state: [UInt8]) {
        guard state.count == 40 else { return nil }
        func word(_ index: Int) -> UInt64 {
            state[index * 8..<index * 8 + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.sum = IdentifierSum(words: (word(0), word(1), word(2), word(3)))
        self.count = word(4)
    }

    /// The sum and the count, 40 bytes, for storing beside the set.
    public var state: [UInt8] {
        self.sum.bytes + (0..<8).map { UInt8(truncatingIfNeeded: self.count >> (8 * $0)) }
    }

    /// Adds an id that is not in the set.
    public mutating func insert(_ id: OperationID) {
        self.sum.add(id)
        self.count += 1
    }

    /// The first 16 bytes of SHA-256(sum, 32 bytes little-endian ‖ count as Negentropy's varint).
    public var value: [UInt8] {
        var hash = SHA256()
        hash.update(self.sum.bytes)
        hash.update(NegentropyVarint.encode(self.count))
        return Array(hash.finalize().prefix(Self.size))
    }
}

/// What two sides compare first: equal in all three means that nothing needs to be exchanged.
public struct SyncSummary: Hashable, Sendable {
    /// Operations in the set.
    public var count: UInt64
    /// `SetFingerprint.value`, 16 bytes.
    public var fingerprint: [UInt8]
    /// SHA-256 over the sorted heads, 32 bytes.
    public var headsHash: [UInt8]

    public init(count: UInt64, fingerprint: [UInt8], headsHash: [UInt8]) {
        self.count = count
        self.fingerprint = fingerprint
        self.headsHash = headsHash
    }

    /// Summarises a set with these heads, in any order.
    public init(_ fingerprint: SetFingerprint, heads: some Sequence<OperationID>) {
        var hash = SHA256()
        for head in heads.sorted() { hash.update(head.bytes) }
        self.init(count: fingerprint.count, fingerprint: fingerprint.value, headsHash: hash.finalize())
    }
}
