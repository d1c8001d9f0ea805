/// A set of nodes as bits.
struct NodeSet: Equatable {
    private var words: [UInt64]
    /// How many nodes it holds.
    private(set) var count = 0

    /// An empty set of nodes below `capacity`.
    init(capacity: Int) {
        words = Array(repeating: 0, count: (capacity + 63) / 64)
    }

    func contains(_ node: Int) -> Bool {
        words[node >> 6] & (1 << UInt64(node & 63)) != 0
    }

    /// Adds a node; false when it was there.
    @discardableResult
    mutating func insert(_ node: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(node & 63)
        guard words[node >> 6] & bit == 0 else { return false }
        words[node >> 6] |= bit
        count += 1
        return true
    }

    /// Removes a node; false when it was not there.
    @discardableResult
    mutating func remove(_ node: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(node & 63)
        guard words[node >> 6] & bit != 0 else { return false }
        words[node >> 6] &= ~bit
        count -= 1
        return true
    }

    /// The nodes, ascending.
    var elements: [Int] {
        var result: [Int] = []
        result.reserveCapacity(count)
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                result.append(index << 6 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return result
    }
}
