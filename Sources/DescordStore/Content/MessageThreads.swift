import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// A thread.
public struct ThreadSummary: Hashable, Sendable {
    public var id: OperationID
    public var space: SpaceID
    public var channel: ChannelID
    /// What it is about, or else the first line of the message that it hangs on as that stands now; to be
    /// shown only after cleaning.
    public var title: String?
    /// The message that it hangs on.
    public var root: OperationID?
    public var author: Ed25519.PublicKey
    /// By its author's clock.
    public var time: WallTime
    /// Messages in it, without the one that it hangs on.
    public var messages: Int
    /// The newest of them by its author's clock, or when it was begun.
    public var latest: WallTime
}

/// Threads: several that were begun on one message at once are one, named by the first.
enum MessageThreads {
    /// The thread that hangs on a message; nil when nobody began one.
    static func on(_ message: OperationID, _ db: Database) throws -> OperationID? {
        try self.all(on: message, db).first
    }

    /// The thread that another name of it means.
    static func canonical(_ thread: OperationID, _ db: Database) throws -> OperationID {
        let root = try db.row(
            "SELECT target FROM operations WHERE id = ? AND kind = 2030 AND state = 0", [thread.data]
        )?.id("target")
        return try root.flatMap { try self.on($0, db) } ?? thread
    }

    /// The message that a thread hangs on, and every name of it; `id` is a thread or a message.
    static func names(
        of id: OperationID, _ db: Database
    ) throws -> (
        root: OperationID?, names: [OperationID]
    ) {
        let found = try db.row(
            "SELECT kind, target FROM operations WHERE id = ? AND kind IN (2000, 2030) AND state = 0",
            [id.data])
        guard let found else { return (nil, []) }
        if found["kind"] == 2000 {
            if let thread = found.id("target") { return try self.names(of: thread, db) }
            return (id, try self.all(on: id, db))
        }
        guard let root = found.id("target") else { return (nil, [id]) }
        return (root, try self.all(on: root, db))
    }

    private static func all(on message: OperationID, _ db: Database) throws -> [OperationID] {
        try db.ids(
            "SELECT id FROM operations WHERE target = ? AND kind = 2030 AND state = 0 ORDER BY clock, id",
            [message.data])
    }
}

extension Store {
    /// The threads of a space, or of one of its channels, those with the newest messages first.
    public func threads(of space: SpaceID, channel: ChannelID? = nil) throws(StoreError) -> [ThreadSummary] {
        try self.read { db in
            let rows = try db.rows(
                """
                SELECT o.id, o.author, o.channel, o.clock, o.target, o.content FROM operations o
                JOIN spaces s ON s.n = o.space
                WHERE s.id = ?1 AND s.state = 1 AND o.kind = 2030 AND o.state = 0
                    AND (?2 IS NULL OR o.channel = ?2)
                ORDER BY o.clock, o.id
                """, [space.data, channel?.data])
            var roots: Set<OperationID> = []
            var threads: [ThreadSummary] = []
            for row in rows {
                guard let id = row.id("id"), let author = row.key("author"), let channel = row.id("channel")
                else { continue }
                let root = row.id("target")
                if let root, !roots.insert(root).inserted { continue }
                let time = Self.time(row["clock"])
                var thread = ThreadSummary(
                    id: id, space: space, channel: channel,
                    title: try Self.title(row["content"], root: root, db),
                    root: root, author: author, time: time, messages: 0, latest: time)
                for name in try MessageThreads.names(of: id, db).names {
                    let counted = try db.row(
                        """
                        SELECT count(*) AS messages, max(clock) AS latest FROM operations
                        WHERE target = ? AND kind = 2000 AND state = 0
                        """, [name.data])
                    thread.messages += counted?["messages"] ?? 0
                    if let latest = counted?["latest"] as Int64? {
                        thread.latest = max(thread.latest, Self.time(latest))
                    }
                }
                threads.append(thread)
            }
            return threads.sorted { ($1.latest, $0.id) < ($0.latest, $1.id) }
        }
    }

    private static func title(_ content: Data?, root: OperationID?, _ db: Database) throws -> String? {
        if let title = content.flatMap({ ThreadCreate(decoding: Array($0)) })?.title, !title.isEmpty {
            return title
        }
        guard let root, try !MessageActs.isDeleted(root, db) else { return nil }
        let content =
            try db.row(
                "SELECT content FROM operations WHERE id = ? AND state = 0", [root.data])?["content"] as Data?
        let text =
            try MessageActs.winningEdit(of: root, db)?.text
            ?? content.flatMap { MessagePost(decoding: Array($0)) }?.text
        return text?.split(whereSeparator: \.isNewline).first.map(String.init)
    }

    private static func time(_ clock: Int64) -> WallTime {
        HybridLogicalClock(rawValue: UInt64(bitPattern: clock)).wallTime
    }
}
