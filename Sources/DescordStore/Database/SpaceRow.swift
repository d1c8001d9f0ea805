import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// How a space stands to this home.
public enum SpaceState: Int, Hashable, Sendable {
    /// A join is under way: nothing of it is shown, and it goes away when the join fails.
    case pending = 0
    /// This home is a member.
    case joined = 1
    /// This home has left.
    case left = 2
}

/// A row of `spaces` with what ingesting and authoring keep up to date. Lives within one transaction.
final class SpaceRow {
    let number: Int64
    let id: SpaceID
    var name: String
    var creator: Ed25519.PublicKey?
    var isPublic: Bool
    var state: SpaceState
    var fingerprint: SetFingerprint
    /// How many authority operations came into force: the next one's place in stored pasts.
    var authorityCount: UInt32
    var limits: BudgetLimits
    /// When this home became a member first; nil before the end of that transaction.
    let joinedAt: WallTime?
    var isDirty = false
    /// Whether everything stored is being judged anew: nobody who is stored is a stranger.
    var isRebuilding = false
    /// What the rules found out in this transaction.
    let authority = AuthorityCache()
    /// What was read of the space in this transaction.
    let lookups = LookupCache()
    /// The newest places in the chains of authors, as far as they were asked for in this transaction.
    var newestSequences: [Ed25519.PublicKey: Int64] = [:]
    /// The operations that none links to.
    var heads = Frontier(table: "heads")
    /// The operations in force that none in force links to.
    var tips = Frontier(table: "tips")

    init?(_ row: Row) {
        guard let id = row.id("id"),
            let fingerprint = SetFingerprint(state: Array(row["fingerprint"] as Data)),
            let state = SpaceState(rawValue: row["state"])
        else { return nil }
        self.number = row["n"]
        self.id = id
        self.name = row["name"]
        self.creator = row.key("creator")
        self.isPublic = row["is_public"]
        self.state = state
        self.fingerprint = fingerprint
        self.authorityCount = row["authority_count"]
        self.joinedAt = (row["joined_at"] as Int64?).map { WallTime(milliseconds: $0) }
        self.limits = Self.limits(row["budget"] as String?)
    }

    /// Finds a space by its id, in whatever state.
    static func find(_ db: Database, _ id: SpaceID) throws -> SpaceRow? {
        try db.row("SELECT * FROM spaces WHERE id = ?", [id.data]).flatMap { SpaceRow($0) }
    }

    /// Makes a row for a space of which nothing is stored.
    static func insert(
        _ db: Database, _ id: SpaceID, name: String, state: SpaceState, now: WallTime
    ) throws -> SpaceRow {
        try db.run(
            "INSERT INTO spaces (id, name, state, began_at, fingerprint) VALUES (?, ?, ?, ?, ?)",
            [id.data, name, state.rawValue, now.milliseconds, Data(SetFingerprint().state)])
        guard let row = try Self.find(db, id) else { preconditionFailure("the row was inserted") }
        return row
    }

    /// Writes back what changed.
    func save(_ db: Database, now: WallTime) throws {
        guard self.isDirty else { return }
        self.isDirty = false
        let limits = [
            UInt64(self.limits.burst), UInt64(self.limits.perMinute), self.limits.totalBytes,
            self.limits.controlBytes,
        ]
        try db.run(
            """
            UPDATE spaces SET name = ?, creator = ?, is_public = ?, state = ?, fingerprint = ?,
                authority_count = ?, budget = ?,
                joined_at = CASE WHEN ? THEN coalesce(joined_at, ?) ELSE joined_at END
            WHERE n = ?
            """,
            [
                self.name, self.creator?.data, self.isPublic, self.state.rawValue,
                Data(self.fingerprint.state),
                Int64(self.authorityCount),
                self.limits == .standard ? nil : limits.map(String.init).joined(separator: " "),
                self.state == .joined, now.milliseconds, self.number,
            ])
    }

    /// Writes back which operations are at the end.
    func saveFrontiers(_ db: Database) throws {
        try self.heads.save(db, space: self.number)
        try self.tips.save(db, space: self.number)
    }

    private static func limits(_ text: String?) -> BudgetLimits {
        let numbers = (text ?? "").split(separator: " ").compactMap { UInt64($0) }
        guard numbers.count == 4, let burst = UInt32(exactly: numbers[0]),
            let perMinute = UInt32(exactly: numbers[1])
        else { return .standard }
        return BudgetLimits(
            burst: burst, perMinute: perMinute, totalBytes: numbers[2], controlBytes: numbers[3])
    }
}
