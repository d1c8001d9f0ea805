/// Coordinated universal time in milliseconds since 1970, handed to deciding code like `Instant` is.
///
/// Used where the protocol carries time (clocks of operations, expiry of invites) and never to measure
/// durations.
public struct WallTime: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    public static func < (a: WallTime, b: WallTime) -> Bool {
        a.milliseconds < b.milliseconds
    }

    public static func + (time: WallTime, duration: Duration) -> WallTime {
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        return WallTime(milliseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    public static func - (time: WallTime, duration: Duration) -> WallTime {
        let (difference, overflow) = time.milliseconds.subtractingReportingOverflow(
            duration.wholeMilliseconds)
        return WallTime(milliseconds: overflow ? (duration < .zero ? .max : .min) : difference)
    }
}
