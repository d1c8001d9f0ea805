import DescordCore
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// The most cursors of a home: a mistyped loop that makes a new name each time ends here.
    public static let maxCursorCount = 1_000
    /// The most messages that one cursor has parked: a hook that fails at everything is no reason to pass
    /// over a whole space.
    public static let maxParkedCount = 1_000

    /// Where a consumer is; nil before its first use.
    public func cursor(_ key: CursorKey) throws(StoreError) -> CursorPlace? {
        try self.read { db in try Self.cursor(db, key) }
    }

    /// Returns where a consumer is, and makes its cursor at the first use: before the first stored message,
    /// or with `since` before the first one that was written from then on. Nil: there is no room for another.
    public func beginCursor(
        _ key: CursorKey, since: WallTime?, at now: WallTime? = nil
    ) throws(StoreError) -> CursorPlace? {
        if let place = try self.cursor(key) { return place }
        let now = now ?? self.wallTime()
        return try self.write { db in
            if let place = try Self.cursor(db, key) { return place }
            guard try db.integer("SELECT count(*) FROM cursors") ?? 0 < Int64(Self.maxCursorCount) else {
                return nil
            }
            let newest = try db.integer("SELECT max(arrival) FROM operations") ?? 0
            var place = CursorPlace(position: 0, since: since, sinceUntil: since == nil ? 0 : newest)
            if let since {
                place.position = try Self.place(before: since, in: key.space, db) ?? newest
            }
            try db.run(
                "INSERT INTO cursors VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    key.name, key.space.data, key.channelData, place.position, since?.milliseconds,
                    place.sinceUntil, now.milliseconds,
                ])
            return place
        }
    }

    /// Moves a cursor behind the message of this arrival, never back.
    ///
    /// A commit that survives the end of the process at once, and a loss of power a little later: what is
    /// lost then is shown again.
    public func moveCursor(
        _ key: CursorKey, to position: Int64, at now: WallTime? = nil
    ) throws(StoreError) {
        let now = now ?? self.wallTime()
        try self.writeUnsynced { db in
            try db.run(
                """
                UPDATE cursors SET position = ?, updated = ?
                WHERE name = ? AND space = ? AND channel = ? AND position < ?
                """,
                [position, now.milliseconds, key.name, key.space.data, key.channelData, position])
        }
    }

    /// The place before the first message of a space that was written since a time; the newest place when
    /// none was.
    public func place(before since: WallTime, in space: SpaceID) throws(StoreError) -> Int64 {
        try self.read { db in
            try Self.place(before: since, in: space, db)
                ?? db.integer("SELECT max(arrival) FROM operations") ?? 0
        }
    }

    private static func place(before since: WallTime, in space: SpaceID, _ db: Database) throws -> Int64? {
        let clock = min(HybridLogicalClock(since).rawValue, UInt64(Int64.max))
        return try db.integer(
            """
            SELECT min(o.arrival) FROM spaces s CROSS JOIN operations o ON o.space = s.n
            WHERE s.id = ? AND o.kind = 2000 AND o.state = 0 AND o.clock >= ?
            """, [space.data, Int64(bitPattern: clock)]
        ).map { $0 - 1 }
    }

    /// The newest arrival in a space that is not above `limit`, 0 when there is none.
    ///
    /// What is in force in a space stays there, so that a place behind it is never given to anything else.
    public func newestArrival(in space: SpaceID, upTo limit: Int64) throws(StoreError) -> Int64 {
        try self.read { db in
            try db.integer(
                """
                SELECT o.arrival FROM operations o
                WHERE o.arrival <= ? AND o.space = (SELECT n FROM spaces WHERE id = ? AND state = 1)
                ORDER BY o.arrival DESC LIMIT 1
                """, [limit, space.data]) ?? 0
        }
    }

    /// All cursors, by name, then space and channel.
    public func cursors() throws(StoreError) -> [CursorSummary] {
        try self.read { db in
            try db.rows(
                """
                SELECT c.*, (SELECT count(*) FROM parked p WHERE p.name = c.name AND p.space = c.space
                    AND p.channel = c.channel) AS parked
                FROM cursors c ORDER BY c.name, c.space, c.channel
                """
            ).compactMap { row in
                guard let key = CursorKey(row), let updated = row.time("updated") else { return nil }
                return CursorSummary(
                    key: key, place: CursorPlace(row), updated: updated, parked: row["parked"])
            }
        }
    }

    /// Forgets the cursors of a name, and what they parked; returns how many there were.
    public func removeCursors(named name: String, in space: SpaceID? = nil) throws(StoreError) -> Int {
        try self.write { db in
            try db.run("DELETE FROM parked WHERE name = ? AND space = ifnull(?, space)", [name, space?.data])
            try db.run(
                "DELETE FROM cursors WHERE name = ? AND space = ifnull(?, space)", [name, space?.data])
            return db.changesCount
        }
    }

    // MARK: - Parked messages

    /// Parks a message and moves the cursor behind it, in one transaction; returns false, with nothing
    /// changed, when too many are parked already.
    public func park(
        _ op: OperationID, arrival: Int64?, for key: CursorKey, attempts: Int, error: String,
        at now: WallTime? = nil
    ) throws(StoreError) -> Bool {
        let now = now ?? self.wallTime()
        return try self.write { db in
            let count =
                try db.integer(
                    "SELECT count(*) FROM parked WHERE name = ? AND space = ? AND channel = ? AND op <> ?",
                    [key.name, key.space.data, key.channelData, op.data]) ?? 0
            guard count < Int64(Self.maxParkedCount) else { return false }
            try db.run(
                """
                INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET
                    attempts = attempts + excluded.attempts, last_error = excluded.last_error,
                    parked_at = excluded.parked_at, is_due = 0
                """,
                [
                    key.name, key.space.data, key.channelData, op.data, attempts, error, now.milliseconds,
                ])
            if let arrival {
                try db.run(
                    """
                    UPDATE cursors SET position = max(position, ?), updated = ?
                    WHERE name = ? AND space = ? AND channel = ?
                    """, [arrival, now.milliseconds, key.name, key.space.data, key.channelData])
            }
            return true
        }
    }

    /// What hooks gave up on, of one cursor's name or of all, longest parked first.
    public func parked(named name: String? = nil) throws(StoreError) -> [ParkedMessage] {
        try self.read { db in
            try db.rows(
                "SELECT * FROM parked WHERE name = ifnull(?, name) ORDER BY parked_at, name, op", [name]
            ).compactMap { row in
                guard let key = CursorKey(row), let op = row.id("op"), let time = row.time("parked_at") else {
                    return nil
                }
                return ParkedMessage(
                    key: key, op: op, attempts: row["attempts"], lastError: row["last_error"], parkedAt: time,
                    isDue: row["is_due"])
            }
        }
    }

    /// Marks parked messages for another try at the cursor's next run; of `ops`, or all. Returns how many.
    public func retryParked(named name: String, _ ops: [OperationID]?) throws(StoreError) -> Int {
        try self.changeParked("UPDATE parked SET is_due = 1 WHERE name = ?1", name, ops)
    }

    /// Forgets parked messages; of `ops`, or all. Returns how many.
    public func dropParked(named name: String, _ ops: [OperationID]?) throws(StoreError) -> Int {
        try self.changeParked("DELETE FROM parked WHERE name = ?1", name, ops)
    }

    /// Forgets one parked message, whose hook succeeded.
    public func unpark(_ op: OperationID, for key: CursorKey) throws(StoreError) {
        try self.write { db in
            try db.run(
                "DELETE FROM parked WHERE name = ? AND space = ? AND channel = ? AND op = ?",
                [key.name, key.space.data, key.channelData, op.data])
        }
    }

    private func changeParked(
        _ statement: String, _ name: String, _ ops: [OperationID]?
    ) throws(StoreError) -> Int {
        try self.write { db in
            guard let ops else {
                try db.run(statement, [name])
                return db.changesCount
            }
            var count = 0
            for op in ops {
                try db.run(statement + " AND op = ?2", [name, op.data])
                count += db.changesCount
            }
            return count
        }
    }

    private static func cursor(_ db: Database, _ key: CursorKey) throws -> CursorPlace? {
        try db.row(
            "SELECT * FROM cursors WHERE name = ? AND space = ? AND channel = ?",
            [key.name, key.space.data, key.channelData]
        ).map { CursorPlace($0) }
    }
}

extension CursorKey {
    fileprivate var channelData: Data { self.channel?.data ?? Data() }

    fileprivate init?(_ row: Row) {
        guard let space = row.id("space") else { return nil }
        self.init(name: row["name"], space: space, channel: row.id("channel"))
    }
}

extension CursorPlace {
    fileprivate init(_ row: Row) {
        self.init(position: row["position"], since: row.time("since"), sinceUntil: row["since_until"])
    }
}
