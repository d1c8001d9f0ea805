import DescordCore
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct CursorTests {
    @Test func aCursorNeverMovesBack() throws {
        let world = try World()
        let store = world.alice.store
        let key = CursorKey(name: "bot", space: world.space)
        #expect(try store.cursor(key) == nil)
        #expect(try store.beginCursor(key, since: nil) == CursorPlace(position: 0))
        try store.moveCursor(key, to: 7)
        try store.moveCursor(key, to: 3)
        #expect(try store.cursor(key)?.position == 7)
        #expect(try store.beginCursor(key, since: world.clock.now)?.position == 7)
    }

    @Test func aPlaceIsOfANameASpaceAndAChannel() throws {
        let world = try World()
        let store = world.alice.store
        let keys = [
            CursorKey(name: "bot", space: world.space),
            CursorKey(name: "bot", space: world.space, channel: world.channel),
            CursorKey(name: "other", space: world.space),
        ]
        for (number, key) in keys.enumerated() {
            _ = try store.beginCursor(key, since: nil)
            try store.moveCursor(key, to: Int64(number + 1))
        }
        #expect(try store.cursors().map(\.key) == keys)
        #expect(try keys.map { try store.cursor($0)?.position } == [1, 2, 3])
        #expect(try store.removeCursors(named: "bot") == 2)
        #expect(try store.cursors().map(\.key) == [keys[2]])
    }

    @Test func movingACursorLeavesTheNextCommitSynced() throws {
        let world = try World()
        let key = CursorKey(name: "bot", space: world.space)
        _ = try world.alice.store.beginCursor(key, since: nil)
        try world.alice.store.moveCursor(key, to: 1)
        let mode = try world.alice.store.queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(mode == 2)  // FULL
    }

    @Test func cursorsAndParkedMessagesAreBounded() throws {
        let world = try World()
        let store = world.alice.store
        let message = try world.post(world.alice, "one")
        let key = CursorKey(name: "bot", space: world.space)
        _ = try store.beginCursor(key, since: nil)
        try store.queue.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers LIMIT 999)
                    INSERT INTO cursors SELECT 'n' || i, space, channel, 0, NULL, 0, 0 FROM cursors, numbers
                    """)
            try db.execute(
                sql: """
                    WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers LIMIT 1000)
                    INSERT INTO parked SELECT 'bot', space, channel, randomblob(32), 1, 'exit 1', 0, 0
                    FROM cursors, numbers WHERE name = 'bot'
                    """)
        }
        #expect(try store.beginCursor(CursorKey(name: "more", space: world.space), since: nil) == nil)
        #expect(try store.park(message.id, arrival: 9, for: key, attempts: 1, error: "exit 1") == false)
        #expect(try store.cursor(key)?.position == 0)
        #expect(try store.dropParked(named: "bot", nil) == 1_000)
        #expect(try store.park(message.id, arrival: 9, for: key, attempts: 1, error: "exit 1"))
        #expect(try store.cursor(key)?.position == 9)
    }
}
