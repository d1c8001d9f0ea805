import DescordCore
import DescordStore
import LibP2PCore

extension Records {
    /// The roles of a space, the highest first.
    package func roles(of space: SpaceID) throws(CommandError) -> [RoleSummary] {
        try self.explained { () throws(StoreError) in try self.store.roles(of: space) }
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

    /// A role's name, when it may be shown.
    package static func shownRole(_ name: String) -> String? {
        try? SpaceName(parsing: name).text  // what is no name is not shown
    }
}
