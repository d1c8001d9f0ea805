import LibP2PCore

/// What each peer may still take of our files: so many bytes at once, refilled by the minute.
public struct FileAllowances: Sendable {
    private struct Allowance {
        var left: Int
        var at: Instant
    }

    private var allowances: [PeerID: Allowance] = [:]
    private let bytesPerMinute: Int

    /// Begins with all of `bytesPerMinute` for everybody.
    public init(bytesPerMinute: Int = FileLimits.bytesPerMinute) {
        self.bytesPerMinute = bytesPerMinute
    }

    /// Takes `bytes` out of a peer's allowance; false when it has not so many, and nothing is taken.
    public mutating func take(_ bytes: Int, of peer: PeerID, now: Instant) -> Bool {
        if self.allowances[peer] == nil, self.allowances.count >= FileLimits.maxAllowances {
            // Who has everything again is as one who never asked.
            self.allowances = self.allowances.filter { self.left($0.value, now) < self.bytesPerMinute }
            guard self.allowances.count < FileLimits.maxAllowances else { return false }
        }
        let left = self.allowances[peer].map { self.left($0, now) } ?? self.bytesPerMinute
        guard bytes <= left else { return false }
        self.allowances[peer] = Allowance(left: left - bytes, at: now)
        return true
    }

    private func left(_ allowance: Allowance, _ now: Instant) -> Int {
        let passed = max(0, (now - allowance.at).wholeMilliseconds)
        let refill = min(passed, 60_000) * Int64(self.bytesPerMinute) / 60_000
        return min(self.bytesPerMinute, allowance.left + Int(refill))
    }
}
