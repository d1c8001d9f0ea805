import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

extension Database {
    /// Runs a statement that returns nothing.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try self.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// Returns the first row.
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(self.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Returns every row.
    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(self.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Returns the first column of the first row.
    func integer(_ sql: String, _ arguments: StatementArguments = []) throws -> Int64? {
        try Int64.fetchOne(self.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Returns the ids in the first column.
    func ids(_ sql: String, _ arguments: StatementArguments = []) throws -> [OperationID] {
        try Data.fetchAll(self.cachedStatement(sql: sql), arguments: arguments).compactMap {
            OperationID(bytes: $0)
        }
    }

    /// Returns whether there is a row.
    func exists(_ sql: String, _ arguments: StatementArguments = []) throws -> Bool {
        try self.row(sql, arguments) != nil
    }
}

extension OperationID {
    /// The form in the database.
    var data: Data { Data(self.bytes) }
}

extension Ed25519.PublicKey {
    /// The form in the database.
    var data: Data { Data(self.bytes) }
}

extension PeerID {
    /// The form in the database.
    var data: Data { Data(self.bytes) }
}

extension Row {
    /// An id that this program wrote.
    func id(_ column: String) -> OperationID? {
        (self[column] as Data?).flatMap { OperationID(bytes: $0) }
    }

    /// A key that this program wrote.
    func key(_ column: String) -> Ed25519.PublicKey? {
        (self[column] as Data?).flatMap { Ed25519.PublicKey($0) }
    }

    /// A time, or nil.
    func time(_ column: String) -> WallTime? {
        (self[column] as Int64?).map { WallTime(milliseconds: $0) }
    }
}
