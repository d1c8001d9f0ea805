import GRDB
import GRDBSQLite

/// A statement that runs for each of many operations: its values go to SQLite as they are, because making
/// GRDB's values of them takes about as long as the statement itself.
///
/// Used within the transaction that it was made for, and never inside itself.
struct PreparedStatement {
    private let db: Database
    private let statement: Statement

    init(_ db: Database, _ sql: String) throws {
        self.db = db
        self.statement = try db.cachedStatement(sql: sql)
    }

    /// Runs a statement that returns nothing, with the values that `bind` appends: one for each `?`.
    func run(_ bind: (inout Values) -> Void) throws {
        _ = try self.first(bind) { _ in }
    }

    /// Returns what `read` makes of the first row, nil if there is none.
    func first<Result>(_ bind: (inout Values) -> Void, read: (Columns) -> Result) throws -> Result? {
        let handle = self.statement.sqliteStatement
        var values = Values(handle)
        bind(&values)
        defer { sqlite3_reset(handle) }
        guard values.code == SQLITE_OK else { throw self.failure(values.code) }
        precondition(values.count == sqlite3_bind_parameter_count(handle), "a value for each place")
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return read(Columns(handle: handle))
        case SQLITE_DONE: return nil
        case let code: throw self.failure(code)
        }
    }

    private func failure(_ code: CInt) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: self.db.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) },
            sql: self.statement.sql)
    }

    /// The values of one run, in the order of the statement's places; SQLite copies them.
    struct Values {
        private let handle: SQLiteStatement
        private(set) var count: CInt = 0
        /// The first code that is not `SQLITE_OK`: a value is too large, or memory has ended.
        private(set) var code = SQLITE_OK

        init(_ handle: SQLiteStatement) {
            self.handle = handle
        }

        /// SQLite's `SQLITE_TRANSIENT`, which is a cast in C.
        private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

        private mutating func bound(_ code: CInt) {
            if self.code == SQLITE_OK { self.code = code }
        }

        /// A blob, or null.
        mutating func append(_ bytes: [UInt8]?) {
            self.count += 1
            guard let bytes else { return self.bound(sqlite3_bind_null(self.handle, self.count)) }
            bytes.withUnsafeBytes { bytes in
                // Without an address SQLite would take it for null.
                self.bound(
                    bytes.isEmpty
                        ? sqlite3_bind_zeroblob(self.handle, self.count, 0)
                        : sqlite3_bind_blob64(
                            self.handle, self.count, bytes.baseAddress, UInt64(bytes.count), Self.copied))
            }
        }

        /// An integer, or null.
        mutating func append(_ number: Int64?) {
            self.count += 1
            self.bound(
                number.map { sqlite3_bind_int64(self.handle, self.count, $0) }
                    ?? sqlite3_bind_null(self.handle, self.count))
        }

        /// A text, up to its first NUL, as everything else here writes and reads texts.
        mutating func append(_ text: String) {
            self.count += 1
            self.bound(sqlite3_bind_text(self.handle, self.count, text, -1, Self.copied))
        }
    }

    /// One row of a result; columns count from 0.
    struct Columns {
        fileprivate let handle: SQLiteStatement

        func integer(_ column: CInt) -> Int64 { sqlite3_column_int64(self.handle, column) }
    }
}
