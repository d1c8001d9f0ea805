import DescordCrypto

// MARK: - Membership

extension SpaceRules {
    /// Returns whether `key` is a member by everything that is here.
    public func isMember(_ key: Ed25519.PublicKey) throws -> Bool {
        try !self.holdings(of: key).isEmpty
    }

    /// Returns what `key` holds by everything that is here; nothing when it is no member.
    public func holdings(of key: Ed25519.PublicKey) throws -> [Holding] {
        try AuthorityView(everythingIn: self.lookup).holdings(of: key)
    }

    /// Returns the rank of a member, 0 for others.
    public func rank(of key: Ed25519.PublicKey) throws -> UInt32 {
        try AuthorityView(everythingIn: self.lookup).rank(of: key) ?? 0
    }

    /// Returns the admission that makes `key` a member; the first by id, so that every home names the same
    /// one. Nil for the creator, for who is a member by a grant, and for who is none.
    public func admission(of key: Ed25519.PublicKey) throws -> OperationID? {
        let sources = try Set(self.holdings(of: key).compactMap(\.source))
        return try sources.sorted().first { try self.lookup.entry($0)?.kind == .memberAdmit }
    }

    /// Returns whether the space is public by everything that is here.
    public func isPublic() throws -> Bool {
        try self.isPublic(AuthorityView(everythingIn: self.lookup))
    }

    func isPublic(_ view: AuthorityView<Lookup>) throws -> Bool {
        if let id = try view.register(self.lookup.changes(.spaceVisibility, of: nil)),
            let change = try self.lookup.operation(id)?.payload(SpaceVisibility.self)
        {
            return change.isPublic
        }
        return try self.lookup.operation(self.lookup.space)?.payload(SpaceCreate.self)?.isPublic ?? false
    }
}
