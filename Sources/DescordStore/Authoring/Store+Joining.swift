import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// Whether this home is a member of the space.
    public func holds(_ space: SpaceID) throws(StoreError) -> Bool {
        try self.read { db in try db.exists("SELECT 1 FROM spaces WHERE id = ? AND state = 1", [space.data]) }
    }

    /// Prepares for receiving a space that this home is about to join: nothing of it is shown before the
    /// admission. Every beginning that does not end in an admission is to be abandoned.
    public func beginJoin(_ space: SpaceID, name: String = "", at now: WallTime? = nil) throws(StoreError) {
        let now = now ?? self.wallTime()
        try self.write { db in
            try Self.changeJoins(db, of: space, by: 1)
            guard let row = try SpaceRow.find(db, space) else {
                _ = try SpaceRow.insert(db, space, name: name, state: .pending, now: now)
                return
            }
            guard row.state == .left else { return }
            row.state = .pending
            row.isDirty = true
            try row.save(db, now: now)
        }
    }

    /// Forgets what came of a join that failed, unless somebody else of this home is still joining; a space
    /// that was left before is left again.
    public func abandonJoin(_ space: SpaceID) throws(StoreError) {
        try self.write { db in
            guard try Self.changeJoins(db, of: space, by: -1) == 0 else { return }
            guard
                let row = try db.row(
                    "SELECT joined_at FROM spaces WHERE id = ? AND state = 0", [space.data])
            else { return }
            if (row["joined_at"] as Int64?) != nil {
                try db.run("UPDATE spaces SET state = 2 WHERE id = ?", [space.data])
            } else {
                try Self.forget(db, space)
            }
        }
    }

    /// Counts the joins of a space that are under way, in all processes; returns how many there are now. What
    /// a crash leaves counted goes with the space's rows: by the admission or by the sweep.
    @discardableResult
    private static func changeJoins(_ db: Database, of space: SpaceID, by change: Int64) throws -> Int64 {
        let key = self.joinsKey(space)
        let known = try db.integer("SELECT CAST(value AS INTEGER) FROM settings WHERE key = ?", [key]) ?? 0
        let count = max(0, known + change)
        if count == 0 {
            try db.run("DELETE FROM settings WHERE key = ?", [key])
        } else {
            try db.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", [key, String(count)])
        }
        return count
    }

    /// The setting that counts a space's joins under way.
    static func joinsKey(_ space: SpaceID) -> String { "joins/\(space.hex)" }

    /// Writes our `member join`, or returns the one that an earlier try left behind.
    ///
    /// It links to the invite and to the heads of the authority operations that were received. With a ticket,
    /// `ticketKey` signs for it.
    public func authorJoin(
        of space: SpaceID, invite: OperationID?, ticketKey: Ed25519.PrivateKey?, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            guard let row = try author.ingestion.row(space), row.state == .pending else {
                throw StoreError.unknownSpace
            }
            if let earlier = try author.earlierJoin(invite: invite, in: row) { return earlier }
            let signature = invite.flatMap { invite in
                ticketKey.map {
                    JoinProof.forOperation(space: space, invite: invite, joiner: self.publicKey, by: $0)
                }
            }
            if let invite {
                guard signature != nil,
                    try author.db.exists(
                        "SELECT 1 FROM operations WHERE id = ? AND space = ? AND state IN (0, 1)",
                        [invite.data, row.number])
                else { throw StoreError.unknownTarget }
            }
            let operation = try author.sign(
                MemberJoin(invite: invite, signature: signature), in: row,
                following: invite.map { [$0] } ?? [], joining: true)
            let judgement = try SpaceRules(StoreLookup(db: author.db, row: row)).judge(
                operation, now: author.now)
            switch judgement {
            case .admitted, .waiting: break
            default: throw StoreError.notPermitted
            }
            return try author.store(operation, judgement, in: row, isQueued: false)
        }
    }

    /// Writes our `member join` with a ticket.
    public func authorJoin(with ticket: Ticket, at now: WallTime? = nil) throws(StoreError) -> Authored {
        try self.authorJoin(of: ticket.space, invite: ticket.invite, ticketKey: ticket.key, at: now)
    }

    /// Writes our `member join` of a public space.
    public func authorPublicJoin(of space: SpaceID, at now: WallTime? = nil) throws(StoreError) -> Authored {
        try self.authorJoin(of: space, invite: nil, ticketKey: nil, at: now)
    }

    /// What an answering member did about a join.
    public enum Admission: Sendable {
        /// The newcomer is a member, by this `member admit`; `arrived` is what came into force with it.
        case admitted(admission: DescordCore.Operation, arrived: [AdmittedOperation])
        /// Nothing was stored.
        case refused(JoinVerdict)
    }

    /// Stores a newcomer's `member join` and writes its `member admit`, in one transaction; the verdict is
    /// taken inside it, so that one use lets one in however many ask at once.
    public func admit(
        _ request: DescordCore.Operation, at now: WallTime? = nil
    ) throws(StoreError) -> Admission {
        do throws(StoreError) {
            return try self.writeAdmission(of: request, at: now)
        } catch {
            // What the admission follows is ahead of our clock, so that its own is after the invite's end: it
            // would be void everywhere, and nothing of it was stored.
            switch error {
            case .notPermitted, .clockBehind: return .refused(.expired)
            default: throw error
            }
        }
    }

    private func writeAdmission(
        of request: DescordCore.Operation, at now: WallTime?
    ) throws(StoreError) -> Admission {
        try self.authoring(now) { author in
            guard let row = try author.ingestion.row(request.space), row.state == .joined,
                let join = request.payload(MemberJoin.self)
            else { return .refused(.unknown) }
            let rules = SpaceRules(StoreLookup(db: author.db, row: row))
            if let earlier = try author.earlierAdmission(of: request) {
                return .admitted(admission: earlier.operation, arrived: [])
            }
            let verdict = try rules.joinVerdict(
                invite: join.invite, joiner: request.author, admitter: self.publicKey, now: author.now)
            guard verdict == .allowed else { return .refused(verdict) }
            let isStored = try author.db.exists("SELECT 1 FROM operations WHERE id = ?", [request.id.data])
            if !isStored {
                guard try rules.judge(request, now: author.now) == .admitted(byMember: false) else {
                    return .refused(.unknown)
                }
                // A public space's strangers share one budget; who is over it may come again.
                // Whoever asks now is no history, whatever its clock says.
                let source = IngestSource.gossip(PeerID(request.author))
                guard case .requested = try author.ingestion.ingest(request, from: source) else {
                    return .refused(.usedUp)
                }
            }
            let admission = try author.write(
                MemberAdmit(join: request.id, member: request.author), in: request.space,
                following: [request.id])
            return .admitted(admission: admission.operation, arrived: author.ingestion.admitted)
        }
    }
}

extension AuthoringTransaction {
    /// Our join of an earlier try with the same invite that nobody admitted.
    func earlierJoin(invite: OperationID?, in row: SpaceRow) throws -> Authored? {
        let found = try self.db.row(
            """
            SELECT o.envelope, o.salt, o.content, o.arrival, o.gossip_seqno FROM requests r
                JOIN operations o USING (n)
            WHERE r.space = ? AND o.author = ? AND r.invite IS ? AND o.gossip_seqno IS NOT NULL
                AND o.state IN (0, 1)
                AND NOT EXISTS (SELECT 1 FROM admissions a WHERE a.request = r.id)
            ORDER BY o.sequence DESC LIMIT 1
            """, [row.number, self.key.publicKey.data, invite?.data])
        return found.flatMap { Authored($0) }
    }

    /// Our own admission of this very join, when the answer was lost and the newcomer asks again.
    func earlierAdmission(of request: Operation) throws -> Authored? {
        let found = try self.db.row(
            """
            SELECT o.envelope, o.salt, o.content, o.arrival, o.gossip_seqno FROM admissions a
                JOIN operations o USING (n)
            WHERE a.request = ? AND a.member = ? AND o.author = ? AND o.gossip_seqno IS NOT NULL
                AND o.state = 0
            """, [request.id.data, request.author.data, self.key.publicKey.data])
        return found.flatMap { Authored($0) }
    }
}

extension Authored {
    /// Reads `envelope, salt, content, arrival, gossip_seqno`.
    init?(_ row: Row) {
        guard let operation = Operation(row), let seqno = row["gossip_seqno"] as Int64? else { return nil }
        self.init(operation: operation, gossipSeqno: UInt64(bitPattern: seqno), arrival: row["arrival"])
    }
}

extension Ingestion {
    /// A pending space of which an admission of ours is stored, in force or waiting for its content, is
    /// joined; so is one that our own key made, in another home.
    mutating func completeJoins() throws {
        // Nearly always there is none, and this is asked in every transaction.
        guard try self.db.exists("SELECT 1 FROM spaces WHERE state = 0") else { return }
        let found = try self.db.ids(
            """
            SELECT DISTINCT s.id FROM spaces s CROSS JOIN admissions a ON a.space = s.n JOIN operations o
                ON o.n = a.n
            JOIN requests r ON r.id = a.request
            JOIN operations j ON j.n = r.n
            WHERE s.state = 0 AND a.member = ?1 AND j.author = ?2 AND o.state IN (0, 1)
                AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.space = s.n AND d.member = a.member
                    AND d.n > r.n)
            UNION SELECT s.id FROM spaces s CROSS JOIN operations g ON g.id = s.id
            WHERE s.state = 0 AND g.author = ?2 AND g.state = 0
                AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.space = s.n AND d.member = ?2)
            """, [self.own.data, self.own.data])
        for id in found {
            guard let row = try self.row(id) else { continue }
            row.state = .joined
            row.isDirty = true
            try self.db.run("DELETE FROM settings WHERE key = ?", [Store.joinsKey(id)])
        }
    }
}
