import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// What is measured adds up in the database, over runs and for ever.
@Suite struct MetricsStoreTests {
    @Test func metricsAddUpOverRunsAndSinceATime() throws {
        let world = try World()
        var first = TopicMetrics(topic: "t")
        first.messagesPublished = 3
        first.duplicatesReceived = 1
        first.meshPeers = 4
        first.lastActivity = world.clock.now
        first.more = ["graft": 2]
        try world.alice.store.addMetrics([first])
        world.clock.advance(by: .seconds(600))
        let middle = world.clock.now
        var second = TopicMetrics(topic: "t")
        second.messagesPublished = 5
        second.meshPeers = 1
        second.lastActivity = world.clock.now
        second.more = ["graft": 1]
        let store = try world.alice.reopened()
        try store.addMetrics([second, TopicMetrics(topic: "u")])
        try store.addMetrics([second])
        let all = try #require(try store.metrics(topic: "t").first)
        #expect(all.messagesPublished == 13 && all.duplicatesReceived == 1 && all.more == ["graft": 4])
        #expect(all.meshPeers == 1 && all.lastActivity == second.lastActivity)
        let recent = try #require(try store.metrics(topic: "t", since: middle).first)
        #expect(recent.messagesPublished == 10 && recent.more == ["graft": 2])
        #expect(try store.metrics().map(\.topic) == ["t", "u"])
    }

    @Test func gaugesAreTheLastOnesAndCountersAllOfThem() throws {
        let world = try World()
        let store = world.alice.store
        for (gauge, count) in [(7, 1), (3, 2)] as [(Int64, Int64)] {
            var metrics = TopicMetrics(topic: "t")
            metrics.gauges = ["subscribers": gauge]
            metrics.more = ["subscribers": count]
            try store.addMetrics([metrics])
            world.clock.advance(by: .seconds(120))
        }
        let found = try #require(try store.metrics().first)
        #expect(found.gauges == ["subscribers": 3])
        #expect(found.more == ["subscribers": 3])
        let minute = (world.clock.now.milliseconds - 120_000) / 60_000
        #expect(found.recorded == WallTime(milliseconds: minute * 60_000))
    }

    @Test func oldMetricsAreAddedUpAndStayWhatTheyAre() throws {
        let world = try World()
        let store = world.alice.store
        // What a node leaves that records every minute of a day, and twice a day for four years before it.
        let now = world.clock.now.milliseconds / 60_000
        let minutes = (1...3_000).map { now - 1_440 - 720 * Int64($0) } + (0..<1_440).map { now - Int64($0) }
        try store.queue.write { db in
            for minute in minutes {
                let value: Int64 = minute > now - 1_440 ? 1_440 : 3_000
                for (name, value) in [
                    ("messages_received", 1), ("mesh_peers", value), ("@subscribers", value),
                    ("last_activity", minute * 60_000),
                ] {
                    try db.run("INSERT INTO metrics VALUES ('t', ?, ?, ?)", [name, minute, value])
                }
            }
        }
        let last = WallTime(milliseconds: now * 60_000)
        func rows() throws -> Int {
            Int(try store.queue.read { try $0.integer("SELECT count(*) FROM metrics") } ?? 0)
        }
        let before = try rows()
        try store.compactMetrics()
        let after = try rows()
        #expect(after < before && after < 4 * (1_440 + 48 + 60 * 2 + 800 + 5))
        let found = try #require(try store.metrics().first)
        #expect(found.messagesReceived == 4_440)
        #expect(found.meshPeers == 1_440 && found.gauges == ["subscribers": 1_440])
        #expect(found.lastActivity == last)
        let recent = try #require(try store.metrics(since: last - .seconds(59 * 60)).first)
        #expect(recent.messagesReceived == 60)
        // A second look changes nothing.
        world.clock.advance(by: .seconds(7 * 3_600))
        try store.compactMetrics()
        #expect(try store.metrics().first?.messagesReceived == 4_440)
        #expect(try store.metrics().first?.meshPeers == 1_440)
    }
}
