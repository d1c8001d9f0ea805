import DescordCore

/// A bounded memory of operations that were admitted lately; the oldest makes room.
struct RecentOperations {
    /// Enough for the gossip copies of what one first flight pushed, many times over.
    static let maxCount = 4_096

    private var members: Set<OperationID> = []
    private var order: [OperationID] = []

    mutating func insert(_ id: OperationID) {
        guard self.members.insert(id).inserted else { return }
        self.order.append(id)
        guard self.order.count > Self.maxCount else { return }
        let half = Self.maxCount / 2
        for old in self.order.prefix(half) { self.members.remove(old) }
        self.order.removeFirst(half)
    }

    /// Returns whether the operation was there, and forgets it.
    mutating func remove(_ id: OperationID) -> Bool {
        self.members.remove(id) != nil
    }
}
