import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// What the rules of a space read, from the database, within one transaction.
struct StoreLookup: SpaceLookup {
    let db: Database
    let row: SpaceRow

    var space: SpaceID { self.row.id }
    var cache: AuthorityCache { self.row.authority }

    func entry(_ id: OperationID) throws -> SpaceEntry? {
        if let known = self.row.lookups.entries[id] { return known }
        guard
            let row = try self.db.row(
                """
                SELECT id, author, sequence, links, clock, kind, channel, state FROM operations
                WHERE id = ? AND space = ? AND state NOT IN (1, 2)
                """, [id.data, self.row.number]),
            let entry = SpaceEntry(row)
        else { return nil }
        self.row.lookups.remember(entry)
        return entry
    }

    func operation(_ id: OperationID) throws -> Operation? {
        if let known = self.row.lookups.operations[id] { return known }
        let found = try Operation.find(self.db, id, where: "state IN (0, 5)")
        if let found, found.operationClass == .authority { self.row.lookups.operations[id] = found }
        return found
    }

    func creator() throws -> Ed25519.PublicKey? { self.row.creator }

    // MARK: - Pasts

    func index(of id: OperationID) throws -> UInt32? {
        if let known = self.row.lookups.indices[id] { return known }
        let index = try self.db.integer(
            "SELECT authority_index FROM operations WHERE id = ? AND space = ?", [id.data, self.row.number]
        ).map { UInt32(truncatingIfNeeded: $0) }
        if let index { self.row.lookups.indices[id] = index }
        return index
    }

    /// Every settled operation holds the authority operations of its past as a set of their places, so that
    /// the answer costs as much after a hundred thousand messages as after ten.
    func past(of id: OperationID) throws -> AuthorityPast {
        if let known = self.row.lookups.pasts[id] { return known }
        let row = try self.db.row(
            "SELECT past FROM operations WHERE id = ? AND space = ? AND state NOT IN (1, 2)",
            [id.data, self.row.number])
        guard let data = row?["past"] as Data?, let past = AuthorityPast(decoding: Array(data)) else {
            return AuthorityPast()
        }
        self.row.lookups.remember(past, of: id)
        return past
    }

    /// In the chain of an author who never wrote two operations of one number, the number decides.
    func isAncestor(_ ancestor: OperationID, of id: OperationID) throws -> Bool {
        if ancestor == id { return true }
        if let index = try self.index(of: ancestor) { return try self.past(of: id).contains(index) }
        guard let wanted = try self.entry(ancestor), let from = try self.entry(id) else { return false }
        if wanted.author == from.author, try !self.hasForks(wanted.author) {
            return wanted.sequence <= from.sequence
        }
        return try self.walk(from: from, to: wanted)
    }

    private func hasForks(_ key: Ed25519.PublicKey) throws -> Bool {
        try self.db.exists(
            "SELECT 1 FROM forks WHERE space = ? AND author = ?", [self.row.number, key.data])
    }

    /// Walks the links; clocks grow along them, so the walk turns round below the one that is looked for.
    private func walk(from start: SpaceEntry, to wanted: SpaceEntry) throws -> Bool {
        var seen: Set<OperationID> = [start.id]
        var stack = [start]
        while let entry = stack.popLast() {
            if entry.links.contains(wanted.id) { return true }
            for link in entry.links where seen.insert(link).inserted {
                if let next = try self.entry(link), next.clock > wanted.clock { stack.append(next) }
            }
        }
        return false
    }

    // MARK: - What authority operations rest on

    func bases(of id: OperationID) throws -> [Basis] {
        let row = try self.db.row(
            "SELECT a.bases FROM acts a JOIN operations o USING (n) WHERE o.id = ?", [id.data])
        return (row?["bases"] as Data?).flatMap { Basis.decode(Array($0)) } ?? []
    }

    func actingRank(of id: OperationID) throws -> UInt32? {
        try self.db.integer(
            "SELECT a.rank FROM acts a JOIN operations o USING (n) WHERE o.id = ?", [id.data]
        ).map { UInt32(truncatingIfNeeded: $0) }
    }

    // MARK: - Lists

    /// Kinds of authority operations by what they are about; `subject` is a key or an id.
    private func acts(_ kinds: ActKinds, on subject: [UInt8]?) throws -> [OperationID] {
        let list = LookupCache.List(kinds: kinds, subject: subject)
        if let known = self.row.lookups.lists[list] { return known }
        let found = try self.db.ids(
            """
            SELECT o.id FROM acts a JOIN operations o USING (n)
            WHERE a.space = ? AND a.subject IS ? AND a.kind IN \(kinds.sql) AND o.state IN (0, 5)
            """, [self.row.number, subject.map { Data($0) }])
        self.row.lookups.lists[list] = found
        return found
    }

    func grants(to key: Ed25519.PublicKey) throws -> [OperationID] {
        try self.acts(.grants, on: key.bytes)
    }

    func revocations(of key: Ed25519.PublicKey) throws -> [OperationID] {
        try self.acts(.revocations, on: key.bytes)
    }

    func revocations() throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT o.id FROM acts a JOIN operations o USING (n)
            WHERE a.space = ? AND a.kind IN (23, 32, 40, 42) AND o.state IN (0, 5)
            """, [self.row.number])
    }

    func definitions(of role: OperationID) throws -> [OperationID] {
        try self.acts(.definitions, on: role.bytes)
    }

    func changes(_ kind: OperationKind, of channel: ChannelID?) throws -> [OperationID] {
        try self.acts(.changes(kind), on: channel?.bytes)
    }

    func uses(of invite: OperationID) throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT o.id FROM requests r JOIN admissions a ON a.request = r.id JOIN operations o ON o.n = a.n
            WHERE r.invite = ? AND r.space = ? AND o.state IN (0, 5)
            """, [invite.data, self.row.number])
    }

    func revocations(ofInvite invite: OperationID) throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT o.id FROM revocations r JOIN operations o USING (n)
            WHERE r.invite = ? AND r.space = ? AND o.state IN (0, 5)
            """, [invite.data, self.row.number])
    }

    func authorityOperations(by key: Ed25519.PublicKey) throws -> [OperationID] {
        try self.db.ids(
            """
            SELECT id FROM operations INDEXED BY operations_authority
            WHERE space = ? AND author = ? AND kind < 1000 AND state IN (0, 5)
            """, [self.row.number, key.data])
    }

    func grants(of role: OperationID) throws -> [OperationID] {
        let grants = try self.db.ids(
            """
            SELECT o.id FROM acts a JOIN operations o USING (n)
            WHERE a.space = ? AND a.kind = 31 AND o.state IN (0, 5)
            """, [self.row.number])
        return try grants.filter { try self.operation($0)?.payload(RoleGrant.self)?.role == role }
    }

    func isKnown(_ key: Ed25519.PublicKey) throws -> Bool {
        // While we join, everything comes from the one member that we chose to ask.
        if self.row.state == .pending || self.row.isRebuilding || self.row.creator == key { return true }
        if let answer = self.row.lookups.known[key] { return answer }
        let answer = try self.db.exists(
            """
            SELECT 1 FROM acts a JOIN operations o USING (n)
            WHERE a.space = ? AND a.subject = ? AND a.kind IN (21, 31) AND o.state IN (0, 1, 2, 5)
            """, [self.row.number, key.data])
        self.row.lookups.known[key] = answer
        return answer
    }
}

/// Kinds of authority operations that are looked for together.
enum ActKinds: Hashable {
    case grants
    case revocations
    case definitions
    case changes(OperationKind)

    /// The list as statements name it.
    var sql: String {
        switch self {
        case .grants: "(13, 21, 31)"
        case .revocations: "(22, 23, 32, 40, 41, 42)"
        case .definitions: "(30)"
        case .changes(let kind): "(\(kind.rawValue))"
        }
    }
}

extension Operation {
    /// Whom or what an authority operation is about, as `acts` finds it: a member's key, a role, a channel;
    /// nil for those about the space.
    var subject: Data? {
        if let member = self.grantedMember ?? self.revokedMember { return member.data }
        if self.kind == .roleDefine { return (self.payload(RoleDefine.self)?.role ?? self.id).data }
        return self.header.channel?.data
    }
}

extension SpaceEntry {
    /// Reads `id, author, sequence, links, clock, kind, channel, state`, in this order.
    init?(_ row: Row) {
        // By place, because names are compared letter by letter, and several of these are read for each
        // operation that comes.
        guard let id = (row[0] as Data?).flatMap({ OperationID(bytes: $0) }),
            let author = (row[1] as Data?).flatMap({ Ed25519.PublicKey($0) }),
            let kind = OperationKind(rawValue: UInt32(truncatingIfNeeded: row[5] as Int64)),
            let state = OperationState(rawValue: row[7])
        else { return nil }
        self.init(
            id: id, author: author, sequence: UInt64(bitPattern: row[2]), links: Self.links(row[3]),
            clock: HybridLogicalClock(rawValue: UInt64(bitPattern: row[4])), kind: kind,
            channel: (row[6] as Data?).flatMap { OperationID(bytes: $0) }, state: state)
    }

    /// Reads ids that stand one after another.
    static func links(_ data: Data) -> [OperationID] {
        stride(from: data.startIndex, to: data.endIndex, by: OperationID.size).compactMap {
            OperationID(bytes: data[$0..<min($0 + OperationID.size, data.endIndex)])
        }
    }
}

extension Operation {
    /// Reads `envelope, salt, content`; nil when the row was damaged on the disk.
    init?(_ row: Row) {
        let salt = row["salt"] as Data?
        let content = row["content"] as Data?
        // What was verified before it was stored fails only when the file is damaged: then it is not there.
        guard
            let operation = try? Operation(
                storedEnvelope: Array(row["envelope"] as Data), salt: salt.map { Array($0) },
                content: content.map { Array($0) })
        else { return nil }
        self = operation
    }

    /// Finds a stored operation; `condition` is one of a fixed few.
    static func find(_ db: Database, _ id: OperationID, where condition: String = "1") throws -> Operation? {
        try db.row("SELECT envelope, salt, content FROM operations WHERE id = ? AND \(condition)", [id.data])
            .flatMap { Operation($0) }
    }
}
