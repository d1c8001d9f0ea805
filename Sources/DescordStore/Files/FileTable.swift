import DescordCore
import Foundation
import GRDB
import LibP2PCore

/// The tables of files, within the caller's transaction.
enum FileTable {
    /// Bytes of one row: nothing needs the whole of a file at once to read a part of it.
    static let chunkSize = 256 << 10

    /// Enters what a stored message refers to; does nothing when it is entered already.
    static func enter(_ files: [FileReference], of number: Int64, _ db: Database) throws {
        for (place, file) in files.enumerated() {
            try db.run(
                "INSERT OR IGNORE INTO file_references VALUES (?, ?, ?, ?)",
                [number, place, file.hash.data, file.size])
        }
    }

    /// The number of a file whose bytes are here.
    static func number(of hash: FileHash, _ db: Database) throws -> Int64? {
        try db.integer("SELECT f FROM files WHERE hash = ?", [hash.data])
    }

    /// Stores a file's bytes, unless they are here.
    static func insert(_ bytes: [UInt8], as hash: FileHash, at now: WallTime, _ db: Database) throws {
        guard try self.number(of: hash, db) == nil else { return }
        try db.run(
            "INSERT INTO files (hash, size, stored_at) VALUES (?, ?, ?)",
            [hash.data, bytes.count, now.milliseconds])
        let number = db.lastInsertedRowID
        for (place, start) in stride(from: 0, to: bytes.count, by: self.chunkSize).enumerated() {
            let chunk = Data(bytes[start..<min(start + self.chunkSize, bytes.count)])
            try db.run("INSERT INTO file_chunks VALUES (?, ?, ?)", [number, place, chunk])
        }
    }

    /// Returns at most `count` bytes from `offset` on.
    static func read(_ number: Int64, from offset: Int, count: Int, _ db: Database) throws -> [UInt8] {
        guard count > 0 else { return [] }
        let first = offset / self.chunkSize
        let chunks = try Data.fetchAll(
            db.cachedStatement(
                sql: "SELECT bytes FROM file_chunks WHERE f = ? AND place BETWEEN ? AND ? ORDER BY place"),
            arguments: [number, first, (offset + count - 1) / self.chunkSize])
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var skipped = offset - first * self.chunkSize
        for chunk in chunks {
            bytes += chunk.dropFirst(skipped).prefix(count - bytes.count)
            skipped = 0
        }
        return bytes
    }

    /// Whether a message in force of the space refers to a file.
    static func isReferred(_ hash: FileHash, in row: SpaceRow, _ db: Database) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM file_references r JOIN operations o USING (n)
            WHERE r.hash = ? AND o.space = ? AND o.state = 0
            """, [hash.data, row.number])
    }

    /// Whether a space may keep so many more bytes in so many more files.
    static func hasRoom(
        for size: Int, count: Int = 1, in row: SpaceRow, _ limits: FileRoom, _ db: Database
    ) throws -> Bool {
        let used = try db.row(
            """
            SELECT count(*) AS count, coalesce(sum(size), 0) AS size FROM files WHERE hash IN (
                SELECT r.hash FROM file_references r JOIN operations o USING (n) WHERE o.space = ?)
            """, [row.number])
        guard let used else { return true }
        return (used["size"] as Int64) + Int64(size) <= Int64(limits.size)
            && (used["count"] as Int64) + Int64(count) <= Int64(limits.count)
    }

    /// Removes what a message refers to, and the bytes that no other stored message refers to.
    static func purge(of number: Int64, _ db: Database) throws {
        let hashes = try Data.fetchAll(
            db.cachedStatement(sql: "SELECT hash FROM file_references WHERE n = ?"), arguments: [number])
        try db.run("DELETE FROM file_references WHERE n = ?", [number])
        for hash in hashes {
            try db.run(
                """
                DELETE FROM files WHERE hash = ?1
                    AND NOT EXISTS (SELECT 1 FROM file_references WHERE hash = ?1)
                """, [hash])
        }
    }

    /// Removes the bytes that no stored message refers to, after messages were removed with their rows.
    static func purgeUnreferred(_ db: Database) throws {
        try db.run("DELETE FROM files WHERE hash NOT IN (SELECT hash FROM file_references)")
    }
}

/// How much of files one space may keep.
struct FileRoom {
    /// Bytes.
    var size = FileLimits.maxSpaceSize
    /// Files.
    var count = FileLimits.maxSpaceCount
}

extension FileHash {
    /// The form in the database.
    var data: Data { Data(self.bytes) }
}
