import LibP2PCore

/// The authority operations in an operation's causal past, as a set of the numbers that this home gave them
/// when it admitted them.
///
/// Kept as ranges: all pasts of one space are nearly "everything up to n", so that a past takes a few bytes
/// beside its operation, and asking whether an authority operation is an ancestor takes no walk over links.
public struct AuthorityPast: Hashable, Sendable {
    /// Sorted, disjoint, not adjacent.
    public private(set) var ranges: [Range<UInt32>] = []

    /// The empty set.
    public init() {}

    /// Restores what `encoded` returned; nil for anything else.
    public init?(decoding bytes: [UInt8]) {
        var rest = bytes[...]
        var position: UInt64 = 0
        func number() -> UInt64? {
            guard case .value(let value, let size) = Varint.read(rest) else { return nil }
            rest = rest.dropFirst(size)
            return value
        }
        while !rest.isEmpty {
            guard let gap = number(), let count = number(), count > 0 else { return nil }
            guard let end = UInt32(exactly: position + gap + count) else { return nil }
            self.ranges.append(UInt32(position + gap)..<end)
            position = UInt64(end)
        }
    }

    /// Pairs of the gap before a range and its size, as varints.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        var position: UInt32 = 0
        for range in self.ranges {
            Varint.append(UInt64(range.lowerBound - position), to: &bytes)
            Varint.append(UInt64(range.count), to: &bytes)
            position = range.upperBound
        }
        return bytes
    }

    /// Returns whether the operation with this number is in the past.
    public func contains(_ index: UInt32) -> Bool {
        var low = 0
        var high = self.ranges.count
        while low < high {
            let middle = (low + high) / 2
            if self.ranges[middle].upperBound <= index { low = middle + 1 } else { high = middle }
        }
        return low < self.ranges.count && self.ranges[low].contains(index)
    }

    /// Adds one number.
    public mutating func insert(_ index: UInt32) {
        var other = AuthorityPast()
        other.ranges = [index..<(index + 1)]
        self.formUnion(other)
    }

    /// Adds another past.
    public mutating func formUnion(_ other: AuthorityPast) {
        if other.ranges.isEmpty || other == self { return }
        var merged: [Range<UInt32>] = []
        merged.reserveCapacity(self.ranges.count + other.ranges.count)
        var (left, right) = (self.ranges[...], other.ranges[...])
        while let next = Self.popLower(&left, &right) {
            if let last = merged.last, next.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, next.upperBound)
            } else {
                merged.append(next)
            }
        }
        self.ranges = merged
    }

    private static func popLower(
        _ left: inout ArraySlice<Range<UInt32>>, _ right: inout ArraySlice<Range<UInt32>>
    ) -> Range<UInt32>? {
        guard let first = left.first else { return right.popFirst() }
        guard let second = right.first else { return left.popFirst() }
        return first.lowerBound <= second.lowerBound ? left.popFirst() : right.popFirst()
    }
}
