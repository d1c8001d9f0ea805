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
    /// How the topic stood when it was last looked at, by name.
    public var gauges: [String: Int64] = [:]
    /// The minute in which something was recorded last.
    public internal(set) var recorded: WallTime?

    public init(topic: String) {
        self.topic = topic
    }
}

extension Store {
    private static let meshPeers = "mesh_peers"
    private static let activity = "last_activity"
    /// What the names of gauges begin with, which a later value replaces.
    private static let gauge = "@"

    /// Adds what a run counted since it last did this; `meshPeers` and gauges replace, `lastActivity` only
    /// grows.
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
                for (name, value) in topic.gauges.sorted(by: { $0.key < $1.key }) {
                    try Self.put(db, topic.topic, Self.gauge + name, minute, value, "excluded.value")
                }
                try Self.put(db, topic.topic, Self.meshPeers, minute, topic.meshPeers, "excluded.value")
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
                case Self.meshPeers,
                    _ where name.hasPrefix(Self.gauge):
                    let value =
                        try db.integer(
                            "SELECT value FROM metrics WHERE topic = ? AND name = ? AND minute = ?",
                            [metrics.topic, name, row["minute"] as Int64]) ?? 0
                    if name == Self.meshPeers {
                        metrics.meshPeers = value
                    } else {
                        metrics.gauges[String(name.dropFirst(Self.gauge.count))] = value
                    }
                default: metrics.more[name] = row["total"]
                }
                let recorded = WallTime(milliseconds: (row["minute"] as Int64) * 60_000)
                metrics.recorded = metrics.recorded.map { max($0, recorded) } ?? recorded
                found.append(metrics)
            }
            return found
        }
    }

    // MARK: - Compaction

    /// After so many minutes only the minutes that begin so long a period are kept: a list of minutes, hours,
    /// days and years stays short however long a node counts.
    private static let periods: [(age: Int64, minutes: Int64)] = [
        (2 * 1_440, 60), (60 * 1_440, 1_440), (800 * 1_440, 525_600),
    ]

    /// So often it is looked whether there is something to add up, in minutes; looking reads every row.
    private static let compactionInterval: Int64 = 360
    private static let compactionKey = "metrics/compacted"

    /// Adds up old minutes into hours, old hours into days, and old days into years; sums stay what they are.
    /// Cheap when that was done a short while ago.
    public func compactMetrics(at time: WallTime? = nil) throws(StoreError) {
        let now = (time ?? self.wallTime()).milliseconds / 60_000
        let last = try self.read { db in
            try db.integer(
                "SELECT CAST(value AS INTEGER) FROM settings WHERE key = ?", [Self.compactionKey])
        }
        if let last, last <= now, now - last < Self.compactionInterval { return }
        try self.write { db in
            try db.run(
                "INSERT OR REPLACE INTO settings VALUES (?, ?)", [Self.compactionKey, String(now)])
            for period in Self.periods {
                let old = [now - period.age, period.minutes]
                // Of gauges the last one of the period stays, of the last activity the greatest.
                for (rule, value, merge) in [
                    (
                        "name NOT LIKE '@%' AND name NOT IN ('mesh_peers', 'last_activity')", "sum(value)",
                        "value + excluded.value"
                    ),
                    ("name LIKE '@%' OR name = 'mesh_peers'", "value", "excluded.value"),
                    ("name = 'last_activity'", "max(value)", "max(value, excluded.value)"),
                ] {
                    try db.run(
                        """
                        INSERT INTO metrics
                        SELECT topic, name, start, amount FROM (
                            SELECT topic, name, minute - minute % ?2 AS start, \(value) AS amount,
                                max(minute) AS last
                            FROM metrics WHERE minute < ?1 AND minute % ?2 <> 0 AND (\(rule))
                            GROUP BY topic, name, start)
                        WHERE true
                        ON CONFLICT (topic, name, minute) DO UPDATE SET value = \(merge)
                        """, [old[0], old[1]])
                }
                try db.run("DELETE FROM metrics WHERE minute < ? AND minute % ? <> 0", [old[0], old[1]])
            }
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
