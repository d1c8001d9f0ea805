import DescordCore
import DescordStore
import LibP2PCore

extension Records {
    /// The roles of a space, the highest first.
    package func roles(of space: SpaceID) throws(CommandError) -> [RoleSummary] {
        try self.explained { () throws(StoreError) in try self.store.roles(of: space) }
    }

    /// The names of the roles that each member holds, the highest first.
    package func rolesByMember(of space: SpaceID) throws(CommandError) -> [PeerID: [String]] {
        try self.roles(of: space).reduce(into: [:]) { found, role in
            let name = Self.shownRole(role.name) ?? Short.id(role.id)
            for holder in role.holders { found[PeerID(holder), default: []].append(name) }
        }
    }

    /// The role that a name, or the beginning of an id, means.
    package func role(_ reference: String, in space: SpaceID) throws(CommandError) -> RoleSummary {
        let roles = try self.roles(of: space)
        var found = roles.filter { $0.name == reference }
        if found.isEmpty, reference.count >= References.minPrefixLength {
            found = roles.filter { $0.id.hex.hasPrefix(reference.lowercased()) }
        }
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            throw CommandError(
                .badInput, .ambiguousReference, "\"\(reference)\" fits \(found.count) roles",
                hint: "name it by its id",
                details: found.map { "\($0.id.hex)  \(Self.shownRole($0.name) ?? "")" })
        }
        throw CommandError(
            .badInput, .unknownReference, "there is no role \"\(reference)\"", hint: "descord space role list"
        )
    }

    /// The authority operations of a space, the newest first.
    package func audit(of space: SpaceID, limit: Int?) throws(CommandError) -> [AuditEntry] {
        try self.explained { () throws(StoreError) in try self.store.audit(of: space, limit: limit) }
    }

    /// The stored operation of a space whose id begins like this.
    package func operation(_ reference: String, in space: SpaceID) throws(CommandError) -> OperationID {
        try self.explained { () throws(StoreError) in
            try self.store.resolveOperation(reference, in: space)
        }
    }

    /// What became of the operation whose id begins like this, and why.
    package func explain(_ reference: String) throws(CommandError) -> OperationExplanation {
        let found = try self.explained { () throws(StoreError) in
            try self.store.explain(try self.store.resolveOperation(reference))
        }
        guard let found else {
            throw CommandError(.badInput, .unknownReference, "there is no operation \"\(reference)\"")
        }
        return found
    }

    /// Checks the whole database; changes nothing.
    package func check() throws(CommandError) -> (operations: Int, problems: [String]) {
        try self.explained { () throws(StoreError) in try self.store.check() }
    }

    /// Computes anew what follows from the operations; returns how many rows are another now.
    package func rebuild(report: (_ done: Int, _ total: Int) -> Void) throws(CommandError) -> Int {
        try self.explained { () throws(StoreError) in
            let before = try self.store.derivedState()
            try self.store.rebuild(report: report)
            let after = try self.store.derivedState()
            return zip(before, after).count { $0 != $1 } + abs(before.count - after.count)
        }
    }

    /// A role's name, when it may be shown.
    package static func shownRole(_ name: String) -> String? {
        try? SpaceName(parsing: name).text  // what is no name is not shown
    }
}
