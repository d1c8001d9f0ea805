import DescordCore

/// How far an operation came that was just written.
struct Delivery: Sendable {
    enum Status: String {
        case stored
        case queued
        case local
    }

    var status: Status
    var storedBy: Int
    /// How many other members hold every file of the message; nil when it has none.
    var heldBy: Int?
    var hasReachedSomebody = false

    init(status: Status, storedBy: Int) {
        self.status = status
        self.storedBy = storedBy
    }

    /// What publishing came to, when `wait` others were waited for.
    init(of op: OperationID, _ outcome: PublishOutcome, hasOthers: Bool, wait: UInt32) {
        self.storedBy = outcome.storedBy[op] ?? 0
        self.heldBy = outcome.heldBy[op]
        let whole = min(self.storedBy, self.heldBy ?? self.storedBy)
        let isKnownToOthers = hasOthers || outcome.hasOtherMembers
        self.status =
            if !isKnownToOthers { .local } else if wait > 0, whole >= Int(wait) { .stored } else {
                .queued
            }
        self.hasReachedSomebody = outcome.connect != nil
    }

    /// Why it was waited in vain; nil when it was not.
    func failure(wait: UInt32) -> CommandError? {
        guard self.status == .queued, wait > 0 else { return nil }
        if self.storedBy >= Int(wait), let heldBy {
            return CommandError(
                .tryLater, .notStored,
                "queued: stored by \(self.storedBy), its files by \(heldBy) of \(wait) before the deadline",
                hint: "descord listen serves them: members who listen fetch them, and descord files get does")
        }
        let hint = "descord sync, or any other command that meets a member, delivers it"
        return self.hasReachedSomebody
            ? CommandError(
                .tryLater, .notStored,
                "queued: stored by \(self.storedBy) of \(wait) before the deadline", hint: hint)
            : CommandError(
                .tryLater, .noPeers, "queued: no member was reached before the deadline", hint: hint)
    }

    /// Hands an operation to whoever can be reached, and waits until `wait` others have stored it or the
    /// deadline is over; also returns what publishing said, and how long opening the session took.
    static func of(
        _ op: OperationID, in space: SpaceID, wait: UInt32, _ home: OpenHome, _ context: CommandContext
    ) async throws -> (delivery: Delivery, outcome: PublishOutcome?, opened: Duration) {
        let hasOthers = try home.records.hasMetOthers(in: space)
        let isWaiting = wait > 0 && (hasOthers || !context.settings.addresses(.connect).isEmpty)
        guard isWaiting || context.hasSession else {
            await context.surroundings.network.notifyRunningNode(of: [op], in: space, home: home)
            return (Delivery(status: hasOthers ? .queued : .local, storedBy: 0), nil, .zero)
        }
        let began = ContinuousClock.now
        let session = try await context.session(.oneShot)
        let opened = ContinuousClock.now - began
        let outcome = try await session.publish(
            [op], in: space, wait: isWaiting ? Int(wait) : 0, deadline: context.deadline)
        return (Delivery(of: op, outcome, hasOthers: hasOthers, wait: wait), outcome, opened)
    }
}
