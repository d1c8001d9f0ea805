import LibP2PCore

/// The ids of messages that were seen, each for a fixed time after it was first seen.
struct SeenCache: Sendable {
    private let ttl: Duration
    private let countMax: Int
    private var ids: Set<MessageID> = []
    /// In the order of their expiry; those before `head` are gone.
    private var queue: [(id: MessageID, expires: Instant)] = []
    private var head = 0
    /// When the first of them expires, at hand because it is asked for with every RPC.
    private var nextExpiry = Instant.distantFuture

    init(ttl: Duration, countMax: Int) {
        self.ttl = ttl
        self.countMax = max(countMax, 1)
    }

    var count: Int { self.ids.count }

    func contains(_ id: MessageID) -> Bool {
        self.ids.contains(id)
    }

    /// Remembers an id; false when it was known.
    mutating func insert(_ id: MessageID, now: Instant) -> Bool {
        guard self.ids.insert(id).inserted else { return false }
        self.queue.append((id, now + self.ttl))
        if self.ids.count == 1 { self.nextExpiry = now + self.ttl }
        if self.ids.count > self.countMax { self.removeFirst() }
        return true
    }

    /// Forgets what has expired.
    mutating func expire(now: Instant) {
        while self.nextExpiry <= now, self.head < self.queue.count { self.removeFirst() }
    }

    private mutating func removeFirst() {
        self.ids.remove(self.queue[self.head].id)
        self.head += 1
        if self.head >= 1_024, self.head * 2 >= self.queue.count {
            self.queue.removeFirst(self.head)
            self.head = 0
        }
        self.nextExpiry = self.head < self.queue.count ? self.queue[self.head].expires : .distantFuture
    }
}
