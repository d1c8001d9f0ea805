import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// Judges and stores a batch in one transaction; what it returns is on the disk.
    public func ingest(
        _ operations: [DescordCore.Operation], from source: IngestSource, now: WallTime? = nil
    ) throws(StoreError) -> IngestResult {
        let now = now ?? self.wallTime()
        let (result, hasPurged) = try self.write { db in
            var ingestion = try Ingestion(db, own: self.publicKey, now: now)
            try ingestion.releaseHeld()
            var verdicts: [IngestVerdict] = []
            verdicts.reserveCapacity(operations.count)
            for operation in operations { verdicts.append(try ingestion.ingest(operation, from: source)) }
            try ingestion.completeJoins()
            try ingestion.finish()
            return (IngestResult(verdicts: verdicts, admitted: ingestion.admitted), ingestion.hasPurged)
        }
        if hasPurged { try self.finishPurges() }
        return result
    }

    /// Brings held operations into force whose time has come; the node calls it now and then.
    public func releaseHeld(now: WallTime? = nil) throws(StoreError) -> [AdmittedOperation] {
        let now = now ?? self.wallTime()
        // Most of the time there is none, and a read costs no sync.
        let isDue = try self.read { db in
            try db.exists("SELECT 1 FROM operations WHERE state = 2 AND release_at <= ?", [now.milliseconds])
        }
        guard isDue else { return [] }
        return try self.ingest([], from: .file, now: now).admitted
    }

    /// Forgets what has waited for more than seven days, and joins that were begun and never ended.
    public func sweep(now: WallTime? = nil) throws(StoreError) {
        try self.finishPurges()
        let now = now ?? self.wallTime()
        let limit = (now - SpaceLimits.maxUnsettledAge).milliseconds
        let isNeeded = try self.read { db in
            try db.exists(
                """
                SELECT 1 FROM operations WHERE state IN (1, 2) AND received_at < ? AND author <> ?
                UNION ALL SELECT 1 FROM spaces WHERE state = 0 AND began_at < ?
                """, [limit, self.publicKey.data, limit])
        }
        guard isNeeded else { return }
        try self.write { db in
            let pending = try db.ids("SELECT id FROM spaces WHERE state = 0 AND began_at < ?", [limit])
            for id in pending { try Self.forget(db, id) }
            let spaces = try db.ids(
                """
                SELECT DISTINCT s.id FROM operations o JOIN spaces s ON s.n = o.space
                WHERE o.state IN (1, 2) AND o.received_at < ? AND o.author <> ?
                """, [limit, self.publicKey.data])
            try db.run(
                "DELETE FROM operations WHERE state IN (1, 2) AND received_at < ? AND author <> ?",
                [limit, self.publicKey.data])
            try FileTable.purgeUnreferred(db)
            for id in spaces {
                guard let row = try SpaceRow.find(db, id) else { continue }
                try Self.rebuildSet(db, row)
                try row.save(db, now: now)
            }
        }
    }

    /// Computes the fingerprint and the heads of a space anew: neither can take an operation out.
    private static func rebuildSet(_ db: Database, _ row: SpaceRow) throws {
        var fingerprint = SetFingerprint()
        var heads: Set<OperationID> = []
        var linked: Set<OperationID> = []
        for found in try db.rows("SELECT id, links FROM operations WHERE space = ?", [row.number]) {
            guard let id = found.id("id") else { continue }
            fingerprint.insert(id)
            heads.insert(id)
            linked.formUnion(SpaceEntry.links(found["links"]))
        }
        try db.run("DELETE FROM heads WHERE space = ?", [row.number])
        for id in heads.subtracting(linked).sorted() {
            try db.run("INSERT INTO heads VALUES (?, ?)", [row.number, id.data])
        }
        row.fingerprint = fingerprint
        row.isDirty = true
    }

    /// Removes everything of a space.
    static func forget(_ db: Database, _ id: SpaceID) throws {
        guard let row = try SpaceRow.find(db, id) else { return }
        try db.run("DELETE FROM operations WHERE space = ?", [row.number])
        for table in ["heads", "tips", "forks", "budgets", "refused"] {
            try db.run("DELETE FROM \(table) WHERE space = ?", [row.number])
        }
        try db.run("DELETE FROM settings WHERE key = ?", [Self.joinsKey(id)])
        try db.run("DELETE FROM spaces WHERE n = ?", [row.number])
        try FileTable.purgeUnreferred(db)
    }
}
