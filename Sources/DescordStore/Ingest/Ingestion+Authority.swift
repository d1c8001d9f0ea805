import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

// MARK: - What revocations change

extension Ingestion {
    /// Brings the state of everything up to date that an effective revocation reaches: authority operations
    /// by their new ranks, then what the people wrote whose standing changed.
    mutating func settleRevocation(_ revocation: Operation, in row: SpaceRow) throws {
        row.authority.authorityChanged()
        let lookup = StoreLookup(db: self.db, row: row)
        let rules = SpaceRules(lookup)
        var people: Set<Ed25519.PublicKey> = []
        if let target = revocation.revokedMember { people.insert(target) }
        for (id, rank) in try rules.ranksUnderRevocations().sorted(by: { $0.key < $1.key }) {
            guard try lookup.actingRank(of: id) != rank, let operation = try lookup.operation(id) else {
                continue
            }
            try self.change(operation, to: rank, in: row)
            for key in [operation.grantedMember, operation.revokedMember] {
                if let key { people.insert(key) }
            }
            if operation.kind == .roleDefine {
                let role = operation.payload(RoleDefine.self)?.role ?? id
                for grant in try lookup.grants(of: role) {
                    if let key = try lookup.operation(grant)?.grantedMember { people.insert(key) }
                }
                if BuiltInRole(role) != nil { people.formUnion(try self.everybody(in: row)) }
            }
        }
        for key in people.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            try self.settleContent(of: key, rules, in: row)
        }
        try self.applyRegisters(in: row)
    }

    private func everybody(in row: SpaceRow) throws -> Set<Ed25519.PublicKey> {
        let rows = try self.db.rows(
            "SELECT DISTINCT author FROM operations WHERE space = ?", [row.number])
        return Set(rows.compactMap { $0.key("author") })
    }

    /// Gives an authority operation its new rank, and the state that follows from it.
    private mutating func change(_ operation: Operation, to rank: UInt32?, in row: SpaceRow) throws {
        try self.db.run(
            "UPDATE acts SET rank = ? WHERE n = (SELECT n FROM operations WHERE id = ?)",
            [rank, operation.id.data])
        // Somebody who asks to be let in does not rest on anything.
        guard operation.kind != .memberJoin else { return }
        try self.setState(of: operation, to: rank == nil ? .revoked : .admitted, in: row)
    }

    /// Judges anew what somebody said.
    private mutating func settleContent(
        of key: Ed25519.PublicKey, _ rules: SpaceRules<StoreLookup>, in row: SpaceRow
    ) throws {
        let found = try self.db.rows(
            """
            SELECT envelope, salt, content, state FROM operations
            WHERE space = ? AND author = ? AND kind >= 1000 AND state IN (0, 5)
            """, [row.number, key.data])
        for found in found {
            guard let operation = Operation(found) else { continue }
            let bases = try rules.bases(of: operation)
            let isInForce = try rules.actingRank(of: operation, bases: bases) != nil
            let state = OperationState(rawValue: found["state"])
            guard (state == .admitted) != isInForce else { continue }
            try self.setState(of: operation, to: isInForce ? .admitted : .revoked, in: row)
        }
    }

    /// What comes into force for the first time arrives now, so that whoever follows sees it.
    private mutating func setState(
        of operation: Operation, to state: OperationState, in row: SpaceRow
    ) throws {
        guard
            let found = try self.db.row("SELECT n, arrival FROM operations WHERE id = ?", [operation.id.data])
        else { return }
        let number: Int64 = found["n"]
        try self.db.run("UPDATE operations SET state = ? WHERE n = ?", [state.rawValue, number])
        row.lookups.stateChanged(of: operation)
        try self.refreshMessage(of: operation)
        guard state == .admitted, (found["arrival"] as Int64?) == nil else { return }
        let arrival = try self.nextPlace()
        try self.db.run(
            "UPDATE operations SET arrival = ?, admitted_at = ? WHERE n = ?",
            [arrival, self.now.milliseconds, number])
        self.admitted.append(AdmittedOperation(operation: operation, arrival: arrival))
    }

    // MARK: - Registers

    /// Writes into the space's row what counts now of its name, visibility and budget.
    func applyRegisters(in row: SpaceRow) throws {
        let lookup = StoreLookup(db: self.db, row: row)
        let rules = SpaceRules(lookup)
        func current(_ kind: OperationKind) throws -> Operation? {
            try rules.register(lookup.changes(kind, of: nil)).flatMap { try lookup.operation($0) }
        }
        let genesis = try lookup.operation(row.id)?.payload(SpaceCreate.self)
        let name = try current(.spaceRename)?.payload(SpaceRename.self)?.name ?? genesis?.name
        if let name { row.name = name }
        row.isPublic = try rules.isPublic()
        let budget = try current(.budgetChange)?.payload(BudgetChange.self)
        row.limits = budget.map { BudgetLimits.standard.applying($0) } ?? .standard
        row.isDirty = true
    }
}
