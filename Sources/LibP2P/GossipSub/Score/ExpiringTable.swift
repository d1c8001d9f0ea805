import LibP2PCore

/// Values that leave when their time is up, and of which at most so many are kept: those that expire first
/// leave first, and of those that expire together the ones that came first.
struct ExpiringTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        var value: Value
        let place: Place
    }

    /// Where an entry stands in the order of leaving.
    private struct Place: Comparable, Sendable {
        let expires: Instant
        let sequence: UInt64

        static func < (a: Place, b: Place) -> Bool {
            a.expires == b.expires ? a.sequence < b.sequence : a.expires < b.expires
        }
    }

    private let countMax: Int
    private var entries: [Key: Entry] = [:]
    private var order: [(place: Place, key: Key)] = []
    private var nextSequence: UInt64 = 0

    init(countMax: Int) {
        self.countMax = max(countMax, 0)
    }

    var count: Int { self.order.count }
    var isEmpty: Bool { self.order.isEmpty }
    /// All keys, in the order in which they will leave.
    var keys: [Key] { self.order.map(\.key) }

    subscript(key: Key) -> Value? { self.entries[key]?.value }

    /// Returns when a value leaves.
    func expiry(of key: Key) -> Instant? { self.entries[key]?.place.expires }

    /// Changes a value that is there.
    mutating func update<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
        guard self.entries[key] != nil else { return nil }
        return change(&self.entries[key]!.value)
    }

    /// Puts a value in the place of an older one; returns the one that had to leave for it.
    mutating func set(_ key: Key, _ value: Value, expires: Instant) -> (key: Key, value: Value)? {
        _ = self.remove(key)
        let place = Place(expires: expires, sequence: self.nextSequence)
        self.nextSequence += 1
        self.entries[key] = Entry(value: value, place: place)
        self.order.insert((place, key), at: self.index(of: place))
        return self.order.count > self.countMax ? self.removeFirst() : nil
    }

    mutating func remove(_ key: Key) -> Value? {
        guard let entry = self.entries.removeValue(forKey: key) else { return nil }
        self.order.remove(at: self.index(of: entry.place))
        return entry.value
    }

    /// Removes and returns what expired before `now`, in order.
    mutating func expire(now: Instant) -> [(key: Key, value: Value)] {
        var expired: [(key: Key, value: Value)] = []
        for (place, key) in self.order {
            guard place.expires < now, let entry = self.entries.removeValue(forKey: key) else { break }
            expired.append((key, entry.value))
        }
        self.order.removeFirst(expired.count)
        return expired
    }

    private mutating func removeFirst() -> (key: Key, value: Value)? {
        let key = self.order.removeFirst().key
        return self.entries.removeValue(forKey: key).map { (key, $0.value) }
    }

    /// Where a place is in the order, or would be.
    private func index(of place: Place) -> Int {
        // Most are added at the end.
        if let last = self.order.last, last.place < place { return self.order.count }
        var low = 0
        var high = self.order.count
        while low < high {
            let middle = (low + high) / 2
            if self.order[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
