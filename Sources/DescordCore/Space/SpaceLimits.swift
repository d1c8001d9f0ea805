/// The bounds of what one home keeps of a space for others.
public enum SpaceLimits {
    /// Operations of one author that wait for their links or their time: a page of history out of order.
    public static let maxUnsettledCount = 256
    /// Bytes of one author's operations that wait: four of the largest.
    public static let maxUnsettledBytes = 4 << 20
    /// Bytes of all operations of a space that wait.
    public static let maxUnsettledSpaceBytes = 64 << 20
    /// How long an operation may wait before it is forgotten: the longest that a peer is expected to be away.
    public static let maxUnsettledAge: Duration = .seconds(7 * 86_400)
    /// How long after joining older operations count as history, which has no pace: as long as anything
    /// waits.
    public static let catchUpTime: Duration = .seconds(7 * 86_400)
    /// Joins without a ticket that strangers may write at once in a public space, all together.
    public static let publicJoinBurst: UInt32 = 256
    /// Joins without a ticket a minute at which the burst refills.
    public static let publicJoinsPerMinute: UInt32 = 60
    /// Bytes of all joins without a ticket: a hundred thousand of them.
    public static let publicJoinBytes: UInt64 = 64 << 20
    /// Refused operations that are remembered a space, so that they are not pulled again at once.
    public static let maxRefusedCount = 16_384
}

/// What became of a stored operation; all of them are in the reconciliation set.
public enum OperationState: Int, Hashable, Sendable, CaseIterable {
    /// In force.
    case admitted = 0
    /// A link is not settled yet.
    case waiting = 1
    /// Its clock is more than ten minutes ahead.
    case held = 2
    /// Its clock or its place in the author's chain contradicts its links, or it follows one of which that is
    /// so.
    case invalid = 3
    /// Its author was not permitted to write it.
    case void = 4
    /// Its author was permitted, but what that rested on was taken away: a later operation may bring it back.
    case revoked = 5

    /// Whether the state is final: what links to it need not wait any longer.
    public var isSettled: Bool { self != .waiting && self != .held }

    /// Whether its author was permitted to write it by its causal past, which never changes.
    public var isEligible: Bool { self == .admitted || self == .revoked }
}

/// Why an operation is not stored.
public enum IgnoreReason: String, Hashable, Sendable {
    /// It belongs to a space that this home does not hold.
    case foreignSpace
    /// Its clock is more than 24 hours ahead.
    case farFuture
    /// A link is unknown, and the author is no known member.
    case unknownParents
    /// The author is no member and was none.
    case stranger
    /// The author's budget is used up.
    case overBudget
    /// Too much of the author or the space waits already.
    case waitingRoomFull
}
