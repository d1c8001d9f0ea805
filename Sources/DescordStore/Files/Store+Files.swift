import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// A file that is posted: what goes into the message, and the bytes.
public struct PostedFile: Sendable {
    public let reference: FileReference
    public let bytes: [UInt8]

    /// Names a file by its content; nil when it is too large, or its name is.
    public init?(name: String, bytes: [UInt8]) {
        guard bytes.count <= FileLimits.maxFileSize,
            let reference = FileReference(name: name, size: bytes.count, hash: FileHash(of: bytes))
        else { return nil }
        self.reference = reference
        self.bytes = bytes
    }
}

/// A file that a message in force refers to and whose bytes are not here.
public struct MissingFile: Hashable, Sendable {
    public var reference: FileReference
    public var space: SpaceID
    /// Who wrote the message.
    public var author: Ed25519.PublicKey
}

extension Store {
    /// Posts a message with files, whose bytes are stored in the same transaction.
    public func post(
        _ text: String, files: [PostedFile], channel: ChannelID, in space: SpaceID,
        context: MessageContext = MessageContext(), at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.post(
            text, files: files, channel: channel, in: space, context: context, room: FileRoom(), at: now)
    }

    func post(
        _ text: String, files: [PostedFile], channel: ChannelID, in space: SpaceID,
        context: MessageContext = MessageContext(), room: FileRoom,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            if let row = try author.ingestion.row(space) {
                let new = try files.filter { try FileTable.number(of: $0.reference.hash, author.db) == nil }
                let size = new.reduce(0) { $0 + $1.bytes.count }
                guard
                    try new.isEmpty
                        || FileTable.hasRoom(for: size, count: new.count, in: row, room, author.db)
                else { throw StoreError.filesFull }
            }
            let message = MessagePost(text: text, files: files.map(\.reference))
            let written = try author.post(message, channel: channel, in: space, context: context)
            for file in files {
                try FileTable.insert(file.bytes, as: file.reference.hash, at: author.now, author.db)
            }
            return written
        }
    }

    /// Stores a file that was fetched for a space; what is returned as true is on the disk.
    ///
    /// Returns false when no message in force of the space refers to it (any more), or the space has no room.
    public func storeFetched(
        _ bytes: [UInt8], as hash: FileHash, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Bool {
        try self.storeFetched(bytes, as: hash, in: space, room: FileRoom(), at: now)
    }

    func storeFetched(
        _ bytes: [UInt8], as hash: FileHash, in space: SpaceID, room: FileRoom, at now: WallTime? = nil
    ) throws(StoreError) -> Bool {
        guard FileHash(of: bytes) == hash else { return false }
        let now = now ?? self.wallTime()
        return try self.write { db in
            guard let row = try SpaceRow.find(db, space), row.state == .joined,
                try FileTable.isReferred(hash, in: row, db)
            else { return false }
            if try FileTable.number(of: hash, db) != nil { return true }
            guard try FileTable.hasRoom(for: bytes.count, in: row, room, db) else { return false }
            try FileTable.insert(bytes, as: hash, at: now, db)
            return true
        }
    }

    /// Whether a space has room for a file of so many bytes.
    public func hasRoom(forFileOf size: Int, in space: SpaceID) throws(StoreError) -> Bool {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space) else { return false }
            return try FileTable.hasRoom(for: size, in: row, FileRoom(), db)
        }
    }

    /// Whether a file's bytes are here.
    public func holdsFile(_ hash: FileHash) throws(StoreError) -> Bool {
        try self.read { db in try FileTable.number(of: hash, db) != nil }
    }

    /// Returns at most `count` bytes of a file from `offset` on; nil when it is not here.
    public func readFile(
        _ hash: FileHash, from offset: Int, count: Int
    ) throws(StoreError) -> [UInt8]? {
        try self.read { db in
            try FileTable.number(of: hash, db).map {
                try FileTable.read($0, from: offset, count: count, db)
            }
        }
    }

    /// What a message in force refers to, in its order; nil when it is no message of a joined space.
    public func files(
        of message: OperationID
    ) throws(StoreError) -> (space: SpaceID, author: Ed25519.PublicKey, files: [FileReference])? {
        try self.read { db in
            let found = try db.row(
                """
                SELECT o.author, o.content, s.id AS space FROM operations o JOIN spaces s ON s.n = o.space
                WHERE o.id = ? AND o.kind = 2000 AND o.state = 0 AND s.state = 1
                """, [message.data])
            guard let found, let space = found.id("space"), let author = found.key("author") else {
                return nil
            }
            let post = (found["content"] as Data?).flatMap { MessagePost(decoding: Array($0)) }
            return (space, author, post?.files ?? [])
        }
    }

    /// Files that messages in force refer to and that are not here, the newest messages first.
    public func missingFiles(limit: Int) throws(StoreError) -> [MissingFile] {
        try self.read { db in
            let rows = try db.rows(
                """
                SELECT r.place, o.author, o.content, s.id AS space FROM file_references r
                JOIN operations o USING (n) JOIN spaces s ON s.n = o.space
                WHERE o.state = 0 AND s.state = 1 AND r.hash NOT IN (SELECT hash FROM files)
                ORDER BY o.arrival DESC, r.place LIMIT ?
                """, [limit])
            return rows.compactMap { row in
                let post = (row["content"] as Data?).flatMap { MessagePost(decoding: Array($0)) }
                let place: Int = row["place"]
                guard let post, post.files.indices.contains(place), let space = row.id("space"),
                    let author = row.key("author")
                else { return nil }
                return MissingFile(reference: post.files[place], space: space, author: author)
            }
        }
    }

    /// What serving files reads.
    public func fileDirectory() -> StoreFiles { StoreFiles(store: self) }
}
