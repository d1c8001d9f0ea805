import DescordCore
import DescordCrypto
import Foundation
import GRDB
import Testing

@testable import DescordStore

@Suite struct HomeTests {
    /// A home that is not there yet, two folders below `root`.
    private func temporary() -> (root: String, home: Home) {
        let root = "/tmp/descord-home-\(UUID().uuidString)"
        return (root, Home(path: root + "/deep/home"))
    }

    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func homeIsFoundByTheOrderOfTheContract() throws {
        let all = ["DESCORD_HOME": "/a", "XDG_DATA_HOME": "/b", "HOME": "/c"]
        #expect(try Home.locate(option: "/o", environment: all).path == "/o")
        #expect(try Home.locate(environment: all).path == "/a")
        #expect(try Home.locate(environment: ["XDG_DATA_HOME": "/b", "HOME": "/c"]).path == "/b/descord")
        #expect(
            try Home.locate(environment: ["DESCORD_HOME": "", "HOME": "/c"]).path == "/c/.local/share/descord"
        )
        #expect(throws: HomeFailure.noLocation) { try Home.locate(environment: [:]) }
    }

    @Test func directoriesAndFilesAreOursAlone() throws {
        let (root, home) = self.temporary()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let key = KeyFile.generate()
        try home.writeKey(key)
        let store = try Store.open(home: home, key: key.privateKey)
        _ = try store.createSpace(name: SpaceName(parsing: "S"), isPublic: false)
        #expect(self.mode(home.path) == 0o700)
        #expect(self.mode(home.runPath) == 0o700)
        for path in [home.keyPath, home.databasePath, home.databasePath + "-wal", home.databasePath + "-shm"]
        {
            #expect(self.mode(path) == 0o600, "\(path)")
        }
    }

    @Test func keyThatOthersCanReadIsRefused() throws {
        let (root, home) = self.temporary()
        defer { try? FileManager.default.removeItem(atPath: root) }
        try home.writeKey(KeyFile.generate())
        for loose in [0o640, 0o604, 0o660] as [mode_t] {
            chmod(home.keyPath, loose)
            #expect(throws: HomeFailure.looseMode(path: home.keyPath, mode: UInt32(loose))) {
                try home.readKey()
            }
        }
        chmod(home.keyPath, 0o600)
        #expect(throws: Never.self) { try home.readKey() }
    }

    @Test func missingKeyIsNotMadeSilently() {
        let (_, home) = self.temporary()
        #expect(throws: HomeFailure.noIdentity(path: home.keyPath)) { try home.readKey() }
        #expect(!FileManager.default.fileExists(atPath: home.path))
    }

    @Test func keyIsReplacedOnlyOnDemandAndTheOldOneStays() throws {
        let (root, home) = self.temporary()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let first = KeyFile.generate()
        let second = KeyFile.generate()
        try home.writeKey(first)
        #expect(throws: HomeFailure.identityExists(path: home.keyPath)) { try home.writeKey(second) }
        #expect(try home.readKey().privateKey.publicKey == first.privateKey.publicKey)
        let kept = try #require(try home.writeKey(second, replacing: true))
        #expect(try home.readKey().privateKey.publicKey == second.privateKey.publicKey)
        let bytes = try HomeFiles.read(kept, limit: 1_000).bytes
        #expect(
            try KeyFile(decoding: bytes, passphrase: nil).privateKey.publicKey == first.privateKey.publicKey)
        #expect(self.mode(kept) == 0o600)
    }

    @Test func passphraseOpensItsKeyAndNoOtherDoes() throws {
        let (root, home) = self.temporary()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let light = KeyFile.Derivation(operations: 1, memoryBytes: 8_192)
        try home.writeKey(KeyFile.generate(), passphrase: SecretBytes(Array("open".utf8)), derivation: light)
        #expect(try home.isKeyEncrypted())
        #expect(throws: HomeFailure.key(.passphraseNeeded)) { try home.readKey() }
        #expect(throws: HomeFailure.key(.wrongPassphrase)) { try home.readKey(passphrase: SecretBytes([1])) }
        #expect(throws: Never.self) { try home.readKey(passphrase: SecretBytes(Array("open".utf8))) }
    }
}

@Suite struct OpeningTests {
    @Test func everyCommitIsSynced() throws {
        let home = try TestHome()
        let (synchronous, journal, keys, timeout) = try home.store.queue.read { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA synchronous"),
                try String.fetchOne(db, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(db, sql: "PRAGMA foreign_keys"),
                try Int.fetchOne(db, sql: "PRAGMA busy_timeout")
            )
        }
        #expect(synchronous == 2)
        #expect(journal == "wal")
        #expect(keys == 1)
        #expect(timeout == 60_000)
    }

    @Test func laterVersionIsRefusedAndLeftAlone() throws {
        let home = try TestHome()
        try home.store.queue.write { db in try db.execute(sql: "PRAGMA user_version = 99") }
        #expect(throws: StoreError.newerVersion(found: 99, supported: Schema.version)) { try home.reopened() }
        #expect(try home.store.queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 99)
    }

    @Test func fileThatIsNoDatabaseIsRefused() throws {
        let home = try TestHome()
        let other = Home(path: home.home.path + "/other")
        try other.create()
        try HomeFiles.write(
            Array("this is certainly no database file at all".utf8) + [UInt8](repeating: 7, count: 4_096),
            to: other.databasePath, replacing: false)
        var failure: StoreError?
        do throws(StoreError) {
            _ = try Store.open(home: other, key: home.store.key)
        } catch { failure = error }
        guard case .corrupt = failure else {
            Issue.record("unexpected \(String(describing: failure))")
            return
        }
    }

    @Test func whatWasCommittedIsThereAfterReopening() throws {
        let world = try World().joined()
        try world.post(world.alice, "one")
        let again = try world.alice.reopened()
        #expect(try again.messages(MessageFilter()).map(\.text) == ["one"])
        #expect(try again.members(of: world.space).count == 2)
        #expect(
            again.syncStorage(of: world.space)?.summary()
                == world.alice.store.syncStorage(of: world.space)?.summary())
    }

    @Test func homeOfAnEarlierVersionIsJudgedAnew() throws {
        let world = try World().joined()
        try world.post(world.bob, "hello")
        let kick = try world.alice.store.kick(world.bob.store.publicKey, in: world.space)
        let before = try world.alice.store.derivedState()
        try world.alice.store.write { db in
            try db.execute(
                sql: """
                    \(EarlierSchema.withoutContent)
                    DROP TABLE file_chunks;
                    DROP TABLE files;
                    DROP TABLE file_references;
                    DROP TABLE acts;
                    DROP TABLE cursors;
                    DROP TABLE parked;
                    DROP TRIGGER message_words_deleted;
                    DROP TABLE message_words;
                    DROP INDEX operations_settled;
                    ALTER TABLE operations DROP COLUMN settled;
                    PRAGMA user_version = 2;
                    """)
        }
        let store = try world.alice.reopened()
        #expect(try store.derivedState() == before)
        #expect(try store.members(of: world.space).count == 1)
        #expect(try store.state(of: kick.id) == .admitted)
    }
}
