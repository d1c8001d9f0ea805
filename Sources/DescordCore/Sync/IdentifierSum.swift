/// A sum of ids, each read as a little-endian 256-bit number, modulo 2²⁵⁶.
///
/// Sums of two beginnings of a sorted list differ by the sum of what lies between them, so that the
/// fingerprint of any range costs no more than that of a short one.
struct IdentifierSum: Hashable, Sendable {
    /// The least significant word first.
    private var words: (UInt64, UInt64, UInt64, UInt64)

    init(words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)) {
        self.words = words
    }

    static func == (a: IdentifierSum, b: IdentifierSum) -> Bool { a.words == b.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
        hasher.combine(self.words.2)
        hasher.combine(self.words.3)
    }

    mutating func add(_ id: OperationID) {
        let (a, b, c, d) = id.words
        self.add(IdentifierSum(words: (a.byteSwapped, b.byteSwapped, c.byteSwapped, d.byteSwapped)))
    }

    mutating func add(_ other: IdentifierSum) {
        var carry = false
        (self.words.0, carry) = Self.add(self.words.0, other.words.0, carry)
        (self.words.1, carry) = Self.add(self.words.1, other.words.1, carry)
        (self.words.2, carry) = Self.add(self.words.2, other.words.2, carry)
        (self.words.3, carry) = Self.add(self.words.3, other.words.3, carry)
    }

    mutating func subtract(_ other: IdentifierSum) {
        // a − b = a + ¬b + 1
        var carry = true
        (self.words.0, carry) = Self.add(self.words.0, ~other.words.0, carry)
        (self.words.1, carry) = Self.add(self.words.1, ~other.words.1, carry)
        (self.words.2, carry) = Self.add(self.words.2, ~other.words.2, carry)
        (self.words.3, carry) = Self.add(self.words.3, ~other.words.3, carry)
    }

    /// 32 bytes, little-endian.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [self.words.0, self.words.1, self.words.2, self.words.3] {
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }

    private static func add(_ a: UInt64, _ b: UInt64, _ carry: Bool) -> (UInt64, Bool) {
        let (first, overflowed) = a.addingReportingOverflow(b)
        let (second, again) = first.addingReportingOverflow(carry ? 1 : 0)
        return (second, overflowed || again)
    }
}
