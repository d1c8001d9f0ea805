import DescordCore
import Foundation
import GRDB
import Testing

@testable import DescordStore

/// Values that go to SQLite without GRDB's own values in between.
@Suite struct PreparedStatementTests {
    private static func withTable(_ body: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue()
        try queue.write { db in
            try db.execute(sql: "CREATE TABLE t (a BLOB, b INTEGER UNIQUE, c TEXT)")
            try body(db)
        }
    }

    @Test func everyKindOfValueComesBackAsItWas() throws {
        try Self.withTable { db in
            let insert = try PreparedStatement(db, "INSERT INTO t VALUES (?, ?, ?)")
            let rows: [([UInt8]?, Int64?, String)] = [
                ([1, 0, 255], .min, "Grüße 🙂"), ([], .max, ""), (nil, nil, "x"),
            ]
            for (bytes, number, text) in rows {
                try insert.run { values in
                    values.append(bytes)
                    values.append(number)
                    values.append(text)
                }
            }
            let found = try Row.fetchAll(
                db, sql: "SELECT a, b, c, typeof(a), typeof(c) FROM t ORDER BY rowid")
            #expect(found.map { ($0[0] as Data?).map { Array($0) } } == rows.map(\.0))
            #expect(found.map { $0[1] as Int64? } == rows.map(\.1))
            #expect(found.map { $0[2] as String? } == rows.map(\.2))
            #expect(found.map { $0[3] as String } == ["blob", "blob", "null"])
            #expect(found.map { $0[4] as String } == ["text", "text", "text"])
        }
    }

    @Test func theFirstRowIsReadAndNothingOfNone() throws {
        try Self.withTable { db in
            try db.execute(sql: "INSERT INTO t VALUES (NULL, 7, 'a'), (NULL, 8, 'b')")
            let find = try PreparedStatement(db, "SELECT b FROM t WHERE b >= ? ORDER BY b")
            func first(from least: Int64) throws -> Int64? {
                try find.first {
                    $0.append(least)
                } read: {
                    $0.integer(0)
                }
            }
            #expect(try first(from: 1) == 7)
            #expect(try first(from: 8) == 8)
            #expect(try first(from: 9) == nil)
        }
    }

    @Test func aRefusalIsTheDatabasesErrorAndTheStatementGoesOn() throws {
        try Self.withTable { db in
            let insert = try PreparedStatement(db, "INSERT INTO t VALUES (NULL, ?, 'x')")
            try insert.run { $0.append(1) }
            let error = #expect(throws: DatabaseError.self) { try insert.run { $0.append(1) } }
            #expect(error?.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE)
            #expect(error?.message?.contains("t.b") == true)
            try insert.run { $0.append(2) }
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 2)
        }
    }

    /// A full disk is told from anything else by the code that came.
    @Test func aFullDatabaseIsFull() throws {
        var failure: (any Error)?
        try? Self.withTable { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
            let insert = try PreparedStatement(db, "INSERT INTO t VALUES (?, 1, 'x')")
            do {
                try insert.run { $0.append([UInt8](repeating: 1, count: 100_000)) }
            } catch {
                failure = error
            }
        }
        #expect(failure.map { StoreError($0) } == .full)
    }
}
