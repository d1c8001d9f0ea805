import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// Judges everything that is stored anew, from the operations alone.
///
/// What a home did (where an operation stands in the order of arrival, when it came, whom it was handed to)
/// is kept; what follows from the set of operations is computed again, in the order in which it was settled,
/// so that every table ends as it was.
enum Rebuild {
    /// Rebuilds every space.
    ///
    /// Now and then `report` is told how many operations of how many were judged.
    static func all(_ db: Database, now: WallTime, report: (Int, Int) -> Void = { _, _ in }) throws {
        let total = Int(try db.integer("SELECT count(*) FROM operations") ?? 0)
        var done = 0
        for id in try db.ids("SELECT id FROM spaces ORDER BY n") {
            guard let row = try SpaceRow.find(db, id) else { continue }
            try Self.space(row, db, now: now) {
                done += 1
                if done % Self.reportInterval == 0 { report(done, total) }
            }
        }
    }

    /// Operations between two reports.
    private static let reportInterval = 64

    private static func space(
        _ row: SpaceRow, _ db: Database, now: WallTime, didJudge: () -> Void
    ) throws {
        let order = try db.rows(
            "SELECT n, state FROM operations WHERE space = ? ORDER BY settled IS NULL, settled, n",
            [row.number]
        ).map { (number: $0["n"] as Int64, wasHeld: $0["state"] == OperationState.held.rawValue) }
        let state = row.state
        try Self.clear(row, db)
        row.isRebuilding = true
        // Whose home it is decides nothing here.
        var ingestion = try Ingestion(db, own: Ed25519.PrivateKey.generate().publicKey, now: now)
        ingestion.adopt(row)
        for (number, wasHeld) in order {
            guard
                let found = try db.row(
                    "SELECT envelope, salt, content FROM operations WHERE n = ?", [number]),
                let operation = Operation(found)
            else { continue }
            didJudge()
            // What was not held is not held now, even if this machine's clock went back.
            try Self.enter(operation, number, at: wasHeld ? now : Self.lateEnough, in: row, &ingestion)
            try ingestion.forgetBatch(in: row)
        }
        row.isRebuilding = false
        row.state = state
        row.isDirty = true
        try ingestion.finish()
    }

    /// Later than every clock that was ever admitted.
    private static let lateEnough = WallTime(milliseconds: 1 << 48)

    private static func enter(
        _ operation: Operation, _ number: Int64, at now: WallTime, in row: SpaceRow,
        _ ingestion: inout Ingestion
    ) throws {
        let db = ingestion.db
        let isFork = try db.exists(
            """
            SELECT 1 FROM operations
            WHERE space = ? AND author = ? AND sequence = ? AND n <> ? AND state >= 0
            """,
            [
                row.number, operation.author.data, Int64(bitPattern: operation.header.sequence), number,
            ])
        try ingestion.enter(operation, number, isFork: isFork, in: row)
        try ingestion.enterMessage(operation, number, isNew: false)
        var judgement = try SpaceRules(StoreLookup(db: db, row: row)).judge(operation, now: now)
        switch judgement {
        case .ignored(.farFuture):
            judgement = .held(until: operation.header.clock.releaseTime, missing: [])
        case .ignored: judgement = .void  // it is stored, and stays in the set
        default: break
        }
        try db.run(
            "UPDATE operations SET state = ? WHERE n = ?", [judgement.state.rawValue, number])
        try ingestion.settle(operation, number, judgement, in: row)
    }

    /// Takes everything out that follows from the operations; -1 is the state of what was not looked at yet.
    private static func clear(_ row: SpaceRow, _ db: Database) throws {
        for table in [
            "acts", "admissions", "requests", "departures", "revocations", "heads", "tips", "forks",
        ] {
            try db.run("DELETE FROM \(table) WHERE space = ?", [row.number])
        }
        try db.run(
            "DELETE FROM pending_links WHERE child IN (SELECT n FROM operations WHERE space = ?)",
            [row.number])
        try db.run(
            """
            UPDATE operations SET state = -1, past = NULL, authority_index = NULL, settled = NULL,
                release_at = NULL
            WHERE space = ?
            """, [row.number])
        try db.run(
            "DELETE FROM file_references WHERE n IN (SELECT n FROM operations WHERE space = ?)",
            [row.number])
        row.authorityCount = 0
        row.fingerprint = SetFingerprint()
        row.creator = nil
    }
}

extension Store {
    /// Computes everything anew that follows from the operations.
    public func rebuild(
        now: WallTime? = nil, report: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(StoreError) {
        let now = now ?? self.wallTime()
        try self.write { db in try Rebuild.all(db, now: now, report: report) }
    }

    /// What `rebuild` computes, as text, line by line: equal before and after it in a sound database.
    public func derivedState() throws(StoreError) -> [String] {
        try self.read { db in try Self.derivedState(db) }
    }

    static func derivedState(_ db: Database) throws -> [String] {
        let queries = [
            "SELECT n, hex(id), name, hex(creator), is_public, state, hex(fingerprint), authority_count, "
                + "budget FROM spaces ORDER BY n",
            "SELECT n, state, authority_index, hex(past), arrival, admitted_at, settled, release_at "
                + "FROM operations ORDER BY n",
            "SELECT n, space, kind, hex(subject), hex(bases), rank FROM acts ORDER BY n",
            "SELECT n, space, hex(member), hex(request) FROM admissions ORDER BY n",
            "SELECT n, hex(id), space, hex(invite) FROM requests ORDER BY n",
            "SELECT n, space, hex(member) FROM departures ORDER BY n",
            "SELECT n, space, hex(invite) FROM revocations ORDER BY n",
            "SELECT space, hex(id) FROM heads ORDER BY space, id",
            "SELECT space, hex(id) FROM tips ORDER BY space, id",
            "SELECT space, hex(author), sequence FROM forks ORDER BY space, author, sequence",
            "SELECT hex(parent), child FROM pending_links ORDER BY parent, child",
            "SELECT n, place, hex(hash), size FROM file_references ORDER BY n, place",
        ]
        return try queries.enumerated().flatMap { index, sql in
            try Row.fetchAll(db, sql: sql).map { row in
                "\(index)|" + row.databaseValues.map(\.description).joined(separator: "|")
            }
        }
    }
}
