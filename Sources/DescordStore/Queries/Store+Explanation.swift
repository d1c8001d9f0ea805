import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// Why an operation is in force or not, and which others decide that.
public struct OperationExplanation: Hashable, Sendable {
    /// One reason, in words without a full stop, and the operation that it is about.
    public struct Reason: Hashable, Sendable {
        public var text: String
        public var operation: OperationID?
    }

    public var operation: DescordCore.Operation
    public var state: OperationState
    public var reasons: [Reason]
}

extension Store {
    /// Explains what became of a stored operation; nil when it is not stored.
    public func explain(_ id: OperationID) throws(StoreError) -> OperationExplanation? {
        try self.read { db -> OperationExplanation? in
            guard
                let found = try db.row(
                    "SELECT envelope, salt, content, state, release_at FROM operations WHERE id = ?",
                    [id.data]),
                let operation = Operation(found), let state = OperationState(rawValue: found["state"]),
                let row = try SpaceRow.find(db, operation.space)
            else { return nil }
            let lookup = StoreLookup(db: db, row: row)
            let reasons =
                switch state {
                case .admitted: try Self.permission(of: operation, lookup)
                case .waiting: try Self.missing(operation, db)
                case .held: [Self.holding(found.time("release_at"))] + (try Self.missing(operation, db))
                case .invalid: try Self.contradictions(of: operation, lookup)
                case .void: try Self.lack(of: operation, lookup)
                case .revoked: try Self.obstacles(to: operation, lookup)
                }
            return OperationExplanation(
                operation: operation, state: state, reasons: reasons + (try Self.deletions(of: operation, db))
            )
        }
    }

    private typealias Reason = OperationExplanation.Reason

    private static func permission(
        of operation: DescordCore.Operation, _ lookup: StoreLookup
    ) throws -> [Reason] {
        if operation.kind == .memberJoin { return [Reason(text: "a request, which binds nobody")] }
        return try SpaceRules(lookup).bases(of: operation).map { basis in
            basis.holding.map {
                Reason(text: "permitted by rank \(basis.holdingRank), given here", operation: $0)
            }
                ?? Reason(text: "permitted, because its author made the space")
        }
    }

    /// Why nothing is to be read of it any more.
    private static func deletions(of operation: DescordCore.Operation, _ db: Database) throws -> [Reason] {
        let message = operation.kind == .messageEdit ? operation.header.target : operation.id
        guard let message, operation.isHeaderOnly else { return [] }
        let found = try db.ids(
            "SELECT id FROM operations WHERE target = ? AND kind = 2002 AND state = 0 ORDER BY id",
            [message.data])
        let reasons = found.map { Reason(text: "its content was deleted by this operation", operation: $0) }
        return reasons.isEmpty ? [Reason(text: "its content is not here")] : reasons
    }

    private static func obstacles(
        to operation: DescordCore.Operation, _ lookup: StoreLookup
    ) throws -> [Reason] {
        try SpaceRules(lookup).obstacles(to: operation).map { id in
            let takes = try lookup.entry(id)?.kind.revokes ?? false
            let text = takes ? "taken back by this revocation" : "it rests on this, which is not in force"
            return Reason(text: text, operation: id)
        }
    }

    private static func missing(_ operation: DescordCore.Operation, _ db: Database) throws -> [Reason] {
        try db.ids(
            "SELECT parent FROM pending_links WHERE child = (SELECT n FROM operations WHERE id = ?)",
            [operation.id.data]
        ).sorted().map { Reason(text: "this operation is not here, or waits itself", operation: $0) }
    }

    private static func holding(_ time: WallTime?) -> Reason {
        Reason(text: "its clock is ahead of ours; it is looked at when our clock has come there")
    }

    private static func contradictions(
        of operation: DescordCore.Operation, _ lookup: StoreLookup
    ) throws -> [Reason] {
        var reasons: [Reason] = []
        for link in operation.header.links {
            guard let entry = try lookup.entry(link) else { continue }
            if entry.state == .invalid {
                reasons.append(Reason(text: "it follows this operation, which is invalid", operation: link))
            }
            if entry.clock >= operation.header.clock {
                reasons.append(Reason(text: "its clock is not above that of this operation", operation: link))
            }
        }
        if let id = operation.header.previous, let previous = try lookup.entry(id),
            previous.author != operation.author || previous.sequence &+ 1 != operation.header.sequence
        {
            reasons.append(
                Reason(text: "this is not the operation before it in its author's chain", operation: id))
        }
        return reasons
    }

    private static func lack(of operation: DescordCore.Operation, _ lookup: StoreLookup) throws -> [Reason] {
        let holdings = try SpaceRules(lookup).holdings(before: operation)
        guard let best = holdings.map(\.rank).max() else {
            let ends = try lookup.revocations(of: operation.author).filter { id in
                try operation.header.links.contains { try lookup.isAncestor(id, of: $0) }
            }
            return [Reason(text: "its author was no member by what it follows")]
                + ends.sorted().map {
                    Reason(text: "this ended the membership, or limited it", operation: $0)
                }
        }
        return [
            Reason(
                text: "its author, of rank \(best) by what it follows, was not permitted to write this")
        ]
    }

    // MARK: - Checking

    /// Checks every operation (form, signature, content, the columns beside it), the words by which messages
    /// are found, and that everything derived is what a rebuild gives; returns what is wrong, in words.
    public func check() throws(StoreError) -> (operations: Int, problems: [String]) {
        try self.write { db in
            var problems = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            var count = 0
            let rows = try Row.fetchCursor(db, sql: "SELECT * FROM operations ORDER BY n")
            while let row = try rows.next() {
                count += 1
                if let problem = Self.problem(in: row) { problems.append(problem) }
            }
            problems += try Self.wrongWords(db)
            guard problems.isEmpty else { return (count, problems) }
            let before = try Self.derivedState(db)
            try db.inSavepoint {
                try Rebuild.all(db, now: self.wallTime())
                let after = try Self.derivedState(db)
                for (old, new) in zip(before, after) where old != new {
                    problems.append("stored \(old), which a rebuild gives as \(new)")
                }
                if before.count != after.count {
                    problems.append("\(before.count) derived rows, of which a rebuild gives \(after.count)")
                }
                return .rollback
            }
            return (count, problems)
        }
    }

    /// The messages that are found by words that they do not say, or not by those that they say.
    static func wrongWords(_ db: Database) throws -> [String] {
        var problems: [String] = []
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT o.id, o.content, w.text FROM operations o LEFT JOIN message_words w ON w.rowid = o.n
                WHERE o.kind = 2000
                """)
        while let row = try rows.next() {
            guard let id = row.id("id") else { continue }
            let own = (row["content"] as Data?).flatMap { MessagePost(decoding: Array($0))?.text }
            let indexed = row["text"] as String?
            guard own.map(MessageWords.entry) != indexed else { continue }
            let said = try own.flatMap { try MessageActs.winningEdit(of: id, db)?.text ?? $0 }
                .map(MessageWords.entry)
            if said != indexed { problems.append("\(id): search does not find it by what it says") }
        }
        let strays =
            try db.integer(
                "SELECT count(*) FROM message_words WHERE rowid NOT IN (SELECT n FROM operations)") ?? 0
        if strays > 0 { problems.append("search finds \(strays) messages that are not there") }
        return problems
    }

    private static func problem(in row: Row) -> String? {
        guard let id = row.id("id") else { return "an operation whose id has not 32 bytes" }
        guard let stored = Operation(row) else { return "\(id): damaged" }
        guard let operation = try? Operation(verifying: stored.encoded) else {
            return "\(id): its signature is wrong"
        }
        let header = operation.header
        let numbers = [
            UInt64(bitPattern: row["sequence"]) == header.sequence,
            UInt64(bitPattern: row["clock"]) == header.clock.rawValue,
            (row["kind"] as Int64) == Int64(header.kind.rawValue),
        ]
        let names = [
            operation.id == id, row.key("author") == operation.author, row.id("channel") == header.channel,
            SpaceEntry.links(row["links"]) == header.links,
        ]
        let isSame = !(numbers + names).contains(false)
        return isSame ? nil : "\(id): the columns beside it say something else"
    }
}
