import DescordCrypto

/// One way in which one operation was permitted.
private struct JudgedBasis {
    var basis: Basis
    var index: UInt32
    var entry: SpaceEntry
}

// MARK: - Computing ranks

extension AuthorityView {
    /// Returns the ranks with which operations act when exactly these revocations are there.
    static func ranks(
        under revocations: [(id: OperationID, index: UInt32)], in lookup: Lookup
    ) throws -> [OperationID: UInt32?] {
        var key = AuthorityPast()
        for revocation in revocations { key.insert(revocation.index) }
        if let known = lookup.cache.ranks[key] { return known }
        let ranks = try Self.computed(revocations.map(\.id), in: lookup)
        lookup.cache.ranks[key] = ranks
        return ranks
    }

    /// All revocations of the space, sorted by their places.
    static func revocations(in lookup: Lookup) throws -> [(id: OperationID, index: UInt32)] {
        if let known = lookup.cache.revocations { return known }
        let found = try lookup.revocations().compactMap { id in
            try lookup.index(of: id).map { (id: id, index: $0) }
        }.sorted { $0.index < $1.index }
        lookup.cache.revocations = found
        return found
    }

    private static func computed(
        _ revocations: [OperationID], in lookup: Lookup
    ) throws -> [OperationID: UInt32?] {
        let reached = try Self.reached(from: revocations, in: lookup)
        var pairs: [JudgedBasis] = []
        for id in reached.sorted() {
            guard let entry = try lookup.entry(id), let index = try lookup.index(of: id) else { continue }
            for basis in try lookup.bases(of: id) {
                pairs.append(JudgedBasis(basis: basis, index: index, entry: entry))
            }
        }
        pairs.sort { ($1.basis.rank, $0.index) < ($0.basis.rank, $1.index) }
        var ranks: [OperationID: UInt32?] = [:]
        for id in reached { ranks.updateValue(nil, forKey: id) }
        let known = Set(revocations)
        for pair in pairs where ranks[pair.entry.id] == .some(nil) {
            let view = AuthorityView(nil, ranks, in: lookup)
            let isSupported = try pair.basis.supports.allSatisfy {
                try view.actingRank(of: $0).map { $0 >= pair.basis.rank } ?? false
            }
            guard isSupported else { continue }
            let others = try lookup.revocations(of: pair.entry.author).sorted()
            let isVoid = try others.contains { id in
                guard id != pair.entry.id, known.contains(id), let revocation = try lookup.operation(id)
                else { return false }
                return try view.voids(revocation, pair.entry, restingOn: pair.basis, others: others)
            }
            if !isVoid { ranks[pair.entry.id] = pair.basis.rank }
        }
        return ranks
    }

    /// Returns the authority operations that revocations can change: those of their targets, of whom these
    /// admitted, invited or gave a role to, and so on.
    static func reached(from revocations: [OperationID], in lookup: Lookup) throws -> Set<OperationID> {
        var people = try revocations.compactMap { try lookup.operation($0)?.revokedMember }
        var seen = Set(people)
        var reached: Set<OperationID> = []
        func visit(_ key: Ed25519.PublicKey?) {
            if let key, seen.insert(key).inserted { people.append(key) }
        }
        func visit(gift id: OperationID) throws {
            guard let operation = try lookup.operation(id) else { return }
            reached.insert(id)
            visit(operation.grantedMember)
        }
        while let key = people.popLast() {
            for id in try lookup.authorityOperations(by: key) {
                guard let operation = try lookup.operation(id) else { continue }
                reached.insert(id)
                visit(operation.grantedMember)
                switch operation.kind {
                case .inviteCreate: for use in try lookup.uses(of: id) { try visit(gift: use) }
                case .roleDefine:
                    let role = operation.payload(RoleDefine.self)?.role ?? id
                    for grant in try lookup.grants(of: role) { try visit(gift: grant) }
                    for other in try lookup.definitions(of: role) { reached.insert(other) }
                default: break
                }
            }
        }
        return reached
    }
}
