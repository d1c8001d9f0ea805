import DescordCore
import LibP2P
import LibP2PCore

/// The public spaces that others announced, and when we announced our own.
///
/// Confined to the node's loop. Nothing here is followed automatically: it is what `space list --discover`
/// shows.
struct Announcements {
    /// The most spaces that are remembered; the oldest makes room.
    static let maxCount = 256
    /// How long an announcement is believed.
    static let timeToLive = Duration.seconds(3_600)
    /// How long a space of ours is not announced again.
    static let interval = Duration.seconds(5)

    /// An announced space.
    struct Entry {
        var id: SpaceID
        var name: String
        var heard: WallTime
    }

    /// Announcements that are taken at once, and a minute at which that refills: everybody's together,
    /// because a key costs nothing.
    static let limits = BudgetLimits(
        burst: UInt32(maxCount), perMinute: 60, totalBytes: .max / 2, controlBytes: .max / 2)

    private(set) var entries: [Entry] = []
    private var announced: [SpaceID: WallTime] = [:]
    private var budget: AuthorBudget?

    /// Takes an announcement: the genesis operation of a public space.
    ///
    /// Only what is wrong in every state is rejected: a space that was private when it was made may be public
    /// now, and a version from the future may be good.
    mutating func received(_ bytes: [UInt8], at now: WallTime) -> ValidationResult {
        // The signature costs most, so what is over the rate is not looked at.
        var budget = self.budget ?? AuthorBudget(now: now)
        guard budget.take(size: 0, isControl: false, limits: Self.limits, now: now) else { return .ignore }
        self.budget = budget
        let genesis: Operation
        do throws(OperationFailure) {
            genesis = try Operation(verifying: bytes)
        } catch {
            return error.isMisbehaviour ? .reject : .ignore
        }
        guard let create = genesis.payload(SpaceCreate.self) else { return .reject }
        guard create.isPublic else { return .ignore }
        let known = self.entries.first { $0.id == genesis.id }
        if let known, now < known.heard + Self.interval { return .ignore }
        self.entries.removeAll { $0.id == genesis.id || $0.heard + Self.timeToLive < now }
        if self.entries.count == Self.maxCount { self.entries.removeFirst() }
        self.entries.append(Entry(id: genesis.id, name: create.name.description, heard: now))
        return .accept
    }

    /// Returns whether a space of ours may be announced now, and remembers that it was.
    mutating func mayAnnounce(_ space: SpaceID, at now: WallTime) -> Bool {
        if let last = self.announced[space], now < last + Self.interval { return false }
        self.announced[space] = now
        return true
    }
}
