import DescordCore
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// Up to so many hits are all looked at, to find the newest among them.
    private static let fewHits = 10_000
    /// Beyond, messages are walked from the newest on, so many at once, and asked whether they are hits.
    private static let walkSize = 2_048

    /// The newest `limit` messages, or all, that hold what `match` asks for in FTS5's query syntax, in the
    /// order in which they are shown.
    public func search(
        _ match: String, _ filter: MessageFilter, limit: Int? = nil
    ) throws(StoreError) -> [MessageSummary] {
        do {
            return try self.reader.read { db in
                let numbers =
                    if let limit, try Self.hits(match, Self.fewHits + 1, db) > Self.fewHits {
                        try Self.walk(match, filter, limit, db)
                    } else {
                        try Self.newest(match, filter, limit ?? -1, db)
                    }
                var rows: [Row] = []
                for number in numbers {
                    if let row = try db.row("\(Self.columns) \(Self.table) WHERE o.n = ?", [number]) {
                        rows.append(row)
                    }
                }
                return try self.summaries(db, rows).reversed()
            }
        } catch {
            // Nothing else of these statements can be wrong but what stands in the query.
            if let failure = error as? DatabaseError, failure.resultCode == .SQLITE_ERROR { throw .badQuery }
            throw StoreError(error)
        }
    }

    /// Counts hits up to `limit`, of all spaces and states.
    private static func hits(_ match: String, _ limit: Int, _ db: Database) throws -> Int {
        Int(
            try db.integer(
                "SELECT count(*) FROM (SELECT 1 FROM message_words WHERE message_words MATCH ? LIMIT ?)",
                [match, limit]) ?? 0)
    }

    /// The numbers of the newest hits, newest first, out of all of them.
    private static func newest(
        _ match: String, _ filter: MessageFilter, _ limit: Int, _ db: Database
    ) throws -> [Int64] {
        let (condition, arguments) = try Self.condition(filter, db)
        return try Int64.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT o.n FROM message_words w CROSS JOIN operations o ON o.n = w.rowid
                    CROSS JOIN spaces s ON s.n = o.space
                    WHERE message_words MATCH ? AND \(condition)
                    ORDER BY o.clock DESC, o.id DESC LIMIT ?
                    """),
            arguments: StatementArguments([match] + arguments + [limit]))
    }

    /// The same for a query that much answers to: the newest messages are nearly always enough.
    private static func walk(
        _ match: String, _ filter: MessageFilter, _ limit: Int, _ db: Database
    ) throws -> [Int64] {
        let (condition, arguments) = try Self.condition(filter, db)
        let statement = try db.cachedStatement(
            sql: """
                SELECT o.n, o.clock, o.id \(Self.table)
                WHERE \(condition) AND (o.clock, o.id) < (?, ?)
                ORDER BY o.clock DESC, o.id DESC LIMIT ?
                """)
        var found: [Int64] = []
        var last: (clock: Int64, id: Data) = (Int64.max, Data())
        while found.count < limit {
            let rows = try Row.fetchAll(
                statement, arguments: StatementArguments(arguments + [last.clock, last.id, Self.walkSize]))
            let numbers = rows.map { $0["n"] as Int64 }
            let hits = try Self.hits(match, among: numbers, db)
            found += numbers.filter { hits.contains($0) }.prefix(limit - found.count)
            guard rows.count == Self.walkSize, let row = rows.last else { break }
            last = (row["clock"], row["id"])
        }
        return found
    }

    private static func hits(_ match: String, among numbers: [Int64], _ db: Database) throws -> Set<Int64> {
        guard let low = numbers.min(), let high = numbers.max() else { return [] }
        // What was written after each other was mostly stored after each other, and the index is by that.
        if high - low < Int64(numbers.count) * 16 {
            return try Set(
                Int64.fetchAll(
                    db.cachedStatement(
                        sql: """
                            SELECT rowid FROM message_words
                            WHERE message_words MATCH ? AND rowid BETWEEN ? AND ?
                            """), arguments: [match, low, high]))
        }
        return try Set(
            numbers.filter { number in
                try db.exists(
                    "SELECT 1 FROM message_words WHERE message_words MATCH ? AND rowid = ?", [match, number])
            })
    }
}
