import LibP2PCore

/// Lets through so much a second, with a second's worth at once (the generic cell rate algorithm, without its
/// cells: what goes through is charged afterwards, so that nothing is too large to pass).
struct RateGate: Sendable {
    /// When everything that went through would have gone at an even rate.
    private var bytesEnd: Instant?
    private var messagesEnd: Instant?

    /// When something may go next; never after, and not before, `now` when that is at once.
    func opens(_ limit: RateLimit, now: Instant) -> Instant {
        var opening = now
        if limit.bytesPerSecond > 0, let bytesEnd { opening = max(opening, bytesEnd - Self.burst) }
        if limit.messagesPerSecond > 0, let messagesEnd { opening = max(opening, messagesEnd - Self.burst) }
        return opening
    }

    /// Charges what goes now.
    mutating func pass(_ size: Int, _ limit: RateLimit, now: Instant) {
        if limit.bytesPerSecond > 0 {
            bytesEnd = Self.end(bytesEnd, now: now, plus: size, perSecond: limit.bytesPerSecond)
        }
        if limit.messagesPerSecond > 0 {
            messagesEnd = Self.end(messagesEnd, now: now, plus: 1, perSecond: limit.messagesPerSecond)
        }
    }

    private static func end(_ end: Instant?, now: Instant, plus amount: Int, perSecond rate: Int) -> Instant {
        let start = max(end ?? now, now)
        return start + .nanoseconds(Int64(amount) * 1_000_000_000 / Int64(rate))
    }

    private static let burst = Duration.seconds(1)
}
