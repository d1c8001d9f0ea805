import DescordCore
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct SearchTests {
    private func texts(
        _ store: Store, _ match: String, _ filter: MessageFilter = MessageFilter(), limit: Int? = nil
    ) throws -> [String?] {
        try store.search(match, filter, limit: limit).map(\.text)
    }

    @Test func whatIsStoredIsFoundByItsWords() throws {
        let world = try World().joined()
        try world.post(world.alice, "The build is green")
        world.clock.advance(by: .seconds(1))
        try world.post(world.alice, "the builds are réd")
        try world.sync(to: world.bob)
        for store in [world.alice.store, world.bob.store] {
            #expect(try self.texts(store, "build") == ["The build is green"])
            #expect(try self.texts(store, "THE") == ["The build is green", "the builds are réd"])
            #expect(try self.texts(store, "red") == ["the builds are réd"])
            #expect(try self.texts(store, "\"is green\"") == ["The build is green"])
            #expect(try self.texts(store, "\"green is\"") == [])
            #expect(try self.texts(store, "the", limit: 1) == ["the builds are réd"])
        }
    }

    @Test func contentThatComesLateIsFoundFromThenOn() throws {
        let world = try World().joined()
        let message = try world.post(world.alice, "late words")
        let bare = try Operation(storedEnvelope: message.envelope, salt: nil, content: nil)
        _ = try world.bob.store.ingest([bare], from: world.fromAlice)
        #expect(try self.texts(world.bob.store, "late") == [])
        _ = try world.bob.store.ingest([message], from: world.fromAlice)
        #expect(try self.texts(world.bob.store, "late") == ["late words"])
    }

    /// Texts of others may hold a NUL, at which SQLite's texts end.
    @Test func noWordHidesBehindANUL() throws {
        let world = try World().joined()
        let message = try world.post(world.alice, "seen\0hidden")
        try world.sync(to: world.bob)
        let store = world.bob.store
        for word in ["seen", "hidden"] { #expect(try self.texts(store, word) == ["seen\0hidden"]) }
        #expect(try store.check().problems.isEmpty)
        try world.alice.store.edit(message.id, text: "other\0words")
        try world.sync(to: world.bob)
        #expect(try self.texts(store, "words") == ["other\0words"])
        #expect(try self.texts(store, "hidden") == [])
        try store.rebuild()
        #expect(try store.check().problems.isEmpty)
    }

    @Test func aCheckSeesWordsThatNobodySaidAndARebuildMendsThem() throws {
        let world = try World()
        try world.post(world.alice, "one")
        try world.post(world.alice, "two")
        let store = world.alice.store
        #expect(try store.check().problems.isEmpty)
        try store.queue.write { db in
            try db.execute(sql: "DELETE FROM message_words WHERE text = 'one'")
            try db.execute(sql: "UPDATE message_words SET text = 'three' WHERE text = 'two'")
        }
        #expect(try store.check().problems.count == 2)
        try store.rebuild()
        #expect(try store.check().problems.isEmpty)
        #expect(try self.texts(store, "one OR two OR three") == ["one", "two"])
    }

    /// More text than is kept until the end of a transaction, and what is done to messages that are entered
    /// already.
    @Test func aBatchOfMuchTextIsFoundByTheWordsThatCount() throws {
        let world = try World().joined()
        let filler = String(repeating: " filler", count: 10_000)
        let posts = try (0..<18).map { try world.post(world.alice, "word\($0)" + filler) }
        _ = try world.alice.store.edit(posts[0].id, text: "another")
        _ = try world.alice.store.delete(posts[1].id)
        _ = try world.alice.store.edit(posts[17].id, text: "other")
        try world.sync(to: world.bob)
        for store in [world.alice.store, world.bob.store] {
            #expect(try self.texts(store, "word0 OR word1 OR word17") == [])
            #expect(try self.texts(store, "another OR other") == ["another", "other"])
            #expect(try self.texts(store, "word2 OR word16") == ["word2" + filler, "word16" + filler])
            #expect(try store.check().problems.isEmpty)
            try store.rebuild()
            #expect(try store.check().problems.isEmpty)
        }
    }

    /// A temporary file would hold text outside the home, where no purge reaches it.
    @Test func nothingIsSpilledIntoTemporaryFiles() throws {
        let world = try World()
        let store = world.alice.store
        for connection in [store.queue, store.reader] {
            #expect(try connection.read { try Int.fetchOne($0, sql: "PRAGMA temp_store") } == 2)
        }
    }

    @Test func filtersNarrowASearch() throws {
        let world = try World().joined()
        let other = try world.alice.store.createChannel(name: ChannelName(parsing: "other"), in: world.space)
        world.clock.advance(by: .seconds(10))
        try world.post(world.alice, "word one")
        world.clock.advance(by: .seconds(10))
        let middle = world.clock.now
        _ = try world.alice.store.post("word two", channel: other.id, in: world.space)
        let store = world.alice.store
        #expect(try self.texts(store, "word", MessageFilter(channel: other.id)) == ["word two"])
        #expect(try self.texts(store, "word", MessageFilter(since: middle)) == ["word two"])
        #expect(try self.texts(store, "word", MessageFilter(until: middle)) == ["word one"])
        #expect(try self.texts(store, "word", MessageFilter(author: world.bob.store.publicKey)) == [])
        #expect(try self.texts(store, "word", MessageFilter(space: other.id)) == [])
    }

    @Test func whatIsNoQuerySaysSo() throws {
        let world = try World()
        for match in ["\"", "AND", "nosuch:a", "(", "^", "*"] {
            #expect(throws: StoreError.badQuery, "\(match)") {
                try world.alice.store.search(match, MessageFilter())
            }
        }
    }

    /// More hits than are looked at one by one: the walk from the newest on finds the same ones.
    @Test func commonWordsAreFoundNewestFirst() throws {
        let world = try World()
        try world.post(world.alice, "template")
        let store = world.alice.store
        // Copies under other names, as many as one would have to write for weeks; the clock runs against
        // the numbers, so that the newest are not those that were stored last.
        try store.queue.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers LIMIT 11000)
                    INSERT INTO operations (id, space, author, sequence, clock, kind, channel, links, state,
                        size, arrival, received_at, admitted_at, envelope, salt, content)
                    SELECT randomblob(32), space, author, 1000000 + i, clock + (20000 - i) * 65536, kind,
                        channel, links, state, size, arrival + i, received_at, admitted_at, envelope, salt,
                        content
                    FROM operations, numbers WHERE kind = 2000
                    """)
            try db.execute(
                sql: """
                    INSERT INTO message_words (rowid, text) SELECT n, message_text(content) FROM operations
                    WHERE kind = 2000 AND n NOT IN (SELECT rowid FROM message_words)
                    """)
        }
        let all = try store.messages(MessageFilter(), limit: 30).map(\.id)
        #expect(try store.search("template", MessageFilter(), limit: 30).map(\.id) == all)
        #expect(try store.search("template", MessageFilter(), limit: 12_000).count == 11_001)
        #expect(try store.search("template", MessageFilter()).count == 11_001)
        #expect(try store.search("template NOT template", MessageFilter(), limit: 30).isEmpty)
    }

    @Test func aDatabaseOfBeforeIsIndexedWhenItIsOpened() throws {
        let world = try World()
        try world.post(world.alice, "written before")
        try world.alice.store.queue.write { db in
            try db.execute(sql: "DROP TRIGGER message_words_deleted")
            let later = ["file_chunks", "files", "file_references"]
            for table in ["message_words", "cursors", "parked"] + later {
                try db.execute(sql: "DROP TABLE \(table)")
            }
            try db.execute(sql: EarlierSchema.withoutContent)
            let step = try #require(Schema.steps.firstIndex(of: Schema.scripts))
            try db.execute(sql: "PRAGMA user_version = \(step)")
        }
        let store = try world.alice.reopened()
        #expect(try self.texts(store, "before") == ["written before"])
    }

    @Test func purgedContentIsNowhereOnTheDisk() throws {
        let world = try World().joined()
        let store = world.alice.store
        let secret = "xylophone" + String(repeating: " quartz", count: 2_000)
        for number in 0..<50 { try world.post(world.alice, "ordinary \(number)") }
        let message = try world.post(world.alice, secret)
        for number in 50..<100 { try world.post(world.alice, "ordinary \(number)") }
        #expect(try self.found("xylophone", in: store))
        #expect(try store.purgeContent(of: message.id) == .done)
        #expect(try !self.found("xylophone", in: store))
        #expect(try !self.found("quartz", in: store))
        #expect(try self.texts(store, "xylophone") == [])
        #expect(try store.search("ordinary", MessageFilter()).count == 100)
        let left = try #require(try store.operation(message.id))
        #expect(left.isHeaderOnly && left.envelope == message.envelope)
        #expect(try store.message(message.id)?.text == nil)
        #expect(try store.purgeContent(of: message.id) == .nothing)
        #expect(try store.purgeContent(of: world.space) == .nothing)
    }

    @Test func aReaderOfTheLogIsSaidToKeepIt() throws {
        let world = try World()
        let message = try world.post(world.alice, "short lived")
        let other = try DatabaseQueue(path: world.alice.store.home.databasePath)
        try other.inDatabase { db in
            try db.execute(sql: "BEGIN")
            _ = try Row.fetchOne(db, sql: "SELECT count(*) FROM operations")
            #expect(try world.alice.store.purgeContent(of: message.id) == .journalInUse)
            try db.execute(sql: "COMMIT")
        }
        #expect(try world.alice.store.cleanJournal())
        #expect(try !self.found("lived", in: world.alice.store))
    }

    /// Whether the bytes stand in the database or in its log.
    private func found(_ text: String, in store: Store) throws -> Bool {
        let bytes = Data(text.utf8)
        return try ["", "-wal"].contains { suffix in
            let path = store.home.databasePath + suffix
            guard FileManager.default.fileExists(atPath: path) else { return false }
            return try Data(contentsOf: URL(filePath: path)).range(of: bytes) != nil
        }
    }
}
