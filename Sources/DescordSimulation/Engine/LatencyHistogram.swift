/// How long deliveries took: counts in buckets that are never wider than a thousandth of their value.
///
/// Bounded, however many deliveries there are, and the same whatever the order in which they come.
package struct LatencyHistogram: Equatable, Sendable {
    /// Values below this many microseconds have a bucket each.
    private static let fine = 2_048

    private var counts: [Int] = []
    /// How many values were added.
    package private(set) var count = 0
    /// The largest, in nanoseconds.
    package private(set) var max: Int64 = 0

    package init() {}

    /// Adds a value in nanoseconds.
    package mutating func add(_ nanoseconds: Int64) {
        let bucket = Self.bucket(of: Int(Swift.max(nanoseconds, 0) / 1_000))
        if bucket >= counts.count {
            counts += Array(repeating: 0, count: bucket + 1 - counts.count)
        }
        counts[bucket] += 1
        count += 1
        max = Swift.max(max, nanoseconds)
    }

    /// Adds all values of another one.
    package mutating func add(_ other: LatencyHistogram) {
        if other.counts.count > counts.count {
            counts += Array(repeating: 0, count: other.counts.count - counts.count)
        }
        for (bucket, held) in other.counts.enumerated() { counts[bucket] += held }
        count += other.count
        max = Swift.max(max, other.max)
    }

    /// Returns the value, in milliseconds, that this share (0 to 1) of the values does not exceed; nil when
    /// there are none.
    package func milliseconds(atShare share: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = Swift.max(1, Int((share * Double(count)).rounded(.up)))
        var passed = 0
        for (bucket, held) in counts.enumerated() {
            passed += held
            if passed >= rank {
                return Swift.min(Double(Self.upperBound(of: bucket)) / 1_000, Double(max) / 1_000_000)
            }
        }
        return Double(max) / 1_000_000
    }

    /// Returns how many values lie in each of `columns` equal parts of 0 to `milliseconds`; larger ones are
    /// in the last.
    package func columns(_ columns: Int, upTo milliseconds: Double) -> [Int] {
        var result = Array(repeating: 0, count: columns)
        for (bucket, held) in counts.enumerated() where held > 0 {
            let value = Double(Self.upperBound(of: bucket)) / 1_000
            let column = Int((value / milliseconds * Double(columns)).rounded(.down))
            result[Swift.min(Swift.max(column, 0), columns - 1)] += held
        }
        return result
    }

    /// Above the fine part every doubling has half as many buckets as the fine part has in all.
    private static func bucket(of microseconds: Int) -> Int {
        guard microseconds >= fine else { return microseconds }
        let shift = Int.bitWidth - microseconds.leadingZeroBitCount - 11
        return shift * (fine / 2) + microseconds >> shift
    }

    private static func upperBound(of bucket: Int) -> Int {
        guard bucket >= fine else { return bucket + 1 }
        let shift = bucket / (fine / 2) - 1
        let mantissa = bucket - shift * (fine / 2)
        return (mantissa + 1) << shift
    }
}
