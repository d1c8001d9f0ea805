import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// Which operations of its target a revocation leaves in force.
public enum LastGood: Hashable, Sendable {
    /// All that this home has seen of it.
    case newest
    /// Up to this one.
    case operation(OperationID)
    /// None.
    case nothing
}

extension Store {
    /// Removes a member, who may come back by a later grant of a role.
    public func kick(
        _ member: Ed25519.PublicKey, lastGood: LastGood = .newest, reason: String? = nil, in space: SpaceID,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.revoke(member, lastGood, in: space, at: now) {
            MemberRemove(member: member, lastGood: $0, reason: reason)
        }
    }

    /// Removes somebody, member or not, and keeps the key out until the ban is lifted.
    public func ban(
        _ member: Ed25519.PublicKey, lastGood: LastGood = .newest, reason: String? = nil, in space: SpaceID,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.revoke(member, lastGood, in: space, at: now) {
            Ban(member: member, lastGood: $0, reason: reason)
        }
    }

    /// Lifts the bans of a key that are known here.
    public func unban(
        _ member: Ed25519.PublicKey, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            guard let row = try author.ingestion.row(space) else { throw StoreError.unknownSpace }
            let lookup = StoreLookup(db: author.db, row: row)
            let bans = try lookup.revocations(of: member).filter { try lookup.entry($0)?.kind == .ban }
            guard !bans.isEmpty else { throw StoreError.unknownTarget }
            return try author.write(
                Unban(member: member), in: space, following: lookup.uncovered(bans, by: author.key.publicKey))
        }
    }

    /// Keeps a member from speaking, or lifts the mutes that are known here.
    public func mute(
        _ member: Ed25519.PublicKey, isLifted: Bool = false, lastGood: LastGood = .newest, in space: SpaceID,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        guard isLifted else {
            return try self.revoke(member, lastGood, in: space, at: now) {
                Mute(member: member, lastGood: $0)
            }
        }
        return try self.authoring(now) { author in
            guard let row = try author.ingestion.row(space) else { throw StoreError.unknownSpace }
            let lookup = StoreLookup(db: author.db, row: row)
            let mutes = try lookup.revocations(of: member).filter { try lookup.entry($0)?.kind == .mute }
            guard !mutes.isEmpty else { throw StoreError.unknownTarget }
            return try author.write(
                Mute(member: member, until: 0), in: space,
                following: lookup.uncovered(mutes, by: author.key.publicKey))
        }
    }

    /// Defines a role, or gives one that exists other permissions or another name.
    public func defineRole(
        _ role: OperationID? = nil, name: String, rank: UInt32, permissions: Permissions, in space: SpaceID,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            let define = RoleDefine(role: role, name: name, rank: rank, permissions: permissions.rawValue)
            return try author.write(define, in: space)
        }
    }

    /// Gives a role to somebody; to one who was removed it gives membership back.
    public func grant(
        _ role: OperationID, to member: Ed25519.PublicKey, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            try author.write(RoleGrant(role: role, member: member), in: space)
        }
    }

    /// Takes a role from somebody.
    public func take(
        _ role: OperationID, from member: Ed25519.PublicKey, lastGood: LastGood = .newest, in space: SpaceID,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.revoke(member, lastGood, in: space, at: now) {
            RoleTake(role: role, member: member, lastGood: $0)
        }
    }

    /// Changes a channel's name, purpose, or whether all may post in it.
    public func updateChannel(
        _ channel: ChannelID, _ update: ChannelUpdate, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.author(update, in: space, channel: channel, at: now)
    }

    private func revoke(
        _ member: Ed25519.PublicKey, _ lastGood: LastGood, in space: SpaceID, at now: WallTime?,
        _ payload: (OperationID?) -> some OperationPayload
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            guard let row = try author.ingestion.row(space), row.state == .joined else {
                throw StoreError.unknownSpace
            }
            let good = try author.lastGood(lastGood, of: member, in: row)
            return try author.write(payload(good), in: space, following: good.map { [$0] } ?? [])
        }
    }
}

extension AuthoringTransaction {
    /// The operation that a revocation names; `newest` is the last in the target's chain that is settled
    /// here.
    fileprivate func lastGood(
        _ choice: LastGood, of member: Ed25519.PublicKey, in row: SpaceRow
    ) throws -> OperationID? {
        switch choice {
        case .nothing: return nil
        case .operation(let id):
            guard try StoreLookup(db: self.db, row: row).entry(id)?.author == member else {
                throw StoreError.unknownTarget
            }
            return id
        case .newest:
            return try self.db.ids(
                """
                SELECT id FROM operations WHERE space = ? AND author = ? AND state IN (0, 5)
                ORDER BY sequence DESC, id LIMIT 1
                """, [row.number, member.data]
            ).first
        }
    }
}

extension StoreLookup {
    /// Those of `ids` that the last operation of this author does not follow: what a lifting has to link to.
    fileprivate func uncovered(_ ids: [OperationID], by author: Ed25519.PublicKey) throws -> [OperationID] {
        let last = try self.db.ids(
            """
            SELECT id FROM operations WHERE space = ? AND author = ? AND state NOT IN (1, 2)
            ORDER BY sequence DESC LIMIT 1
            """, [self.row.number, author.data]
        ).first
        let past = try last.map { try self.past(of: $0) } ?? AuthorityPast()
        return try Array(
            ids.filter { try !(self.index(of: $0).map(past.contains) ?? false) }.sorted()
                .prefix(OperationHeader.maxDependencyCount))
    }
}
