import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// Puts operations into the tables: one value a write transaction, used by what peers send and by what we
/// write.
///
/// The caller runs `finish` before the commit.
struct Ingestion {
    let db: Database
    let own: Ed25519.PublicKey
    let now: WallTime
    private let statements: OperationStatements
    /// What came into force, in order.
    var admitted: [AdmittedOperation] = []
    private var rows: [SpaceID: SpaceRow] = [:]
    /// Whether content left the disk.
    var hasPurged = false
    /// The messages whose words changed.
    var words = WordChanges()
    /// Whether something waits in this database; nil before it was asked.
    private var isAnythingWaiting: Bool?
    private var nextArrival: Int64?
    private var nextSettled: Int64?
    /// What was taken from budgets in this transaction.
    var budgets: [BudgetKey: AuthorBudget] = [:]

    init(_ db: Database, own: Ed25519.PublicKey, now: WallTime) throws {
        self.db = db
        self.statements = try OperationStatements(db)
        self.own = own
        self.now = now
    }

    /// Returns a space's row, the same one each time.
    mutating func row(_ id: SpaceID) throws -> SpaceRow? {
        if let row = self.rows[id] { return row }
        let row = try SpaceRow.find(self.db, id)
        self.rows[id] = row
        return row
    }

    /// Takes over a row that was made in this transaction.
    mutating func adopt(_ row: SpaceRow) {
        self.rows[row.id] = row
    }

    /// Writes back what is kept of a batch and lets it go, when there is as much of it as of a large one;
    /// for a transaction without bound.
    mutating func forgetBatch(in row: SpaceRow) throws {
        guard self.admitted.count >= Self.maxKeptCount else { return }
        self.admitted = []
        try row.saveFrontiers(self.db)
    }

    private static let maxKeptCount = 1_024

    /// Writes the spaces' rows back.
    mutating func finish() throws {
        try self.saveBudgets()
        for (_, row) in self.rows.sorted(by: { $0.key < $1.key }) {
            try row.saveFrontiers(self.db)
            try row.save(self.db, now: self.now)
        }
        // Last, because whatever follows makes SQLite write the index out.
        try self.words.save(self.db)
        try self.finishPurging()
    }

    // MARK: - One operation

    /// Judges and stores one operation that somebody sent.
    mutating func ingest(_ operation: Operation, from source: IngestSource) throws -> IngestVerdict {
        guard let row = try self.row(operation.space) else { return .ignored(.foreignSpace) }
        if let known = try self.statements.find(operation.id) {
            guard operation.content != nil, !known.hasContent, try self.takesContent(of: operation),
                let state = known.state
            else { return .duplicate }
            return try self.complete(known.number, state, with: operation, in: row, from: source)
        }
        let judgement = try SpaceRules(StoreLookup(db: self.db, row: row)).judge(operation, now: self.now)
        if case .ignored(let reason) = judgement { return .ignored(reason) }
        if try !self.hasRoom(for: operation, judgement, in: row) { return .ignored(.waitingRoomFull) }
        if try !self.takeBudget(for: operation, judgement, in: row, from: source) {
            return .ignored(.overBudget)
        }
        return try self.store(operation, judgement, in: row)
    }

    /// Adds the content to an operation of which somebody handed us the header alone. What is in force
    /// arrives anew, because whoever follows has passed the place where it had nothing to show.
    private mutating func complete(
        _ number: Int64, _ state: OperationState, with operation: Operation, in row: SpaceRow,
        from source: IngestSource
    ) throws -> IngestVerdict {
        if !state.isSettled, try !self.hasRoom(for: operation, .waiting(missing: []), in: row) {
            return .ignored(.waitingRoomFull)
        }
        guard try self.takeBudget(for: operation, .admitted(byMember: true), in: row, from: source) else {
            return .ignored(.overBudget)
        }
        try self.db.run(
            "UPDATE operations SET salt = ?, content = ?, size = ? WHERE n = ?",
            [
                operation.salt.map { Data($0) }, operation.content.map { Data($0) }, operation.encodedSize,
                number,
            ])
        try self.enterMessage(operation, number, isNew: false)
        switch state {
        case .admitted:
            try self.refreshMessage(of: operation)
            if operation.kind == .messagePost { try self.refreshMessage(operation.id) }
            let arrival = try self.nextPlace()
            try self.db.run("UPDATE operations SET arrival = ? WHERE n = ?", [arrival, number])
            self.admitted.append(AdmittedOperation(operation: operation, arrival: arrival))
            return .stored(arrival: arrival)
        case .waiting: return .waiting
        case .held: return .held
        case .invalid: return .invalid
        case .void: return .void
        case .revoked: return .revoked
        }
    }

    /// Stores a judged operation, and settles what waited for it.
    @discardableResult
    mutating func store(
        _ operation: Operation, _ judgement: SpaceRules<StoreLookup>.Judgement, in row: SpaceRow
    ) throws -> IngestVerdict {
        guard case .admitted(let byMember) = judgement, operation.operationClass != .authority else {
            let number = try self.insert(operation, judgement.state, in: row)
            return try self.settle(operation, number, judgement, in: row)
        }
        // Nearly everything: all that the row says is known before it is written.
        let past = try StoreLookup(db: self.db, row: row).past(of: operation.header.links)
        let place = OperationStatements.Place(
            arrival: try self.nextPlace(), settled: try self.takeSettled(), past: past)
        try self.insert(operation, .admitted, at: place, in: row)
        row.lookups.remember(past, of: operation.id)
        row.lookups.remember(SpaceEntry(operation, state: .admitted))
        try self.comeIntoForce(operation, arrival: place.arrival, in: row)
        try self.release(waitingFor: operation.id, in: row)
        return byMember ? .stored(arrival: place.arrival) : .requested(arrival: place.arrival)
    }

    /// Gives a stored operation its state, and settles what waited for it.
    @discardableResult
    mutating func settle(
        _ operation: Operation, _ number: Int64, _ judgement: SpaceRules<StoreLookup>.Judgement,
        in row: SpaceRow
    ) throws -> IngestVerdict {
        row.lookups.stateChanged(of: operation)
        switch judgement {
        case .admitted(let byMember):
            let arrival = try self.admit(operation, number, in: row)
            try self.release(waitingFor: operation.id, in: row)
            return byMember ? .stored(arrival: arrival) : .requested(arrival: arrival)
        case .waiting(let missing):
            try self.link(number, to: missing)
            return .waiting
        case .held(let time, let missing):
            try self.link(number, to: missing)
            try self.db.run("UPDATE operations SET release_at = ? WHERE n = ?", [time.milliseconds, number])
            return .held
        case .invalid:
            try self.recordSettled(number)
            try self.release(waitingFor: operation.id, in: row)
            return .invalid
        case .void:
            try self.recordPast(of: operation, number, in: row)
            try self.release(waitingFor: operation.id, in: row)
            return .void
        case .revoked:
            try self.recordPast(of: operation, number, in: row, isEligible: true)
            try self.release(waitingFor: operation.id, in: row)
            return .revoked
        case .ignored(let reason):
            preconditionFailure("ignored operations are not stored: \(reason)")
        }
    }

    @discardableResult
    private mutating func insert(
        _ operation: Operation, _ state: OperationState, at place: OperationStatements.Place? = nil,
        in row: SpaceRow
    ) throws -> Int64 {
        let fork = try self.isFork(operation, in: row)
        let number = try self.statements.insert(
            operation, state, at: place, inSpace: row.number, now: self.now)
        try self.enterMessage(operation, number, isNew: true)
        try self.enter(operation, number, isFork: fork, in: row)
        return number
    }

    /// Whether another operation of this author has the same place in its chain; asked only of places up to
    /// the newest, because nearly everything comes after it.
    private func isFork(_ operation: Operation, in row: SpaceRow) throws -> Bool {
        guard let sequence = Int64(exactly: operation.header.sequence) else {
            return try self.hasPlace(of: operation, in: row)
        }
        let newest =
            try row.newestSequences[operation.author]
            ?? self.db.integer(
                "SELECT max(sequence) FROM operations WHERE space = ? AND author = ?",
                [row.number, operation.author.data]) ?? -1
        row.newestSequences[operation.author] = max(newest, sequence)
        return sequence > newest ? false : try self.hasPlace(of: operation, in: row)
    }

    private func hasPlace(of operation: Operation, in row: SpaceRow) throws -> Bool {
        try self.db.exists(
            "SELECT 1 FROM operations WHERE space = ? AND author = ? AND sequence = ?",
            [row.number, operation.author.data, Int64(bitPattern: operation.header.sequence)])
    }

    /// Enters a stored operation into everything that is kept of the set.
    mutating func enter(_ operation: Operation, _ number: Int64, isFork: Bool, in row: SpaceRow) throws {
        let header = operation.header
        if isFork {
            try self.db.run(
                "INSERT OR IGNORE INTO forks VALUES (?, ?, ?)",
                [row.number, operation.author.data, Int64(bitPattern: header.sequence)])
        }
        try self.updateHeads(operation, in: row)
        try self.index(operation, number, in: row)
        row.fingerprint.insert(operation.id)
        row.isDirty = true
    }

    /// Heads of the whole set: what arrived before an operation that it links to stands in `pending_links`.
    private mutating func updateHeads(_ operation: Operation, in row: SpaceRow) throws {
        row.heads.remove(operation.header.links)
        let isLinked =
            try self.mayWait()
            && self.db.exists("SELECT 1 FROM pending_links WHERE parent = ?", [operation.id.data])
        if !isLinked { row.heads.insert(operation.id) }
    }

    /// What lookups find operations by, whatever their state.
    private func index(_ operation: Operation, _ number: Int64, in row: SpaceRow) throws {
        row.lookups.stateChanged(of: operation)
        if operation.operationClass == .authority {
            try self.db.run(
                "INSERT INTO acts (n, space, kind, subject) VALUES (?, ?, ?, ?)",
                [number, row.number, operation.kind.rawValue, operation.subject])
        }
        switch operation.kind {
        case .spaceCreate:
            guard let genesis = operation.payload(SpaceCreate.self) else { return }
            row.creator = operation.author
            row.isPublic = genesis.isPublic
            row.name = genesis.name
        case .memberAdmit:
            guard let admit = operation.payload(MemberAdmit.self) else { return }
            try self.db.run(
                "INSERT INTO admissions VALUES (?, ?, ?, ?)",
                [number, row.number, admit.member.data, admit.join.data])
        case .memberJoin:
            guard let join = operation.payload(MemberJoin.self) else { return }
            try self.db.run(
                "INSERT INTO requests VALUES (?, ?, ?, ?)",
                [number, operation.id.data, row.number, join.invite?.data])
        case .memberLeave, .memberRemove, .ban:
            guard let member = operation.revokedMember else { return }
            try self.db.run("INSERT INTO departures VALUES (?, ?, ?)", [number, row.number, member.data])
        case .inviteRevoke:
            guard let revoke = operation.payload(InviteRevoke.self) else { return }
            try self.db.run(
                "INSERT INTO revocations VALUES (?, ?, ?)", [number, row.number, revoke.invite.data])
        default: break
        }
    }

    private mutating func link(_ number: Int64, to missing: [OperationID]) throws {
        self.isAnythingWaiting = true
        for parent in missing {
            try self.db.run("INSERT OR IGNORE INTO pending_links VALUES (?, ?)", [parent.data, number])
        }
    }

    /// Whether anything may wait for something: asked once, because nearly always nothing does.
    private mutating func mayWait() throws -> Bool {
        if let known = self.isAnythingWaiting { return known }
        let answer = try self.db.exists("SELECT 1 FROM pending_links LIMIT 1")
        self.isAnythingWaiting = answer
        return answer
    }

    // MARK: - Coming into force

    /// Gives an operation its place in the local order, and does what it says.
    mutating func admit(_ operation: Operation, _ number: Int64, in row: SpaceRow) throws -> Int64 {
        // What was in force here before keeps its place.
        let known = try self.db.integer("SELECT arrival FROM operations WHERE n = ?", [number])
        let arrival = try known ?? self.nextPlace()
        let isAuthority = operation.operationClass == .authority
        // What an authority operation rests on is looked up among what is in force, itself included.
        let past = isAuthority ? nil : try StoreLookup(db: self.db, row: row).past(of: operation.header.links)
        let settled = isAuthority ? nil : try self.takeSettled()
        try self.db.run(
            """
            UPDATE operations SET state = 0, arrival = ?, admitted_at = coalesce(admitted_at, ?),
                release_at = NULL, past = ?, settled = ?
            WHERE n = ?
            """,
            [arrival, self.now.milliseconds, (past?.encoded).map { Data($0) }, settled, number])
        row.lookups.stateChanged(of: operation)
        if isAuthority { try self.recordPast(of: operation, number, in: row, isEligible: true) }
        try self.comeIntoForce(operation, arrival: arrival, in: row)
        return arrival
    }

    /// Does what an operation says that has its place.
    private mutating func comeIntoForce(_ operation: Operation, arrival: Int64, in row: SpaceRow) throws {
        row.tips.remove(operation.header.links)
        row.tips.insert(operation.id)
        self.admitted.append(AdmittedOperation(operation: operation, arrival: arrival))
        if operation.kind.revokes { try self.settleRevocation(operation, in: row) }
        try self.apply(operation, in: row)
        try self.refreshMessage(of: operation)
    }

    /// Takes the next place in the local order.
    mutating func nextPlace() throws -> Int64 {
        let newest = try self.nextArrival ?? self.db.integer("SELECT max(arrival) FROM operations") ?? 0
        self.nextArrival = newest + 1
        return newest + 1
    }

    /// Stores which authority operations a settled operation follows; one that is eligible itself gets its
    /// place, and what it rests on.
    private mutating func recordPast(
        of operation: Operation, _ number: Int64, in row: SpaceRow, isEligible: Bool = false
    ) throws {
        let lookup = StoreLookup(db: self.db, row: row)
        var past = try lookup.past(of: operation.header.links)
        var index: Int64?
        if isEligible, operation.operationClass == .authority {
            let rules = SpaceRules(lookup)
            let bases = try rules.bases(of: operation)
            try self.db.run(
                "UPDATE acts SET bases = ?, rank = ? WHERE n = ?",
                [Data(Basis.encode(bases)), try rules.actingRank(of: operation, bases: bases), number])
            row.authority.authorityChanged()
            past.insert(row.authorityCount)
            index = Int64(row.authorityCount)
            row.authorityCount += 1
            row.isDirty = true
        }
        try self.db.run(
            "UPDATE operations SET past = ?, authority_index = ?, settled = ? WHERE n = ?",
            [Data(past.encoded), index, try self.takeSettled(), number])
    }

    /// Remembers the order in which operations are settled here.
    private mutating func recordSettled(_ number: Int64) throws {
        try self.db.run(
            "UPDATE operations SET settled = ? WHERE n = ?", [try self.takeSettled(), number])
    }

    private mutating func takeSettled() throws -> Int64 {
        let last = try self.nextSettled ?? self.db.integer("SELECT max(settled) FROM operations") ?? 0
        self.nextSettled = last + 1
        return last + 1
    }

    private func apply(_ operation: Operation, in row: SpaceRow) throws {
        switch operation.kind {
        case .spaceRename, .spaceVisibility, .budgetChange:
            try self.applyRegisters(in: row)
        case .memberLeave where operation.author == self.own && row.state == .joined:
            row.state = .left
            row.isDirty = true
        default: break
        }
    }

    // MARK: - Waiting

    /// Judges again whatever waited for an operation that is settled now, and what waited for that, and so
    /// on.
    private mutating func release(waitingFor settled: OperationID, in row: SpaceRow) throws {
        guard try self.mayWait() else { return }
        var queue = [settled]
        while let parent = queue.popLast() {
            let children = try self.db.rows("SELECT child FROM pending_links WHERE parent = ?", [parent.data])
            guard !children.isEmpty else { continue }
            try self.db.run("DELETE FROM pending_links WHERE parent = ?", [parent.data])
            for child in children {
                if let id = try self.reconsider(child["child"], in: row) { queue.append(id) }
            }
        }
    }

    /// Judges a stored operation again when none of its links is pending; returns its id when it became
    /// settled.
    private mutating func reconsider(_ number: Int64, in row: SpaceRow) throws -> OperationID? {
        guard try !self.db.exists("SELECT 1 FROM pending_links WHERE child = ?", [number]),
            let found = try self.db.row(
                "SELECT envelope, salt, content FROM operations WHERE n = ? AND state IN (1, 2)", [number]),
            let operation = Operation(found)
        else { return nil }
        let state: OperationState
        switch try SpaceRules(StoreLookup(db: self.db, row: row)).judge(operation, now: self.now) {
        case .admitted:
            _ = try self.admit(operation, number, in: row)
            return operation.id
        case .held(let time, let missing):
            try self.link(number, to: missing)
            try self.db.run(
                "UPDATE operations SET state = 2, release_at = ? WHERE n = ?", [time.milliseconds, number])
            return nil
        case .waiting(let missing):
            try self.link(number, to: missing)
            try self.db.run("UPDATE operations SET state = 1, release_at = NULL WHERE n = ?", [number])
            return nil
        case .invalid:
            state = .invalid
            try self.recordSettled(number)
        case .void, .ignored:  // it is stored already, and stays in the set
            state = .void
            try self.recordPast(of: operation, number, in: row)
        case .revoked:
            state = .revoked
            try self.recordPast(of: operation, number, in: row, isEligible: true)
        }
        try self.db.run(
            "UPDATE operations SET state = ?, release_at = NULL WHERE n = ?", [state.rawValue, number])
        row.lookups.stateChanged(of: operation)
        return operation.id
    }

    /// Brings what was held and whose time has come into force.
    mutating func releaseHeld() throws {
        let due = try self.db.rows(
            """
            SELECT o.n, s.id FROM operations o JOIN spaces s ON s.n = o.space
            WHERE o.state = 2 AND o.release_at <= ? ORDER BY o.clock, o.id
            """, [self.now.milliseconds])
        for found in due {
            guard let id = found.id("id"), let row = try self.row(id) else { continue }
            if let settled = try self.reconsider(found["n"], in: row) {
                try self.release(waitingFor: settled, in: row)
            }
        }
    }
}

extension SpaceRules.Judgement {
    /// The state in the database.
    var state: OperationState {
        switch self {
        case .admitted: .admitted
        case .waiting: .waiting
        case .held: .held
        case .invalid: .invalid
        case .void, .ignored: .void
        case .revoked: .revoked
        }
    }
}
