/// How long messages were under way: from the author's clock to ours.
///
/// Both clocks are the wall clocks of two machines, so their difference is in every figure, and the time that
/// a message waited in an outbox too. A message from a clock ahead of ours took no time.
package struct PropagationHistogram: Hashable, Sendable {
    /// The upper bounds of the buckets in milliseconds; what took longer is in a last one.
    package static let bounds: [Int64] = [
        10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000, 600_000,
    ]

    /// How many took at most so long, and longer than the bound before: one more than there are bounds.
    package private(set) var counts: [Int64]
    /// All times together, in milliseconds.
    package private(set) var sum: Int64 = 0

    package init() {
        self.counts = [Int64](repeating: 0, count: Self.bounds.count + 1)
    }

    /// How many messages there were.
    package var count: Int64 { self.counts.reduce(0, +) }

    /// Counts a message that took so many milliseconds.
    mutating func observe(milliseconds: Int64) {
        let time = max(0, milliseconds)
        let bucket = Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count
        self.counts[bucket] += 1
        // A clock of 1970 must not overflow anything.
        self.sum = self.sum.addingReportingOverflow(time).overflow ? .max : self.sum + time
    }

    /// Returns the time, in milliseconds, that a share of the messages did not exceed, within a bucket by
    /// its bounds in proportion; the last bound when it lies beyond, nil when there are no messages.
    package func quantile(_ share: Double) -> Double? {
        let count = self.count
        guard count > 0 else { return nil }
        let rank = share * Double(count)
        var below: Int64 = 0
        for (bucket, bound) in Self.bounds.enumerated() {
            let next = below + self.counts[bucket]
            if Double(next) >= rank, next > below {
                let lower = bucket == 0 ? 0 : Double(Self.bounds[bucket - 1])
                return lower + (Double(bound) - lower) * (rank - Double(below)) / Double(next - below)
            }
            below = next
        }
        return Double(Self.bounds[Self.bounds.count - 1])
    }

    // MARK: - As counters

    private static let prefix = "propagation_ms."

    /// The counters by their stored names.
    var counters: [(name: String, value: Int64)] {
        Self.names.indices.map { (Self.names[$0], self.counts[$0]) } + [(Self.prefix + "sum", self.sum)]
    }

    /// Reads the stored counters.
    package init(counters: [String: Int64]) {
        self.init()
        for (bucket, name) in Self.names.enumerated() { self.counts[bucket] = counters[name] ?? 0 }
        self.sum = counters[Self.prefix + "sum"] ?? 0
    }

    private static let names = Self.bounds.map { "\(Self.prefix)\($0)" } + [Self.prefix + "inf"]
}
