import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// Which messages are wanted.
public struct MessageFilter: Hashable, Sendable {
    public var space: SpaceID?
    public var channel: ChannelID?
    /// A thread, or the message that one hangs on: that message, and those in the thread.
    public var thread: OperationID?
    public var author: Ed25519.PublicKey?
    /// Only what is pinned now.
    public var isPinned: Bool
    /// By the author's clock, from this time on.
    public var since: WallTime?
    /// By the author's clock, before this time.
    public var until: WallTime?

    public init(
        space: SpaceID? = nil, channel: ChannelID? = nil, thread: OperationID? = nil,
        author: Ed25519.PublicKey? = nil, isPinned: Bool = false, since: WallTime? = nil,
        until: WallTime? = nil
    ) {
        self.space = space
        self.channel = channel
        self.thread = thread
        self.author = author
        self.isPinned = isPinned
        self.since = since
        self.until = until
    }
}

extension Store {
    /// The last `limit` messages, or all, in the order in which they are shown: by clock, then id.
    public func messages(_ filter: MessageFilter, limit: Int? = nil) throws(StoreError) -> [MessageSummary] {
        try self.read { db in
            let (condition, arguments) = try Self.condition(filter, db)
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        \(Self.columns) \(Self.table) WHERE \(condition)
                        ORDER BY o.clock DESC, o.id DESC LIMIT ?
                        """),
                arguments: StatementArguments(arguments + [filter.isPinned ? -1 : limit ?? -1]))
            let found = try self.summaries(db, rows)
            guard filter.isPinned else { return found.reversed() }
            return found.filter(\.isPinned).prefix(limit ?? .max).reversed()
        }
    }

    /// What came into force after an arrival number, messages and what happened to them, in the order of
    /// arrival; at most `limit`. Each with its message as that stands now.
    public func messages(
        after arrival: Int64, _ filter: MessageFilter = MessageFilter(), limit: Int = 1_000
    ) throws(StoreError) -> [MessageSummary] {
        try self.read { db in
            let (condition, arguments) = try Self.condition(filter, db)
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    // By the index of arrivals: who follows a space asks this for every message, and must not
                    // read the whole history for it.
                    sql: """
                        \(Self.columnsOfEvents) \(Self.tableOfEventsFirst)
                        WHERE e.arrival > ? AND e.state = 0 AND e.kind BETWEEN 2000 AND 2021
                            AND \(condition)
                        ORDER BY e.arrival LIMIT ?
                        """),
                arguments: StatementArguments([arrival] + arguments + [limit]))
            return try self.summaries(db, rows)
        }
    }

    /// What came into force by one operation: a message, or what happened to one.
    public func event(of act: OperationID) throws(StoreError) -> MessageSummary? {
        try self.read { db in
            let rows = try db.rows(
                """
                \(Self.columnsOfEvents) \(Self.tableOfEventsFirst)
                WHERE e.id = ? AND e.state = 0 AND e.kind BETWEEN 2000 AND 2021
                    AND o.kind = 2000 AND o.state = 0
                """, [act.data])
            return try self.summaries(db, rows).first
        }
    }

    /// One message.
    public func message(_ id: OperationID) throws(StoreError) -> MessageSummary? {
        try self.read { db in
            let rows = try db.rows(
                "\(Self.columns) \(Self.table) WHERE o.kind = 2000 AND o.state = 0 AND o.id = ?", [id.data])
            return try self.summaries(db, rows).first
        }
    }

    /// The newest arrival number, 0 when there is none.
    public func newestArrival() throws(StoreError) -> Int64 {
        try self.read { db in try db.integer("SELECT max(arrival) FROM operations") ?? 0 }
    }

    /// A stored operation, whatever became of it.
    public func operation(_ id: OperationID) throws(StoreError) -> DescordCore.Operation? {
        try self.read { db in try Operation.find(db, id) }
    }

    /// What became of a stored operation.
    public func state(of id: OperationID) throws(StoreError) -> OperationState? {
        try self.read { db in
            try db.integer("SELECT state FROM operations WHERE id = ?", [id.data])
                .flatMap { OperationState(rawValue: Int($0)) }
        }
    }

    static let columns = """
        SELECT o.n, o.id, o.author, o.channel, o.clock, o.arrival, o.admitted_at, o.content, o.target,
            s.n AS space_number, s.id AS space, s.name AS space_name
        """
    private static let columnsOfEvents =
        columns + ", e.kind AS event, e.author AS actor, e.arrival AS event_arrival, e.id AS act"
    static let table = "FROM operations o JOIN spaces s ON s.n = o.space"
    /// The same, found by the operations that something happened by: SQLite keeps the order of a cross join.
    private static let tableOfEventsFirst = """
        FROM operations e CROSS JOIN operations o ON o.id = CASE e.kind WHEN 2000 THEN e.id ELSE e.target END
        CROSS JOIN spaces s ON s.n = o.space
        """

    static func condition(
        _ filter: MessageFilter, _ db: Database
    ) throws -> (String, [(any DatabaseValueConvertible)?]) {
        var parts = ["o.kind = 2000 AND o.state = 0 AND s.state = 1"]
        var arguments: [(any DatabaseValueConvertible)?] = []
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            parts.append(condition)
            arguments.append(value)
        }
        func clock(_ time: WallTime) -> Int64 {
            // Stored clocks are at most a day ahead of a wall clock, and fit.
            Int64(bitPattern: min(HybridLogicalClock(time).rawValue, UInt64(Int64.max)))
        }
        if let space = filter.space { add("s.id = ?", space.data) }
        if let channel = filter.channel { add("o.channel = ?", channel.data) }
        if let author = filter.author { add("o.author = ?", author.data) }
        if let since = filter.since { add("o.clock >= ?", clock(since)) }
        if let until = filter.until { add("o.clock < ?", clock(until)) }
        if filter.isPinned {
            parts.append("o.id IN (SELECT target FROM operations WHERE kind = 2020 AND state = 0)")
        }
        if let thread = filter.thread {
            let (root, names) = try MessageThreads.names(of: thread, db)
            let places = (names.map { _ in "o.target = ?" } + ["o.id = ?"]).joined(separator: " OR ")
            parts.append("(\(places))")
            arguments += names.map(\.data) + [(root ?? thread).data]
        }
        return (parts.joined(separator: " AND "), arguments)
    }

    func summaries(_ db: Database, _ rows: [Row]) throws -> [MessageSummary] {
        var names: [SpaceID: [ChannelID: String]] = [:]
        var profiles: [SpaceID: Profiles] = [:]
        return try rows.compactMap { row in
            guard let id = row.id("id"), let space = row.id("space"), let channel = row.id("channel"),
                let author = row.key("author")
            else { return nil }
            if names[space] == nil {
                let channels = try SpaceRow.find(db, space).map { try Self.channels(db, $0) } ?? []
                names[space] = Dictionary(
                    channels.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
            }
            // A message in a channel that the space does not have is not shown.
            guard let channelName = names[space]?[channel] else { return nil }
            let post = (row["content"] as Data?).flatMap { MessagePost(decoding: Array($0)) }
            let acts = try MessageActs.of(id, db)
            if profiles[space] == nil { profiles[space] = Profiles(space: row["space_number"]) }
            let event = row["event"] as UInt32?
            // An operation of a kind that came later happened to it, too; there is no word for that yet.
            guard
                let happened = MessageEvent(
                    event.flatMap { OperationKind(rawValue: $0) } ?? .messagePost)
            else { return nil }
            let isOwn = author == self.publicKey
            return MessageSummary(
                id: id, space: space, spaceName: row["space_name"], channel: channel,
                channelName: channelName,
                thread: try row.id("target").map { try MessageThreads.canonical($0, db) }, author: author,
                time: HybridLogicalClock(rawValue: UInt64(bitPattern: row["clock"])).wallTime,
                received: WallTime(milliseconds: row["admitted_at"]),
                arrival: row["event_arrival"] ?? row["arrival"],
                text: acts.isDeleted ? nil : acts.edit?.text ?? post?.text, isEdited: acts.isEdited,
                isDeleted: acts.isDeleted, isPinned: acts.isPinned,
                reactions: acts.reactions, replyTo: post?.replyTo,
                mentions: acts.isDeleted ? [] : acts.edit?.mentions ?? post?.mentions ?? [],
                authorName: try profiles[space]?.profile(of: author, db)?.name, event: happened,
                actor: row.key("actor") ?? author, act: row.id("act") ?? id,
                storedBy: isOwn
                    ? try db.integer("SELECT count(*) FROM receipts WHERE n = ?", [row["n"] as Int64]).map {
                        Int($0)
                    }
                    : nil,
                files: post?.files ?? [])
        }
    }
}
