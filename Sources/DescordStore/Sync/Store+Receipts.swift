import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// An operation of ours that no other member has said to hold.
public struct OutboxEntry: Hashable, Sendable {
    public var operation: OperationID
    public var space: SpaceID
    public var queuedAt: WallTime
    /// How often somebody was looked for who would store it, found or not.
    public var attempts: Int
    public var lastAttempt: WallTime?
    public var lastError: String?
    /// The sequence number of its gossip message, the same at every attempt.
    public var gossipSeqno: UInt64
}

extension Store {
    // MARK: - Receipts

    /// Records that a peer said that it stored operations of ours durably, and takes them out of the outbox.
    ///
    /// Counts members alone, each once, never our own key; what is not ours is passed over. Returns the
    /// operations that this peer had not acknowledged before.
    @discardableResult
    public func recordReceipts(
        _ ids: [OperationID], from peer: PeerID, at time: WallTime? = nil
    ) throws(StoreError) -> [OperationID] {
        let time = time ?? self.wallTime()
        guard let member = peer.ed25519, member != self.publicKey, !ids.isEmpty else { return [] }
        return try self.write { db in
            var isMember: [SpaceID: Bool] = [:]
            var recorded: [OperationID] = []
            for id in ids {
                guard
                    let found = try db.row(
                        """
                        SELECT o.n, s.id AS space FROM operations o JOIN spaces s ON s.n = o.space
                        WHERE o.id = ? AND o.author = ?
                        """, [id.data, self.publicKey.data]),
                    let space = found.id("space")
                else { continue }
                if isMember[space] == nil {
                    isMember[space] = try SpaceRow.find(db, space).map {
                        try SpaceRules(StoreLookup(db: db, row: $0)).isMember(member)
                    }
                }
                guard isMember[space] == true else { continue }
                let number: Int64 = found["n"]
                try db.run(
                    "INSERT OR IGNORE INTO receipts VALUES (?, ?, ?)",
                    [number, member.data, time.milliseconds])
                guard db.changesCount > 0 else { continue }
                recorded.append(id)
                try db.run("DELETE FROM outbox WHERE n = ?", [number])
            }
            return recorded
        }
    }

    /// The members that said that they stored an operation, sorted.
    public func receiptPeers(of operation: OperationID) throws(StoreError) -> [PeerID] {
        try self.read { db in
            try db.rows(
                "SELECT r.member FROM receipts r JOIN operations o USING (n) WHERE o.id = ?", [operation.data]
            ).compactMap { $0.key("member") }.map { PeerID($0) }.sorted()
        }
    }

    // MARK: - Outbox

    /// What still waits for its first receipt, oldest first; spaces without any other member are left out
    /// unless `includesLocal`.
    public func outbox(
        space: SpaceID? = nil, includesLocal: Bool = false
    ) throws(StoreError) -> [OutboxEntry] {
        try self.read { db in
            let rows = try db.rows(
                """
                SELECT o.id, s.id AS space, b.*, o.gossip_seqno FROM outbox b
                JOIN operations o USING (n) JOIN spaces s ON s.n = o.space
                WHERE (?1 IS NULL OR s.id = ?1) AND (?2 OR \(Self.hasForeignOperations("?3")))
                ORDER BY b.n
                """, [space?.data, includesLocal, self.publicKey.data])
            return rows.compactMap { OutboxEntry($0) }
        }
    }

    /// The ids alone, of one space, oldest first.
    public func outboxIDs(of space: SpaceID, limit: Int = 10_000) throws(StoreError) -> [OperationID] {
        try self.read { db in
            try db.ids(
                """
                SELECT o.id FROM outbox b JOIN operations o USING (n) JOIN spaces s ON s.n = o.space
                WHERE s.id = ? ORDER BY b.n LIMIT ?
                """, [space.data, limit])
        }
    }

    /// Takes a gossip sequence number for a message that is no operation of ours.
    public func nextGossipSeqno(at now: WallTime? = nil) throws(StoreError) -> UInt64 {
        try self.authoring(now) { author in try author.nextGossipSeqno() }
    }

    /// Records that somebody was looked for who would store these operations and, perhaps, what went wrong.
    public func recordAttempt(
        _ ids: [OperationID], error: String?, at time: WallTime? = nil
    ) throws(StoreError) {
        let time = time ?? self.wallTime()
        try self.write { db in
            for id in ids {
                try db.run(
                    """
                    UPDATE outbox SET attempts = attempts + 1, last_attempt = ?, last_error = ?
                    WHERE n = (SELECT n FROM operations WHERE id = ?)
                    """, [time.milliseconds, error, id.data])
            }
        }
    }

    /// Forgets attempts and errors, so that everything counts as new; all entries without `ids`.
    @discardableResult
    public func retryOutbox(_ ids: [OperationID]? = nil) throws(StoreError) -> Int {
        try self.changeOutbox(ids, "UPDATE outbox SET attempts = 0, last_attempt = NULL, last_error = NULL")
    }

    /// Gives up pushing; the operations stay in their space and reach others when these ask. All without
    /// `ids`.
    @discardableResult
    public func dropOutbox(_ ids: [OperationID]? = nil) throws(StoreError) -> Int {
        try self.changeOutbox(ids, "DELETE FROM outbox")
    }

    private func changeOutbox(_ ids: [OperationID]?, _ sql: String) throws(StoreError) -> Int {
        try self.write { db in
            guard let ids else {
                try db.run(sql + " WHERE 1")
                return db.changesCount
            }
            var count = 0
            for id in ids {
                try db.run(sql + " WHERE n = (SELECT n FROM operations WHERE id = ?)", [id.data])
                count += db.changesCount
            }
            return count
        }
    }

    /// An operation of ours as it was authored, to be published again.
    public func publication(_ id: OperationID) throws(StoreError) -> Authored? {
        try self.read { db in
            try db.row(
                """
                SELECT envelope, salt, content, arrival, gossip_seqno FROM operations
                WHERE id = ? AND gossip_seqno IS NOT NULL
                """, [id.data]
            ).flatMap { Authored($0) }
        }
    }
}

extension OutboxEntry {
    init?(_ row: Row) {
        guard let operation = row.id("id"), let space = row.id("space") else { return nil }
        self.init(
            operation: operation, space: space, queuedAt: WallTime(milliseconds: row["queued_at"]),
            attempts: row["attempts"], lastAttempt: row.time("last_attempt"), lastError: row["last_error"],
            gossipSeqno: UInt64(bitPattern: row["gossip_seqno"]))
    }
}
