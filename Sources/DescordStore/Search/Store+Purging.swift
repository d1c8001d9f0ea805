import DescordCore
import Foundation
import GRDB

extension Store {
    /// How long a purge waits for readers that still use the write-ahead log.
    private static let journalPatienceMilliseconds = 2_000

    /// What a purge came to.
    public enum Purge: Hashable, Sendable {
        /// There was no content of this operation.
        case nothing
        /// The content is gone from the row, the index and the write-ahead log.
        case done
        /// It is gone from the row and the index; somebody reads the database, so that earlier pages stand in
        /// the log until the next purge or until every process has closed the database.
        case journalInUse
    }

    /// Removes an operation's content from this disk: the row, the index, free pages and the write-ahead log.
    /// The header stays, and with it everything that links to it.
    public func purgeContent(of id: OperationID) throws(StoreError) -> Purge {
        let isPurged = try self.write { db in
            let isPurged = try Self.purgeContent(of: id, db) != nil
            if isPurged { try MessageWords.mergeDeletions(db) }
            return isPurged
        }
        guard isPurged else { return .nothing }
        return try self.cleanJournal() ? .done : .journalInUse
    }

    /// The setting that is there while purged content may stand in the write-ahead log.
    static let purgeIsDue = "purge_is_due"

    /// Ends purges whose transaction has been committed; what a reader keeps from being done now is done the
    /// next time.
    func finishPurges() throws(StoreError) {
        let isDue = try self.read { db in
            try db.exists("SELECT 1 FROM settings WHERE key = ?", [Self.purgeIsDue])
        }
        guard isDue, try self.cleanJournal() else { return }
        try self.write { db in try db.run("DELETE FROM settings WHERE key = ?", [Self.purgeIsDue]) }
    }

    /// The same within the caller's transaction, which `mergeDeletions` and `cleanJournal` are to follow;
    /// returns the operation's number, nil when there was none.
    static func purgeContent(of id: OperationID, _ db: Database) throws -> Int64? {
        guard
            let row = try db.row(
                "SELECT n, envelope FROM operations WHERE id = ? AND content IS NOT NULL", [id.data]),
            let header = try? Operation(
                storedEnvelope: Array(row["envelope"] as Data), salt: nil, content: nil)
        else { return nil }
        let number: Int64 = row["n"]
        try MessageWords.purge(number, db)
        try FileTable.purge(of: number, db)
        try db.run(
            "UPDATE operations SET salt = NULL, content = NULL, size = ? WHERE n = ?",
            [header.encodedSize, number])
        return number
    }

    /// Takes the write-ahead log back into the file and empties it; false when somebody is reading from it.
    func cleanJournal() throws(StoreError) -> Bool {
        if let refusal = self.refusal { throw refusal }
        do {
            return try self.queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA busy_timeout = \(Self.journalPatienceMilliseconds)")
                let result = Result { try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
                try db.execute(sql: "PRAGMA busy_timeout = \(Int(Self.busySeconds) * 1_000)")
                return try result.get().map { $0["busy"] as Int64 == 0 } ?? false
            }
        } catch {
            let failure = StoreError(error)
            if failure == .busy { return false }
            throw failure
        }
    }
}
