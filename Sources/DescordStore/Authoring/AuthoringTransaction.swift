import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// Writes operations of this home within one write transaction.
///
/// The place in the chain, the links, the clock and the gossip number are taken in the transaction that
/// stores the operation, so that any number of processes never write two operations of one sequence number.
struct AuthoringTransaction {
    let db: Database
    let key: Ed25519.PrivateKey
    let now: WallTime
    var ingestion: Ingestion

    init(_ db: Database, key: Ed25519.PrivateKey, now: WallTime) throws {
        self.db = db
        self.key = key
        self.now = now
        self.ingestion = try Ingestion(db, own: key.publicKey, now: now)
    }

    /// Ends the transaction's bookkeeping.
    mutating func finish() throws {
        try self.ingestion.completeJoins()
        try self.ingestion.finish()
    }

    /// Makes a space.
    mutating func genesis(_ body: SpaceCreate) throws -> Authored {
        let header = OperationHeader(
            space: nil, sequence: 0, previous: nil, dependencies: [], clock: HybridLogicalClock(self.now),
            kind: .spaceCreate, nonce: Entropy.bytes(OperationHeader.nonceSize), body: body.encoded)
        let operation = try Operation(signing: header, by: self.key)
        let row = try SpaceRow.insert(self.db, operation.id, name: body.name, state: .joined, now: self.now)
        self.ingestion.adopt(row)
        return try self.store(operation, .admitted(byMember: true), in: row, isQueued: true)
    }

    /// Writes an operation of a joined space, and queues it for the others.
    mutating func write<Payload: OperationPayload>(
        _ payload: Payload, in space: SpaceID, channel: ChannelID? = nil, target: OperationID? = nil,
        following required: [OperationID] = []
    ) throws -> Authored {
        try self.ingestion.releaseHeld()
        guard let row = try self.ingestion.row(space), row.state == .joined else {
            throw StoreError.unknownSpace
        }
        var operation = try self.sign(
            payload, in: row, channel: channel, target: target, following: required)
        let rules = SpaceRules(StoreLookup(db: self.db, row: row))
        var judgement = try rules.judge(operation, now: self.now)
        if judgement == .void, let channel, try self.isLinkable(channel) {
            // Of many heads eight are linked to; when the channel is in the past of none, it is itself.
            operation = try self.sign(
                payload, in: row, channel: channel, target: target, following: required + [channel])
            judgement = try rules.judge(operation, now: self.now)
        }
        switch judgement {
        case .admitted, .waiting, .held: break
        case .void, .invalid, .revoked, .ignored:
            if let lead = try self.lead(of: row) { throw StoreError.clockBehind(seconds: lead) }
            throw StoreError.notPermitted
        }
        return try self.store(operation, judgement, in: row, isQueued: true)
    }

    /// Refuses a channel that the space does not have.
    mutating func requireChannel(_ channel: ChannelID, in space: SpaceID) throws {
        guard let row = try self.ingestion.row(space), row.state == .joined else {
            throw StoreError.unknownSpace
        }
        guard
            try self.db.exists(
                "SELECT 1 FROM operations WHERE id = ? AND space = ? AND kind = ? AND state = 0",
                [channel.data, row.number, OperationKind.channelCreate.rawValue])
        else { throw StoreError.unknownTarget }
    }

    /// How many seconds the newest head is ahead of our clock, when that is too far for us to follow it.
    private func lead(of row: SpaceRow) throws -> Int64? {
        try row.saveFrontiers(self.db)
        let newest = try self.db.integer(
            "SELECT max(o.clock) FROM tips t JOIN operations o ON o.id = t.id WHERE t.space = ?",
            [row.number])
        guard let clock = newest.map({ HybridLogicalClock(rawValue: UInt64(bitPattern: $0)) }),
            !clock.isLinkable(at: self.now)
        else { return nil }
        return (clock.wallTime.milliseconds - self.now.milliseconds) / 1_000
    }

    private func isLinkable(_ id: OperationID) throws -> Bool {
        try self.db.integer("SELECT clock FROM operations WHERE id = ?", [id.data])
            .map { HybridLogicalClock(rawValue: UInt64(bitPattern: $0)).isLinkable(at: self.now) } ?? false
    }

    // MARK: - Signing and storing

    /// Signs an operation at the end of our chain.
    func sign<Payload: OperationPayload>(
        _ payload: Payload, in row: SpaceRow, channel: ChannelID? = nil, target: OperationID? = nil,
        following required: [OperationID] = [],
        joining: Bool = false
    ) throws -> Operation {
        let author = self.key.publicKey.data
        if try self.db.exists("SELECT 1 FROM forks WHERE space = ? AND author = ?", [row.number, author]) {
            throw StoreError.forkedKey
        }
        let previous = try self.db.row(
            """
            SELECT id, clock, sequence FROM operations WHERE space = ? AND author = ?
            ORDER BY sequence DESC LIMIT 1
            """, [row.number, author])
        let linker = LinkChoice(
            db: self.db, row: row, own: self.key.publicKey, previous: previous?.id("id"), now: self.now)
        let dependencies = try linker.dependencies(required: required, joining: joining)
        let clocks = try ([previous?.id("id")].compactMap { $0 } + dependencies).compactMap {
            try linker.clock(of: $0)
        }
        guard let clock = HybridLogicalClock.next(after: clocks, now: self.now) else {
            throw StoreError.clockExhausted
        }
        let sequence = previous.map { UInt64(bitPattern: $0["sequence"]) + 1 } ?? 0
        let isContent = Payload.kind.operationClass == .content
        let header = OperationHeader(
            space: row.id, sequence: sequence, previous: previous?.id("id"), dependencies: dependencies,
            clock: clock, kind: Payload.kind, channel: channel, target: target,
            body: isContent ? nil : payload.encoded)
        return try Operation(
            signing: header, content: isContent ? payload.encoded : nil,
            salt: isContent ? Entropy.bytes(Operation.saltSize) : nil, by: self.key)
    }

    /// Stores an operation of ours, gives it its gossip number and queues it.
    mutating func store(
        _ operation: Operation, _ judgement: SpaceRules<StoreLookup>.Judgement, in row: SpaceRow,
        isQueued: Bool
    ) throws -> Authored {
        let verdict = try self.ingestion.store(operation, judgement, in: row)
        let seqno = try self.nextGossipSeqno()
        try self.db.run(
            "UPDATE operations SET gossip_seqno = ? WHERE id = ?",
            [Int64(bitPattern: seqno), operation.id.data])
        if isQueued {
            try self.db.run(
                "INSERT INTO outbox (n, queued_at) SELECT n, ? FROM operations WHERE id = ?",
                [self.now.milliseconds, operation.id.data])
        }
        switch verdict {
        case .stored(let arrival), .requested(let arrival):
            return Authored(operation: operation, gossipSeqno: seqno, arrival: arrival)
        default:
            return Authored(operation: operation, gossipSeqno: seqno, arrival: nil)
        }
    }

    /// Takes the next gossip number: the time in nanoseconds, or one more than the last, whichever is
    /// greater.
    func nextGossipSeqno() throws -> UInt64 {
        let time = UInt64(max(0, self.now.milliseconds)) * 1_000_000
        let text = try String.fetchOne(
            self.db.cachedStatement(sql: "SELECT value FROM settings WHERE key = 'gossip_seqno'"))
        let seqno = max(time, text.flatMap { UInt64($0) }.map { $0 + 1 } ?? 0)
        try self.db.run("INSERT OR REPLACE INTO settings VALUES ('gossip_seqno', ?)", [String(seqno)])
        return seqno
    }
}
