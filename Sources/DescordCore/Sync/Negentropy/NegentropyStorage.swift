/// A sorted set of items with fingerprints of any of its ranges: 42 bytes an item.
///
/// Built once from O(n log n) comparisons, or n for items that come sorted; a range then costs O(log n) to
/// find and at most 30 additions to sum.
public struct NegentropyStorage: Sendable {
    /// Items between two sums that are kept.
    private static let blockSize = 16

    /// Ascending.
    public let items: [NegentropyItem]
    /// Of the items before every sixteenth.
    private let sums: [IdentifierSum]

    /// Takes items in any order; each may be there once.
    public init(_ items: consuming [NegentropyItem]) throws(NegentropyFailure) {
        let indices = items.indices.dropFirst()
        if indices.contains(where: { items[$0] < items[$0 - 1] }) { items.sort() }
        if let index = indices.first(where: { items[$0] == items[$0 - 1] }) {
            throw .duplicateItem(items[index])
        }
        var sums: [IdentifierSum] = []
        sums.reserveCapacity(items.count / Self.blockSize + 1)
        var sum = IdentifierSum()
        for (index, item) in items.enumerated() {
            if index.isMultiple(of: Self.blockSize) { sums.append(sum) }
            sum.add(item.id)
        }
        if items.count.isMultiple(of: Self.blockSize) { sums.append(sum) }
        self.items = items
        self.sums = sums
    }

    /// Returns the fingerprint of the items at these places, 16 bytes.
    func fingerprint(_ range: Range<Int>) -> [UInt8] {
        var sum = self.sum(before: range.upperBound)
        sum.subtract(self.sum(before: range.lowerBound))
        return SetFingerprint(sum: sum, count: UInt64(range.count)).value
    }

    /// Returns the place of the first item from `start` on that is not below `bound`.
    func firstIndex(notBelow bound: NegentropyBound, from start: Int) -> Int {
        var low = start
        var high = self.items.count
        while low < high {
            let middle = low + (high - low) / 2
            if bound.isAbove(self.items[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func sum(before index: Int) -> IdentifierSum {
        let block = index / Self.blockSize
        var sum = self.sums[block]
        for item in self.items[block * Self.blockSize..<index] { sum.add(item.id) }
        return sum
    }
}
