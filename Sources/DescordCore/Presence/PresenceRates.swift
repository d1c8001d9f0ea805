import LibP2PCore

/// Whose heartbeats were taken lately: each author's of each kind once in an interval, and so many authors'.
///
/// A heartbeat costs its sender nothing and is passed on by everybody, so that what one key, or a crowd of
/// keys, can have passed on is bounded by this table.
public struct PresenceRates: Sendable {
    /// The most heartbeats that are taken in an interval, from whomever: a network of 500 nodes that send two
    /// every ten seconds.
    public static let maxCount = 1_024

    private struct Key: Hashable {
        var author: PeerID
        var kind: PresenceHeartbeat.Kind
    }

    private let interval: Duration
    private var taken: Set<Key> = []
    /// The same in the order in which they were taken.
    private var queue: [(key: Key, at: Instant)] = []

    /// Makes an empty table for an interval such as 5 s.
    public init(interval: Duration) {
        self.interval = interval
    }

    /// Returns whether a heartbeat may be taken now, and remembers that it was.
    public mutating func take(_ kind: PresenceHeartbeat.Kind, from author: PeerID, now: Instant) -> Bool {
        let over = self.queue.prefix { $0.at + self.interval <= now }
        for entry in over { self.taken.remove(entry.key) }
        self.queue.removeFirst(over.count)
        let key = Key(author: author, kind: kind)
        guard self.taken.count < Self.maxCount, self.taken.insert(key).inserted else { return false }
        self.queue.append((key, now))
        return true
    }
}
