import DescordCore
import DescordCrypto
import GRDB
import Logging

/// The files of every joined space, as whoever serves them reads them. A value over the store: every read
/// sees what is committed then; one that fails is logged, and finds nothing.
public struct StoreFiles: FileDirectory {
    let store: Store

    public func spaces() -> [SpaceID] {
        self.read([]) { db in try db.ids("SELECT id FROM spaces WHERE state = 1 ORDER BY id") }
    }

    public func isMember(_ key: Ed25519.PublicKey, of space: SpaceID) -> Bool {
        self.store.syncStorage(of: space)?.isMember(key) ?? false
    }

    public func size(of hash: FileHash, in space: SpaceID) -> Int? {
        self.read(nil) { db in
            guard let row = try SpaceRow.find(db, space), try FileTable.isReferred(hash, in: row, db)
            else { return nil }
            return try db.integer("SELECT size FROM files WHERE hash = ?", [hash.data]).map { Int($0) }
        }
    }

    public func read(_ hash: FileHash, from offset: Int, count: Int) -> [UInt8]? {
        self.read(nil) { db in
            try FileTable.number(of: hash, db).map {
                try FileTable.read($0, from: offset, count: count, db)
            }
        }
    }

    private func read<Value>(_ empty: Value, _ body: (Database) throws -> Value) -> Value {
        do throws(StoreError) {
            return try self.store.read(body)
        } catch {
            self.store.logger.error("files cannot be read from the database: \(error)")
            return empty
        }
    }
}
