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
    /// The sum, least significant word first.
    private var sum: [UInt64] = [0, 0, 0, 0]

    /// The empty set.
    public init() {}

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
        self.sum = (0..<4).map(word)
        self.count = word(4)
    }

    /// The sum and the count, 40 bytes, for storing beside the set.
    public var state: [UInt8] {
        (self.sum + [self.count]).flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }

    /// Adds an id that is not in the set.
    public mutating func insert(_ id: OperationID) {
        var carry: UInt64 = 0
        let words = [id.words.0, id.words.1, id.words.2, id.words.3]
        for index in 0..<4 {
            let (first, overflowed) = self.sum[index].addingReportingOverflow(words[index].byteSwapped)
            let (second, again) = first.addingReportingOverflow(carry)
            self.sum[index] = second
            carry = (overflowed ? 1 : 0) + (again ? 1 : 0)
        }
        self.count += 1
    }

    /// The first 16 bytes of SHA-256(sum, 32 bytes little-endian ‖ count as Negentropy's varint, most
    /// significant group first).
    public var value: [UInt8] {
        var hash = SHA256()
        hash.update(self.state.prefix(32))
        var groups: [UInt8] = [UInt8(truncatingIfNeeded: self.count & 0x7f)]
        var rest = self.count >> 7
        while rest > 0 {
            groups.append(UInt8(truncatingIfNeeded: rest & 0x7f) | 0x80)
            rest >>= 7
        }
        hash.update(Array(groups.reversed()))
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
