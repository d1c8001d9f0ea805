import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Logging

/// Everything that a home remembers, in one SQLite file.
///
/// Safe to use from any thread and from any number of processes: what must be taken together (a place in the
/// chain, a clock, a gossip number) is taken in the write transaction that stores it. A returned call is a
/// commit that was synced to the disk.
public final class Store: Sendable {
    /// How long a transaction waits for those of other processes. Who waits is not served in order, so that
    /// of a hundred at once on a slow disk the last one may wait for all the others.
    static let busySeconds: TimeInterval = 60

    /// The home.
    public let home: Home
    /// The key of this home, which signs what is authored here.
    public let key: Ed25519.PrivateKey
    /// Reads the wall clock where a caller gives no time.
    public let wallTime: @Sendable () -> WallTime
    let logger: Logger
    /// Writes, one transaction after another.
    let queue: DatabaseQueue
    /// Reads what is committed without waiting for a transaction that is being synced: an event loop may read
    /// while another thread writes.
    let reader: DatabaseQueue
    /// Why nothing can be written, when the database could be opened for reading alone.
    let refusal: StoreError?

    /// Opens the database of a home, or makes it.
    ///
    /// On a read-only or a full disk it opens what is there for reading; whatever would write then throws
    /// `readOnly` or `full`.
    public static func open(
        home: Home, key: Ed25519.PrivateKey, wallTime: (@Sendable () -> WallTime)? = nil,
        logger: Logger = Logger(label: "descord.store")
    ) throws(StoreError) -> Store {
        let wallTime = wallTime ?? Self.systemTime
        do {
            return try self.openForWriting(home: home, key: key, wallTime: wallTime, logger: logger)
        } catch let refusal where refusal == .readOnly || refusal == .full {
            // What is there can be read all the same.
            return try self.openForReading(
                home: home, key: key, refusal: refusal, wallTime: wallTime, logger: logger)
        }
    }

    private static func openForWriting(
        home: Home, key: Ed25519.PrivateKey, wallTime: @escaping @Sendable () -> WallTime, logger: Logger
    ) throws(StoreError) -> Store {
        do {
            try home.create()
            // SQLite gives the files beside the database the database's own mode.
            try HomeFiles.touch(home.databasePath)
        } catch {
            throw error.isFull ? .full : .readOnly
        }
        do {
            let queue = try DatabaseQueue(path: home.databasePath, configuration: Self.configuration)
            try queue.writeWithoutTransaction(Schema.prepare)
            let reader = try DatabaseQueue(path: home.databasePath, configuration: Self.readerConfiguration)
            return Store(
                home: home, key: key, queue: queue, reader: reader, refusal: nil, wallTime: wallTime,
                logger: logger)
        } catch {
            throw StoreError(error)
        }
    }

    /// Opens a database that cannot be written, for the reason `refusal`.
    private static func openForReading(
        home: Home, key: Ed25519.PrivateKey, refusal: StoreError,
        wallTime: @escaping @Sendable () -> WallTime, logger: Logger
    ) throws(StoreError) -> Store {
        var paths = [home.databasePath]
        // A database in WAL mode needs a file of shared memory beside it, which cannot be made here. Without
        // a log nobody has it open for writing, and it may be read as one that does not change
        // (sqlite.org/wal.html §5).
        if !HomeFiles.hasContent(home.databasePath + "-wal"),
            let path = home.databasePath.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
        {
            paths.append("file:\(path)?immutable=1")
        }
        for path in paths {
            do {
                let reader = try DatabaseQueue(path: path, configuration: self.readerConfiguration)
                guard try reader.read(Schema.isCurrent) else { break }
                return Store(
                    home: home, key: key, queue: reader, reader: reader, refusal: refusal, wallTime: wallTime,
                    logger: logger)
            } catch {
                switch StoreError(error) {
                case .newerVersion, .corrupt: throw StoreError(error)
                default: continue
                }
            }
        }
        throw refusal
    }

    private init(
        home: Home, key: Ed25519.PrivateKey, queue: DatabaseQueue, reader: DatabaseQueue,
        refusal: StoreError?, wallTime: @escaping @Sendable () -> WallTime, logger: Logger
    ) {
        self.home = home
        self.key = key
        self.queue = queue
        self.reader = reader
        self.refusal = refusal
        self.wallTime = wallTime
        self.logger = logger
    }

    deinit {
        // The writer last: the last connection takes the write-ahead log back into the file, and a reader
        // cannot. What cannot be closed now is closed by the end of the process, and nothing committed
        // depends on it.
        try? self.reader.close()
        try? self.queue.close()
    }

    /// Our own verification key.
    public var publicKey: Ed25519.PublicKey { self.key.publicKey }
    /// Our own peer id.
    public var peerID: PeerID { PeerID(self.key.publicKey) }

    private static let systemTime: @Sendable () -> WallTime = {
        WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "descord.store"
        configuration.busyMode = .timeout(self.busySeconds)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            // By hand, because GRDB's own WAL mode lowers `synchronous`: an id is printed after the fsync.
            if try String.fetchOne(db, sql: "PRAGMA journal_mode") != "wal" {
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            }
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // What is deleted is overwritten, also in pages that are given back.
            _ = try Int.fetchOne(db, sql: "PRAGMA secure_delete = ON")
            try Self.keepInMemory(db)
            try Self.sizeForBatches(db)
            db.add(function: MessageWords.textFunction)
        }
        return configuration
    }

    private static var readerConfiguration: Configuration {
        var configuration = Configuration()
        configuration.label = "descord.store.reader"
        configuration.busyMode = .timeout(self.busySeconds)
        configuration.readonly = true
        configuration.prepareDatabase { db in try Self.keepInMemory(db) }
        return configuration
    }

    /// What a statement may have to undo, or sorts, stays in memory: a temporary file would hold what was
    /// purged, outside the home, and costs more than the transaction itself.
    private static func keepInMemory(_ db: Database) throws {
        try db.execute(sql: "PRAGMA temp_store = MEMORY")
    }

    /// The pages that the largest batch touches fit the cache (KiB), else they are written before its end and
    /// again at its end; the log goes back into the file once in several batches (pages of 4 KiB), else a
    /// page that each of them touches is written twice each time.
    private static func sizeForBatches(_ db: Database) throws {
        try db.execute(sql: "PRAGMA cache_size = -16384")
        _ = try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint = 4000")
    }

    // MARK: - Transactions

    /// Runs `body` in one immediate transaction, and returns after its commit.
    func write<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        if let refusal = self.refusal { throw refusal }
        do {
            return try self.queue.write(body)
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs `body` in one immediate transaction that is not synced to the disk by itself: it survives the end
    /// of the process, and a loss of power once a later transaction was synced. For what is only repeated
    /// when it is lost.
    func writeUnsynced<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        if let refusal = self.refusal { throw refusal }
        do {
            return try self.queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = NORMAL")
                let result = Result { try Self.immediately(db, body) }
                try db.execute(sql: "PRAGMA synchronous = FULL")
                return try result.get()
            }
        } catch {
            throw StoreError(error)
        }
    }

    private static func immediately<Value>(
        _ db: Database, _ body: (Database) throws -> Value
    ) throws -> Value {
        var value: Value?
        try db.inTransaction(.immediate) {
            value = try body(db)
            return .commit
        }
        guard let value else { preconditionFailure("a committed transaction has run its body") }
        return value
    }

    /// Runs `body` on one consistent state.
    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try self.reader.read(body)
        } catch {
            throw StoreError(error)
        }
    }
}
