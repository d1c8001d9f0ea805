import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// The spaces that this home is a member of, in the order in which it created or joined them.
    public func spaces() throws(StoreError) -> [SpaceSummary] {
        try self.read { db in
            try db.ids("SELECT id FROM spaces WHERE state = 1 ORDER BY joined_at, n").compactMap {
                try Self.summary(db, $0)
            }
        }
    }

    /// One of them; nil for others.
    public func space(_ id: SpaceID) throws(StoreError) -> SpaceSummary? {
        try self.read { db in try Self.summary(db, id) }
    }

    /// Counts, heads and forks of a space.
    public func details(of space: SpaceID) throws(StoreError) -> SpaceDetails {
        try self.read { db in
            guard let summary = try Self.summary(db, space), let row = try SpaceRow.find(db, space) else {
                throw StoreError.unknownSpace
            }
            var operations: [OperationState: Int] = [:]
            for found in try db.rows(
                "SELECT state, count(*) AS count FROM operations WHERE space = ? GROUP BY state", [row.number]
            ) {
                if let state = OperationState(rawValue: found["state"]) { operations[state] = found["count"] }
            }
            let forks = try db.rows(
                "SELECT author, sequence FROM forks WHERE space = ? ORDER BY author, sequence", [row.number]
            ).compactMap { found in
                found.key("author").map {
                    SpaceDetails.Fork(author: $0, sequence: UInt64(bitPattern: found["sequence"]))
                }
            }
            return SpaceDetails(
                summary: summary, operations: operations,
                heads: try db.ids("SELECT id FROM heads WHERE space = ? ORDER BY id", [row.number]),
                readableBy: row.isPublic ? "everyone" : "members", forks: forks)
        }
    }

    /// The members of a space: the creator first, then by the time of their admission.
    public func members(of space: SpaceID) throws(StoreError) -> [MemberSummary] {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space), row.state == .joined else {
                throw StoreError.unknownSpace
            }
            return try Self.members(db, row)
        }
    }

    /// Peer ids of the members of a space, ours among them, sorted; of any space that is held, joined or
    /// left.
    public func memberPeers(of space: SpaceID) throws(StoreError) -> [PeerID] {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space) else { return [] }
            return try Self.members(db, row).map(\.peer).sorted()
        }
    }

    /// What a node serves: the joined spaces, in the order in which they were created or joined, then those
    /// that were left while something is still to be handed over.
    public func heldSpaces() throws(StoreError) -> [HeldSpace] {
        try self.read { db in
            try db.rows(
                """
                SELECT id, name, is_public, state FROM spaces s
                WHERE state = 1 OR (state = 2 AND EXISTS (
                    SELECT 1 FROM outbox b JOIN operations o USING (n) WHERE o.space = s.n))
                ORDER BY state, joined_at, n
                """
            ).compactMap { row in
                row.id("id").map { HeldSpace(id: $0, name: row["name"], isPublic: row["is_public"]) }
            }
        }
    }

    /// Whether this home has ever admitted an operation of another member of this space, or of any: without
    /// one, a post is only local.
    public func hasForeignOperations(in space: SpaceID? = nil) throws(StoreError) -> Bool {
        try self.read { db in
            try db.exists(
                """
                SELECT 1 FROM spaces s WHERE (?1 IS NULL OR s.id = ?1) AND \(Self.hasForeignOperations("?2"))
                LIMIT 1
                """, [space?.data, self.publicKey.data])
        }
    }

    /// A condition on a space `s`: whether an operation of another author than `own` is in force there.
    ///
    /// What others wrote stands on either side of our own in the index by author, so that a long history of
    /// our own is not read.
    static func hasForeignOperations(_ own: String) -> String {
        """
        (EXISTS (SELECT 1 FROM operations x INDEXED BY operations_chain
            WHERE x.space = s.n AND x.author < \(own) AND x.state = 0)
        OR EXISTS (SELECT 1 FROM operations x INDEXED BY operations_chain
            WHERE x.space = s.n AND x.author > \(own) AND x.state = 0))
        """
    }

    /// The channels of a space, by the order of their creation.
    public func channels(of space: SpaceID) throws(StoreError) -> [ChannelSummary] {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space), row.state == .joined else {
                throw StoreError.unknownSpace
            }
            return try Self.channels(db, row)
        }
    }

    /// The invites of a space, newest first.
    public func invites(of space: SpaceID) throws(StoreError) -> [InviteSummary] {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space), row.state == .joined else {
                throw StoreError.unknownSpace
            }
            let lookup = StoreLookup(db: db, row: row)
            return try db.rows(
                """
                SELECT envelope, salt, content FROM operations INDEXED BY operations_authority
                WHERE space = ? AND kind = ? AND kind < 1000 AND state = 0 ORDER BY clock DESC, id DESC
                """, [row.number, OperationKind.inviteCreate.rawValue]
            ).compactMap { found in
                guard let operation = Operation(found), let invite = operation.payload(InviteCreate.self)
                else { return nil }
                return InviteSummary(
                    id: operation.id, author: operation.author, rank: invite.rank, uses: invite.uses,
                    used: try SpaceRules(lookup).useCount(of: operation.id),
                    expires: invite.expires.map { WallTime(milliseconds: Int64(clamping: $0)) },
                    isRevoked: try !lookup.revocations(ofInvite: operation.id).isEmpty)
            }
        }
    }

    // MARK: - Within a transaction

    static func summary(_ db: Database, _ id: SpaceID) throws -> SpaceSummary? {
        guard let found = try db.row("SELECT * FROM spaces WHERE id = ? AND state = 1", [id.data]),
            let row = SpaceRow(found), let creator = row.creator
        else { return nil }
        return SpaceSummary(
            id: id, name: row.name, isPublic: row.isPublic, creator: creator,
            members: try Self.members(db, row).count, channels: try Self.channels(db, row).count,
            joined: found.time("joined_at") ?? WallTime(milliseconds: found["began_at"]))
    }

    static func members(_ db: Database, _ row: SpaceRow) throws -> [MemberSummary] {
        let lookup = StoreLookup(db: db, row: row)
        let rules = SpaceRules(lookup)
        var members: [MemberSummary] = []
        if let creator = row.creator, let genesis = try lookup.entry(row.id) {
            members.append(
                MemberSummary(
                    key: creator, isCreator: true, rank: PayloadLimits.creatorRank,
                    since: genesis.clock.wallTime,
                    isOverLimit: false))
        }
        let granted = try db.rows(
            """
            SELECT a.subject, min(o.clock) AS clock FROM acts a JOIN operations o USING (n)
            WHERE a.space = ? AND a.kind IN (21, 31) AND o.state = 0 GROUP BY a.subject
            ORDER BY min(o.clock), a.subject
            """, [row.number])
        let overLimit = try Self.overLimit(db, row)
        for found in granted {
            guard let key = found.key("subject"), key != row.creator else { continue }
            let holdings = try rules.holdings(of: key)
            guard let rank = holdings.map(\.rank).max() else { continue }
            members.append(
                MemberSummary(
                    key: key, isCreator: false, rank: rank,
                    since: HybridLogicalClock(rawValue: UInt64(bitPattern: found["clock"])).wallTime,
                    isOverLimit: try rules.admission(of: key).map(overLimit.contains) ?? false))
        }
        return members
    }

    private static func overLimit(_ db: Database, _ row: SpaceRow) throws -> Set<OperationID> {
        let rules = SpaceRules(StoreLookup(db: db, row: row))
        let invites = try db.ids(
            """
            SELECT DISTINCT r.invite FROM requests r JOIN admissions a ON a.request = r.id
            JOIN operations o ON o.n = a.n
            WHERE r.space = ? AND r.invite IS NOT NULL AND o.state = 0 GROUP BY r.invite HAVING count(*) > 1
            """, [row.number])
        return try invites.reduce(into: []) { $0.formUnion(try rules.overLimit(of: $1)) }
    }

    /// Reads authority operations alone: left to itself, SQLite walks the whole history in its order instead.
    static func channels(_ db: Database, _ row: SpaceRow) throws -> [ChannelSummary] {
        let lookup = StoreLookup(db: db, row: row)
        let rules = SpaceRules(lookup)
        return try db.rows(
            """
            SELECT envelope, salt, content FROM operations INDEXED BY operations_authority
            WHERE space = ? AND kind = ? AND kind < 1000 AND state = 0 ORDER BY clock, id
            """, [row.number, OperationKind.channelCreate.rawValue]
        ).compactMap { found in
            guard let operation = Operation(found), let channel = operation.payload(ChannelCreate.self)
            else { return nil }
            func last<Payload: OperationPayload>(
                _ type: Payload.Type, _ isWritten: (Payload) -> Bool = { _ in true }
            ) throws -> Payload? {
                let writes = try lookup.changes(Payload.kind, of: operation.id).filter {
                    try lookup.operation($0)?.payload(type).map(isWritten) ?? false
                }
                return try rules.register(writes).flatMap { try lookup.operation($0)?.payload(type) }
            }
            return ChannelSummary(
                id: operation.id, space: row.id,
                name: try last(ChannelUpdate.self) { $0.name != nil }?.name ?? channel.name,
                purpose: try last(ChannelUpdate.self) { $0.purpose != nil }?.purpose ?? channel.purpose,
                isArchived: try last(ChannelArchive.self)?.archived ?? false,
                isReadOnly: try last(ChannelUpdate.self) { $0.isReadOnly != nil }?.isReadOnly ?? false)
        }
    }
}
