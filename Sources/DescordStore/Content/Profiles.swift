import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// What members call themselves in one space: each the last that it said, by clock, then id.
struct Profiles {
    private let space: Int64
    private var known: [Ed25519.PublicKey: Profile?] = [:]

    /// The profiles in the space of this number in the database.
    init(space: Int64) {
        self.space = space
    }

    /// What a member calls itself; nil when it never said, or the words are not here.
    mutating func profile(of key: Ed25519.PublicKey, _ db: Database) throws -> Profile? {
        if let known = self.known[key] { return known }
        let content =
            try db.row(
                """
                SELECT content FROM operations WHERE space = ? AND author = ? AND kind = 2040 AND state = 0
                ORDER BY clock DESC, id DESC LIMIT 1
                """, [self.space, key.data])?["content"] as Data?
        let profile = content.flatMap { Profile(decoding: Array($0)) }
        self.known[key] = .some(profile)
        return profile
    }
}

extension Store {
    /// What these members call themselves in a space.
    public func profiles(
        of keys: [Ed25519.PublicKey], in space: SpaceID
    ) throws(StoreError) -> [Ed25519.PublicKey: Profile] {
        try self.read { db in
            guard let row = try SpaceRow.find(db, space) else { return [:] }
            var profiles = Profiles(space: row.number)
            var found: [Ed25519.PublicKey: Profile] = [:]
            for key in keys { found[key] = try profiles.profile(of: key, db) }
            return found
        }
    }
}
