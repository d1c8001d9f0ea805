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
    /// How long a transaction waits for those of other processes.
    static let busySeconds: TimeInterval = 10

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

    /// Opens the database of a home, or makes it.
    public static func open(
        home: Home, key: Ed25519.PrivateKey, wallTime: (@Sendable () -> WallTime)? = nil,
        logger: Logger = Logger(label: "descord.store")
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
                home: home, key: key, queue: queue, reader: reader, wallTime: wallTime ?? Self.systemTime,
                logger: logger)
        } catch {
            throw StoreError(error)
        }
    }

    private init(
        home: Home, key: Ed25519.PrivateKey, queue: DatabaseQueue, reader: DatabaseQueue,
        wallTime: @escaping @Sendable () -> WallTime, logger: Logger
    ) {
        self.home = home
        self.key = key
        self.queue = queue
        self.reader = reader
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
        }
        return configuration
    }

    private static var readerConfiguration: Configuration {
        var configuration = Configuration()
        configuration.label = "descord.store.reader"
        configuration.busyMode = .timeout(self.busySeconds)
        configuration.readonly = true
        return configuration
    }

    // MARK: - Transactions

    /// Runs `body` in one immediate transaction, and returns after its commit.
    func write<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try self.queue.write(body)
        } catch {
            throw StoreError(error)
        }
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
