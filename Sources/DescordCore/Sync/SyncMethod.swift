/// How two sides find out what differs.
enum SyncMethod: String {
    /// Nothing differs.
    case equal
    /// The initiator did not want to know.
    case nothing = "none"
    /// The responder sends its whole list of ids.
    case ids
    /// Both send their heads and fetch what these follow, by hash.
    case ancestors
    /// The initiator finds the differences by Negentropy V1.
    case negentropy = "negentropy/1"

    /// A list of more than one frame is worth the round trips of negentropy.
    private static let listMaxCount = UInt64(SyncLimits.maxIDsPerFrame)
    /// Where the counts differ by more than this part of the set, the list is shorter than what negentropy
    /// would list piece by piece, with a round trip each.
    private static let differenceDivisor: UInt64 = 8

    /// Returns what a responder with the set `ours` answers to an initiator with `theirs`.
    static func choice(offered: [String], theirs: SyncSummary, ours: SyncSummary) -> SyncMethod {
        if theirs == ours { return .equal }
        // Other heads alone: one of the fingerprints is forged.
        if theirs.count == ours.count, theirs.fingerprint == ours.fingerprint { return .ancestors }
        let largest = max(theirs.count, ours.count)
        let difference = largest - min(theirs.count, ours.count)
        let mayList = offered.contains(Self.ids.rawValue) && largest <= UInt64(SyncLimits.maxIDCount)
        let isNear = difference <= ours.count / Self.differenceDivisor && ours.count > Self.listMaxCount
        if offered.contains(Self.negentropy.rawValue), largest <= UInt64(SyncLimits.maxItemCount),
            isNear || !mayList
        {
            return .negentropy
        }
        return mayList ? .ids : .ancestors
    }
}
