import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// What the rules of a space read, from the database, within one transaction.
struct StoreLookup: SpaceLookup {
    let db: Database
    let row: SpaceRow

    var space: SpaceID { self.row.id }

    func entry(_ id: OperationID) throws -> SpaceEntry? {
        guard
            let row = try self.db.row(
                """
                SELECT id, author, sequence, links, clock, kind, state FROM operations
                WHERE id = ? AND space = ? AND state IN (0, 3, 4)
                """, [id.data, self.row.number])
        else { return nil }
        return SpaceEntry(row)
    }

    func operation(_ id: OperationID) throws -> Operation? {
        try Operation.find(self.db, id, where: "state = 0")
    }

    func creator() throws -> Ed25519.PublicKey? { self.row.creator }

    func admissions(of key: Ed25519.PublicKey) throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT o.id FROM admissions a JOIN operations o USING (n)
            WHERE a.space = ? AND a.member = ? AND o.state = 0
            """, [self.row.number, key.data])
    }

    func departures(of key: Ed25519.PublicKey) throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT o.id FROM departures d JOIN operations o USING (n)
            WHERE d.space = ? AND d.member = ? AND o.state = 0
            """, [self.row.number, key.data])
    }

    func uses(of invite: OperationID) throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT o.id FROM requests r JOIN admissions a ON a.request = r.id JOIN operations o ON o.n = a.n
            WHERE r.invite = ? AND r.space = ? AND o.state = 0
            """, [invite.data, self.row.number])
    }

    func revocations(of invite: OperationID) throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT o.id FROM revocations r JOIN operations o USING (n)
            WHERE r.invite = ? AND r.space = ? AND o.state = 0
            """, [invite.data, self.row.number])
    }

    func visibilityChanges() throws -> [OperationID] {
        try self.db.ids(
            "SELECT id FROM operations WHERE space = ? AND kind = ? AND kind < 1000 AND state = 0",
            [self.row.number, OperationKind.spaceVisibility.rawValue])
    }

    /// Every settled operation holds the authority operations of its past as a set of their places, so that
    /// the answer costs as much after a hundred thousand messages as after ten.
    func past(of roots: [OperationID], among candidates: [OperationID]) throws -> Set<OperationID> {
        if candidates.isEmpty { return [] }
        var past = AuthorityPast()
        for root in roots { past.formUnion(try self.past(of: root)) }
        return try candidates.reduce(into: []) { found, id in
            let index = try self.db.integer(
                "SELECT authority_index FROM operations WHERE id = ? AND space = ?",
                [id.data, self.row.number])
            if let index, past.contains(UInt32(truncatingIfNeeded: index)) { found.insert(id) }
        }
    }

    /// The authority operations in the past of a settled operation, itself included.
    func past(of id: OperationID) throws -> AuthorityPast {
        let row = try self.db.row(
            "SELECT past FROM operations WHERE id = ? AND space = ? AND state IN (0, 3, 4)",
            [id.data, self.row.number])
        guard let data = row?["past"] as Data?, let past = AuthorityPast(decoding: Array(data)) else {
            return AuthorityPast()
        }
        return past
    }

    func isKnown(_ key: Ed25519.PublicKey) throws -> Bool {
        // While we join, everything comes from the one member that we chose to ask.
        if self.row.state == .pending || self.row.creator == key { return true }
        return try self.db.exists(
            """
            SELECT 1 FROM admissions a JOIN operations o USING (n)
            WHERE a.space = ? AND a.member = ? AND o.state IN (0, 1, 2)
            """, [self.row.number, key.data])
    }
}

extension SpaceEntry {
    /// Reads `id, author, sequence, links, clock, kind, state`.
    init?(_ row: Row) {
        guard let id = row.id("id"), let author = row.key("author"),
            let kind = OperationKind(rawValue: UInt32(truncatingIfNeeded: row["kind"] as Int64)),
            let state = OperationState(rawValue: row["state"])
        else { return nil }
        self.init(
            id: id, author: author, sequence: UInt64(bitPattern: row["sequence"]),
            links: Self.links(row["links"]),
            clock: HybridLogicalClock(rawValue: UInt64(bitPattern: row["clock"])),
            kind: kind, state: state)
    }

    /// Reads ids that stand one after another.
    static func links(_ data: Data) -> [OperationID] {
        let bytes = Array(data)
        return stride(from: 0, to: bytes.count, by: OperationID.size).compactMap {
            OperationID(bytes: bytes[$0..<min($0 + OperationID.size, bytes.count)])
        }
    }
}

extension Operation {
    /// Reads `envelope, salt, content`; nil when the row was damaged on the disk.
    init?(_ row: Row) {
        let salt = row["salt"] as Data?
        let content = row["content"] as Data?
        // What was verified before it was stored fails only when the file is damaged: then it is not there.
        guard
            let operation = try? Operation(
                storedEnvelope: Array(row["envelope"] as Data), salt: salt.map { Array($0) },
                content: content.map { Array($0) })
        else { return nil }
        self = operation
    }

    /// Finds a stored operation; `condition` is one of a fixed few.
    static func find(_ db: Database, _ id: OperationID, where condition: String = "1") throws -> Operation? {
        try db.row("SELECT envelope, salt, content FROM operations WHERE id = ? AND \(condition)", [id.data])
            .flatMap { Operation($0) }
    }
}
