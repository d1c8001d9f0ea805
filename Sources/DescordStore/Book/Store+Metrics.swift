import Foundation
import GRDB
import LibP2PCore

/// The counters of one topic, summed over runs.
public struct TopicMetrics: Hashable, Sendable {
    public var topic: String
    public var messagesPublished: Int64 = 0
    public var messagesReceived: Int64 = 0
    public var duplicatesReceived: Int64 = 0
    /// Peers in the mesh when it was last looked at.
    public var meshPeers: Int64 = 0
    public var lastActivity: WallTime?
    /// Every other counter by its name.
    public var more: [String: Int64] = [:]

    public init(topic: String) {
        self.topic = topic
    }
}

extension Store {
    private static let gauge = "mesh_peers"
    private static let activity = "last_activity"

    /// Adds what a run counted since it last did this; `meshPeers` replaces, `lastActivity` only grows.
    public func addMetrics(_ metrics: [TopicMetrics], at time: WallTime? = nil) throws(StoreError) {
        let minute = (time ?? self.wallTime()).milliseconds / 60_000
        try self.write { db in
            for topic in metrics {
                var counters = topic.more
                counters["messages_published"] = topic.messagesPublished
                counters["messages_received"] = topic.messagesReceived
                counters["duplicates_received"] = topic.duplicatesReceived
                for (name, value) in counters.sorted(by: { $0.key < $1.key }) where value != 0 {
                    try Self.put(db, topic.topic, name, minute, value, "value + excluded.value")
                }
                try Self.put(db, topic.topic, Self.gauge, minute, topic.meshPeers, "excluded.value")
                if let last = topic.lastActivity {
                    try Self.put(
                        db, topic.topic, Self.activity, minute, last.milliseconds,
                        "max(value, excluded.value)")
                }
            }
        }
    }

    /// The counters of one topic or all, sorted by topic, since a time (by the minute) or ever.
    public func metrics(topic: String? = nil, since: WallTime? = nil) throws(StoreError) -> [TopicMetrics] {
        let minute = (since?.milliseconds).map { $0 / 60_000 } ?? 0
        return try self.read { db in
            let rows = try db.rows(
                """
                SELECT topic, name, sum(value) AS total, max(value) AS greatest, max(minute) AS minute
                FROM metrics
                WHERE (?1 IS NULL OR topic = ?1) AND minute >= ?2 GROUP BY topic, name ORDER BY topic, name
                """, [topic, minute])
            var found: [TopicMetrics] = []
            for row in rows {
                let name: String = row["name"]
                if found.last?.topic != row["topic"] { found.append(TopicMetrics(topic: row["topic"])) }
                var metrics = found.removeLast()
                switch name {
                case "messages_published": metrics.messagesPublished = row["total"]
                case "messages_received": metrics.messagesReceived = row["total"]
                case "duplicates_received": metrics.duplicatesReceived = row["total"]
                case Self.activity: metrics.lastActivity = row.time("greatest")
                case Self.gauge:
                    metrics.meshPeers =
                        try db.integer(
                            "SELECT value FROM metrics WHERE topic = ? AND name = ? AND minute = ?",
                            [metrics.topic, Self.gauge, row["minute"] as Int64]) ?? 0
                default: metrics.more[name] = row["total"]
                }
                found.append(metrics)
            }
            return found
        }
    }

    private static func put(
        _ db: Database, _ topic: String, _ name: String, _ minute: Int64, _ value: Int64, _ merge: String
    ) throws {
        try db.run(
            """
            INSERT INTO metrics VALUES (?, ?, ?, ?)
            ON CONFLICT (topic, name, minute) DO UPDATE SET value = \(merge)
            """, [topic, name, minute, value])
    }
}
