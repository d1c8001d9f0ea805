import DescordCore
import DescordCrypto
import Foundation
import GRDB

extension Store {
    /// The roles of a space, the highest first, with who holds them.
    public func roles(of space: SpaceID) throws(StoreError) -> [RoleSummary] {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space), row.state == .joined else {
                throw StoreError.unknownSpace
            }
            let lookup = StoreLookup(db: db, row: row)
            let rules = SpaceRules(lookup)
            let defined = try db.ids(
                """
                SELECT DISTINCT a.subject FROM acts a JOIN operations o USING (n)
                WHERE a.space = ? AND a.kind = ? AND o.state = 0
                """, [row.number, OperationKind.roleDefine.rawValue])
            var holders: [OperationID: [Ed25519.PublicKey]] = [:]
            for member in try Self.members(db, row) {
                for role in Set(try rules.holdings(of: member.key).compactMap(\.role)) {
                    holders[role, default: []].append(member.key)
                }
            }
            let ids = Set(defined).union(BuiltInRole.allCases.map(\.id))
            return try ids.compactMap { id in
                try rules.definition(of: id).map {
                    RoleSummary(
                        id: id, name: $0.name, rank: $0.rank, permissions: $0.permissions,
                        holders: holders[id] ?? [])
                }
            }.sorted { ($0.rank, $1.id) > ($1.rank, $0.id) }
        }
    }

    /// The authority operations of a space, the newest by clock first; at most `limit`.
    public func audit(of space: SpaceID, limit: Int? = nil) throws(StoreError) -> [AuditEntry] {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space), row.state == .joined else {
                throw StoreError.unknownSpace
            }
            return try db.rows(
                """
                SELECT envelope, salt, content, state FROM operations
                WHERE space = ? AND kind < 1000 ORDER BY clock DESC, id DESC LIMIT ?
                """, [row.number, limit ?? -1]
            ).compactMap { found in
                guard let operation = Operation(found), let state = OperationState(rawValue: found["state"])
                else { return nil }
                return AuditEntry(operation: operation, state: state)
            }
        }
    }
}
