import LibP2PCore

/// When counters decay: once every interval from the first event on, on a fixed grid.
struct DecaySchedule: Sendable {
    private let interval: Int64
    /// When they decay next; nil before the first event.
    private(set) var next: Instant?

    init(interval: Duration) {
        self.interval = max(interval.saturatedNanoseconds, 1)
    }

    /// Begins with the first event; later ones change nothing.
    mutating func start(now: Instant) {
        if self.next == nil { self.next = now + .nanoseconds(self.interval) }
    }

    /// Returns how many times counters should have decayed since the last call.
    mutating func take(now: Instant) -> Int {
        guard let due = self.next else {
            self.start(now: now)
            return 0
        }
        guard due <= now else { return 0 }
        let late = (now - due).saturatedNanoseconds
        self.next = now + .nanoseconds(self.interval - late % self.interval)
        return Int(late / self.interval) + 1
    }
}
