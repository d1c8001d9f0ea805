import DescordCore
import DescordStore
import LibP2PCore

/// What `listen --exec` does with a message: runs the command, again after a while when it fails, and gives
/// up at last.
package struct Hook {
    private let command: String
    private let policy: HookPolicy
    private let environment: [String: String]
    private let output: Output
    private let records: Records
    /// What parked messages belong to; without a cursor they are only warned of.
    private let cursor: CursorKey?

    package init(
        command: String, policy: HookPolicy, environment: [String: String], output: Output, records: Records,
        cursor: CursorKey?
    ) {
        self.command = command
        self.policy = policy
        self.environment = environment
        self.output = output
        self.records = records
        self.cursor = cursor
    }

    /// Runs the hook for a message until it succeeds or was tried often enough.
    package func deliver(_ row: MessageRow) async throws -> MessageFeed.Delivery {
        guard let failure = try await self.failure(of: row) else { return .delivered }
        return try self.park(row, arrival: row.arrival, failure) ? .parked : .delivered
    }

    /// Runs the hook for what was parked and somebody asked to try again.
    package func deliverDue() async throws {
        guard let cursor else { return }
        for parked in try self.records.parked(named: cursor.name) where parked.isDue && parked.key == cursor {
            guard let row = try self.records.event(of: parked.op) else {
                // It was taken back meanwhile, or its space was left.
                try self.records.unpark(parked.op, for: cursor)
                continue
            }
            if let failure = try await self.failure(of: row) {
                _ = try self.park(row, arrival: nil, failure)
            } else {
                try self.records.unpark(parked.op, for: cursor)
            }
        }
    }

    /// Returns how the last try ended, or nil when one succeeded.
    private func failure(of row: MessageRow) async throws -> String? {
        let input = MessageText.object(row).line + "\n"
        var count = 0
        while true {
            let outcome = try await HookProcess.run(
                self.command, input: input,
                environment: self.environment.merging(Self.variables(row)) { $1 })
            guard let failure = outcome.failure else { return nil }
            count += 1
            guard let wait = self.policy.wait(afterTry: count) else { return failure }
            self.output.warn(
                CommandWarning(
                    .hookFailed,
                    "the hook failed for \(row.op.hex) at try \(count) of \(self.policy.tries): \(failure)",
                    hint: "the next try is in \(wait.components.seconds) seconds"))
            await Pause.wait(wait)
            try Task.checkCancellation()
        }
    }

    /// Returns whether the message was parked; throws when there is no room.
    private func park(_ row: MessageRow, arrival: Int64?, _ failure: String) throws -> Bool {
        guard let cursor else {
            self.output.warn(
                CommandWarning(
                    .hookGaveUp, "the hook failed for \(row.op.hex) and is not tried again: \(failure)",
                    hint: "with --cursor such messages are kept for another try"))
            return false
        }
        guard
            try self.records.park(
                row.act, arrival: arrival, for: cursor, attempts: self.policy.tries, error: failure)
        else {
            throw CommandError(
                .tryLater, .tooManyParked,
                "the hook failed for \(row.act.hex) and \(Store.maxParkedCount) messages are parked already",
                hint: "descord cursor parked \(cursor.name), then descord cursor retry or drop")
        }
        self.output.warn(
            CommandWarning(
                .hookGaveUp, "the hook failed for \(row.act.hex) which is parked now: \(failure)",
                hint: "descord cursor retry \(cursor.name) has the next run try it again"))
        return true
    }

    /// Ids, times and kinds, and never what somebody wrote: a shell may expand it.
    static func variables(_ row: MessageRow) -> [String: String] {
        [
            "DESCORD_EVENT": row.event.rawValue, "DESCORD_OP": row.op.hex, "DESCORD_SPACE": row.space.hex,
            "DESCORD_CHANNEL": row.channel.hex, "DESCORD_THREAD": row.thread?.hex ?? "",
            "DESCORD_AUTHOR": row.author.description, "DESCORD_ACTOR": row.actor.description,
            "DESCORD_TIME": Timestamp.format(row.time),
            "DESCORD_RECEIVED": Timestamp.format(row.received),
        ]
    }
}
