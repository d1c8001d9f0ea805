import LibP2PCore

/// A clock that follows wall time and never runs behind what it has seen: 48 bits of milliseconds since 1970
/// and a 16-bit counter.
///
/// It orders what is shown and nothing else: links decide causality and permission.
public struct HybridLogicalClock: Hashable, Comparable, Sendable {
    /// The largest number of milliseconds: the year 10889.
    public static let maxMilliseconds: UInt64 = (1 << 48) - 1
    /// A node links to nothing, and moves its own clock to nothing, that is further ahead than this.
    public static let maxLinkLead: Duration = .seconds(60)
    /// Operations further ahead than this are held back until their time has come.
    public static let maxAcceptedLead: Duration = .seconds(600)
    /// Operations further ahead than this are ignored.
    public static let maxHeldLead: Duration = .seconds(86_400)

    /// Milliseconds in the upper 48 bits, counter in the lower 16.
    public let rawValue: UInt64

    /// Milliseconds since 1970, below 2⁴⁸.
    public var milliseconds: UInt64 { self.rawValue >> 16 }
    /// Distinguishes operations of one millisecond.
    public var counter: UInt16 { UInt16(truncatingIfNeeded: self.rawValue) }
    /// The milliseconds as a wall time.
    public var wallTime: WallTime { WallTime(milliseconds: Int64(self.milliseconds)) }

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Joins both parts; milliseconds above 48 bits become the largest.
    public init(milliseconds: UInt64, counter: UInt16) {
        self.rawValue = min(milliseconds, Self.maxMilliseconds) << 16 | UInt64(counter)
    }

    /// The clock of a wall time with counter 0; times outside the range are clamped.
    public init(_ time: WallTime) {
        self.init(milliseconds: UInt64(max(0, time.milliseconds)), counter: 0)
    }

    /// Returns the clock of an operation written at `now` with links to operations that have these clocks, or
    /// nil when the clock is at its very end.
    ///
    /// The caller links only to what `isLinkable(at:)` allows. The exception is the author's own previous
    /// operation, which is linked always: after the wall clock was set back the chain goes on above it.
    public static func next(
        after parents: some Sequence<HybridLogicalClock>, now: WallTime
    ) -> HybridLogicalClock? {
        let wall = HybridLogicalClock(now)
        guard let highest = parents.max(), highest >= wall else { return wall }
        guard highest.rawValue < .max else { return nil }
        return HybridLogicalClock(rawValue: highest.rawValue + 1)
    }

    /// What is done with an operation because of its clock alone.
    public enum Verdict: Hashable, Sendable {
        /// It may be admitted and forwarded.
        case acceptable
        /// More than 10 minutes ahead: kept, neither shown nor forwarded, until `releaseTime`.
        case held
        /// More than 24 hours ahead: not kept.
        case ignored
    }

    /// Returns what to do with an operation of this clock that is looked at when it is `now`.
    public func verdict(at now: WallTime) -> Verdict {
        if self.wallTime > now + Self.maxHeldLead { return .ignored }
        if self.wallTime > now + Self.maxAcceptedLead { return .held }
        return .acceptable
    }

    /// When an operation that was held becomes acceptable.
    public var releaseTime: WallTime { self.wallTime - Self.maxAcceptedLead }

    /// Returns whether we may link to an operation of this clock, and move our own clock past it, at `now`.
    public func isLinkable(at now: WallTime) -> Bool {
        self.wallTime <= now + Self.maxLinkLead
    }

    /// Returns whether an operation of this clock may follow operations with these clocks; when not it is
    /// invalid, and everything that follows it is too.
    public func isAbove(_ parents: some Sequence<HybridLogicalClock>) -> Bool {
        parents.allSatisfy { $0 < self }
    }

    public static func < (a: HybridLogicalClock, b: HybridLogicalClock) -> Bool {
        a.rawValue < b.rawValue
    }
}
