import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Logging

/// One space of the store, as sync reads it. A value over the store: every read sees what is committed then.
///
/// Reading cannot fail in the seam's signatures; when the database does, the failure is logged and the answer
/// is the one that moves nothing.
public struct SpaceStorage: SyncStorage {
    /// Peer records that are passed on.
    private static let maxRecordCount = 64
    /// Operations of which receipts are awaited at once.
    private static let maxAwaitedCount = 10_000
    /// Admissions of an introduction.
    private static let maxIntroductionCount = 8

    public let space: SpaceID
    let store: Store

    public var isPublic: Bool {
        self.read(false) { db, row in row.isPublic }
    }

    public func summary() -> SyncSummary {
        self.read(SyncSummary(SetFingerprint(), heads: [])) { db, row in
            SyncSummary(row.fingerprint, heads: try Self.heads(db, row))
        }
    }

    public func ids() -> [OperationID] {
        self.read([]) { db, row in
            try db.ids(
                "SELECT id FROM operations WHERE space = ? ORDER BY kind >= 1000, clock DESC, id",
                [row.number])
        }
    }

    public func items() -> [NegentropyItem] {
        self.read([]) { db, row in
            // The index has this order, and is all that is read. Within a second it is that of the clock,
            // which the storage of negentropy puts right.
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: "SELECT clock, id FROM operations WHERE space = ? ORDER BY clock, id"),
                arguments: [row.number])
            var items: [NegentropyItem] = []
            items.reserveCapacity(Int(clamping: row.fingerprint.count))
            while let row = try rows.next() {
                guard let id = row.id("id") else { continue }
                let clock = HybridLogicalClock(rawValue: UInt64(bitPattern: row["clock"]))
                items.append(NegentropyItem(clock: clock, id: id))
            }
            return items
        }
    }

    public func heads() -> [OperationID] {
        self.read([]) { db, row in try Self.heads(db, row) }
    }

    public func contains(_ id: OperationID) -> Bool {
        self.read(false) { db, row in
            try db.exists("SELECT 1 FROM operations WHERE id = ? AND space = ?", [id.data, row.number])
        }
    }

    public func entries(_ ids: [OperationID]) -> [OperationID: SyncEntry] {
        self.read([:]) { db, row in
            var entries: [OperationID: SyncEntry] = [:]
            entries.reserveCapacity(ids.count)
            for id in ids {
                let found = try db.row(
                    "SELECT author, kind, links FROM operations WHERE id = ? AND space = ?",
                    [id.data, row.number])
                guard let found, let author = found.key("author"),
                    let kind = OperationKind(rawValue: UInt32(truncatingIfNeeded: found["kind"] as Int64))
                else { continue }
                entries[id] = SyncEntry(
                    author: author, operationClass: kind.operationClass,
                    links: SpaceEntry.links(found["links"]))
            }
            return entries
        }
    }

    public func operation(_ id: OperationID) -> DescordCore.Operation? {
        self.read(nil) { db, row in
            try db.row(
                "SELECT envelope, salt, content FROM operations WHERE id = ? AND space = ?",
                [id.data, row.number]
            ).flatMap { Operation($0) }
        }
    }

    public func wanted(_ ids: [OperationID]) -> [OperationID] {
        let now = self.store.wallTime().milliseconds
        return self.read([]) { db, row in
            let refused = Set(
                try db.ids("SELECT id FROM refused WHERE space = ? AND until > ?", [row.number, now]))
            return refused.isEmpty ? ids : ids.filter { !refused.contains($0) }
        }
    }

    public func isMember(_ key: Ed25519.PublicKey) -> Bool {
        self.read(false) { db, row in try SpaceRules(StoreLookup(db: db, row: row)).isMember(key) }
    }

    public func acceptsIntroduction(of key: Ed25519.PublicKey, by admissions: [DescordCore.Operation]) -> Bool
    {
        guard !admissions.isEmpty, admissions.count <= Self.maxIntroductionCount else { return false }
        return self.read(false) { db, row in
            let lookup = StoreLookup(db: db, row: row)
            var expected = key
            for operation in admissions {
                guard operation.space == self.space, let admit = operation.payload(MemberAdmit.self),
                    admit.member == expected, try lookup.revocations(of: expected).isEmpty
                else { return false }
                expected = operation.author
            }
            return try SpaceRules(lookup).isMember(expected)
        }
    }

    public func introduction() -> [DescordCore.Operation] {
        self.read([]) { db, row in
            let rules = SpaceRules(StoreLookup(db: db, row: row))
            var chain: [Operation] = []
            var key = self.store.publicKey
            while chain.count < Self.maxIntroductionCount, key != row.creator,
                let id = try rules.admission(of: key) ?? Self.waitingAdmission(db, row, key),
                let operation = try Operation.find(db, id)
            {
                chain.append(operation)
                key = operation.author
            }
            return chain
        }
    }

    public func invite(_ id: OperationID) -> InviteCreate? {
        self.read(nil) { db, row in
            try db.row(
                "SELECT envelope, salt, content FROM operations WHERE id = ? AND space = ? AND state = 0",
                [id.data, row.number]
            ).flatMap { Operation($0)?.payload(InviteCreate.self) }
        }
    }

    public func joinVerdict(invite: OperationID?, joiner: Ed25519.PublicKey, now: WallTime) -> JoinVerdict {
        self.read(.unknown) { db, row in
            guard row.state == .joined else { return .unknown }
            return try SpaceRules(StoreLookup(db: db, row: row)).joinVerdict(
                invite: invite, joiner: joiner, admitter: self.store.publicKey, now: now)
        }
    }

    public func memberRecords() -> [SyncRecord] {
        self.read([]) { db, row in
            let rules = SpaceRules(StoreLookup(db: db, row: row))
            let newest = try db.rows("SELECT * FROM peer_records ORDER BY received DESC, peer")
            var records: [SyncRecord] = []
            for found in newest {
                guard records.count < Self.maxRecordCount, let record = SyncRecord(found) else { continue }
                guard let key = record.peer.ed25519, try rules.isMember(key) else { continue }
                records.append(record)
            }
            return records.sorted { $0.peer < $1.peer }
        }
    }

    public func recordSequence(of peer: PeerID) -> UInt64? {
        self.read(nil) { db, _ in
            try db.integer("SELECT sequence FROM peer_records WHERE peer = ?", [peer.data])
                .map { UInt64(bitPattern: $0) }
        }
    }

    public func awaitingReceipts(from member: Ed25519.PublicKey) -> [OperationID] {
        self.read([]) { db, row in
            try db.ids(
                """
                SELECT id FROM operations o
                WHERE space = ? AND author = ?
                    AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.n = o.n AND r.member = ?)
                ORDER BY sequence DESC LIMIT ?
                """, [row.number, self.store.publicKey.data, member.data, Self.maxAwaitedCount])
        }
    }

    private static func heads(_ db: Database, _ row: SpaceRow) throws -> [OperationID] {
        try db.ids("SELECT id FROM heads WHERE space = ? ORDER BY id", [row.number])
    }

    /// Just admitted, our own admission may still wait for the content that it follows.
    private static func waitingAdmission(
        _ db: Database, _ row: SpaceRow, _ key: Ed25519.PublicKey
    ) throws -> OperationID? {
        try db.ids(
            """
            SELECT o.id FROM admissions a JOIN operations o USING (n)
            WHERE a.space = ? AND a.member = ? AND o.state = 1 ORDER BY o.n DESC LIMIT 1
            """, [row.number, key.data]
        ).first
    }

    private func read<Value>(_ empty: Value, _ body: (Database, SpaceRow) throws -> Value) -> Value {
        do throws(StoreError) {
            return try self.store.read { db in
                guard let row = try SpaceRow.find(db, self.space) else { return empty }
                return try body(db, row)
            }
        } catch {
            self.store.logger.error("sync cannot read the database: \(error)")
            return empty
        }
    }
}

/// Every space of the store, as the responder of sync sees them: those that are joined, and those that were
/// left while operations of ours, the leave last, are still to be handed over.
public struct StoreDirectory: SyncDirectory {
    let store: Store

    public func spaces() -> [SpaceID] {
        do throws(StoreError) {
            return try self.store.read { db in
                try db.ids(
                    """
                    SELECT id FROM spaces s WHERE state = 1 OR (state = 2 AND EXISTS (
                        SELECT 1 FROM outbox b JOIN operations o USING (n) WHERE o.space = s.n))
                    ORDER BY id
                    """)
            }
        } catch {
            self.store.logger.error("sync cannot read the database: \(error)")
            return []
        }
    }

    public func storage(of space: SpaceID) -> (any SyncStorage)? {
        self.spaces().contains(space) ? SpaceStorage(space: space, store: self.store) : nil
    }
}

extension Store {
    /// A space as sync reads it, also while a join is under way; nil when nothing of it is here.
    public func syncStorage(of space: SpaceID) -> SpaceStorage? {
        do throws(StoreError) {
            let isHere = try self.read { db in try SpaceRow.find(db, space) != nil }
            return isHere ? SpaceStorage(space: space, store: self) : nil
        } catch {
            self.logger.error("sync cannot read the database: \(error)")
            return nil
        }
    }

    /// The spaces that sync answers for.
    public func syncDirectory() -> StoreDirectory { StoreDirectory(store: self) }
}

extension SyncRecord {
    /// Reads `peer, sequence, envelope`.
    init?(_ row: Row) {
        guard let peer = PeerID(bytes: row["peer"] as Data) else { return nil }
        self.init(
            peer: peer, sequence: UInt64(bitPattern: row["sequence"]),
            envelope: Array(row["envelope"] as Data))
    }
}
