import LibP2PCore

/// What each author may write in a space; the creator changes it by `budget change`.
public struct BudgetLimits: Hashable, Sendable {
    /// Operations at once.
    public var burst: UInt32
    /// Operations a minute at which the burst refills.
    public var perMinute: UInt32
    /// Bytes of all operations.
    public var totalBytes: UInt64
    /// Bytes of authority and mls operations.
    public var controlBytes: UInt64

    public init(burst: UInt32, perMinute: UInt32, totalBytes: UInt64, controlBytes: UInt64) {
        self.burst = burst
        self.perMinute = perMinute
        self.totalBytes = totalBytes
        self.controlBytes = controlBytes
    }

    /// Ten thousand at once, ten a second, 256 MiB, of which 4 MiB control.
    public static let standard = BudgetLimits(
        burst: 10_000, perMinute: 600, totalBytes: 256 << 20, controlBytes: 4 << 20)
    /// What all strangers who ask to join a public space share.
    public static let publicJoins = BudgetLimits(
        burst: SpaceLimits.publicJoinBurst, perMinute: SpaceLimits.publicJoinsPerMinute,
        totalBytes: SpaceLimits.publicJoinBytes, controlBytes: SpaceLimits.publicJoinBytes)

    /// Returns the limits with what a change names replaced.
    public func applying(_ change: BudgetChange) -> BudgetLimits {
        BudgetLimits(
            burst: change.burst ?? self.burst, perMinute: change.perMinute ?? self.perMinute,
            totalBytes: change.totalBytes ?? self.totalBytes,
            controlBytes: change.controlBytes ?? self.controlBytes)
    }
}

/// What one author has used of its budget: a bucket of operations that refills, and two sums of bytes that do
/// not.
public struct AuthorBudget: Hashable, Sendable {
    /// What one operation costs; refilling gives `perMinute` a millisecond.
    private static let costPerOperation: Int64 = 60_000

    /// What is used of the bucket, in units of which an operation costs 60,000.
    public private(set) var used: Int64
    /// When `used` was right.
    public private(set) var updated: WallTime
    /// Bytes stored.
    public private(set) var totalBytes: UInt64
    /// Bytes of authority and mls operations stored.
    public private(set) var controlBytes: UInt64

    /// A full bucket.
    public init(now: WallTime) {
        self.init(used: 0, updated: now, totalBytes: 0, controlBytes: 0)
    }

    /// Restores stored values.
    public init(used: Int64, updated: WallTime, totalBytes: UInt64, controlBytes: UInt64) {
        self.used = used
        self.updated = updated
        self.totalBytes = totalBytes
        self.controlBytes = controlBytes
    }

    /// Takes an operation out of the budget; false, and nothing taken, when it does not fit. One that is not
    /// paced takes bytes alone.
    public mutating func take(
        size: Int, isControl: Bool, isPaced: Bool = true, limits: BudgetLimits, now: WallTime
    ) -> Bool {
        let elapsed = max(0, min(now.milliseconds - self.updated.milliseconds, 1 << 40))
        let refilled = max(0, self.used - elapsed * Int64(limits.perMinute))
        let total = self.totalBytes + UInt64(size)
        let control = self.controlBytes + (isControl ? UInt64(size) : 0)
        let cost = isPaced ? Self.costPerOperation : 0
        guard !isPaced || refilled + cost <= Int64(limits.burst) * Self.costPerOperation,
            total <= limits.totalBytes, control <= limits.controlBytes
        else { return false }
        self.used = refilled + cost
        self.updated = max(self.updated, now)
        self.totalBytes = total
        self.controlBytes = control
        return true
    }

    /// When an operation that did not fit is worth another try: after the refilling of a minute, or after a
    /// day when bytes are used up, because only the creator can raise those.
    public func retryTime(size: Int, isControl: Bool, limits: BudgetLimits, now: WallTime) -> WallTime {
        let fits =
            self.totalBytes + UInt64(size) <= limits.totalBytes
            && (!isControl || self.controlBytes + UInt64(size) <= limits.controlBytes)
        return now + (fits ? .seconds(60) : .seconds(86_400))
    }
}
