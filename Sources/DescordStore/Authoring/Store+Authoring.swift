import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// Makes a space, of which this home is the creator.
    public func createSpace(
        name: SpaceName, isPublic: Bool, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            let body = SpaceCreate(name: name.text, isPublic: isPublic)
            return try author.genesis(body)
        }
    }

    /// Makes a channel.
    public func createChannel(
        name: ChannelName, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            try author.write(ChannelCreate(name: name.text), in: space)
        }
    }

    /// Makes an invite; its private key goes into the ticket and is not kept.
    public func createInvite(
        in space: SpaceID, rank: UInt32 = 0, uses: UInt32 = 1, expires: WallTime?, at now: WallTime? = nil
    ) throws(StoreError) -> (invite: Authored, key: Ed25519.PrivateKey) {
        let key = Ed25519.PrivateKey.generate()
        let body = InviteCreate(
            publicKey: key.publicKey, rank: rank, uses: uses,
            expires: expires.map { UInt64(max(0, $0.milliseconds)) })
        let invite = try self.authoring(now) { author in try author.write(body, in: space) }
        return (invite, key)
    }

    /// Ends an invite.
    public func revokeInvite(
        _ invite: OperationID, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in try author.write(InviteRevoke(invite: invite), in: space) }
    }

    /// Posts a message in a channel.
    public func post(
        _ text: String, channel: ChannelID, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            try author.requireChannel(channel, in: space)
            return try author.write(MessagePost(text: text), in: space, channel: channel)
        }
    }

    /// Leaves a space: from now on it is not listed, and nothing more can be written in it.
    public func leave(_ space: SpaceID, at now: WallTime? = nil) throws(StoreError) -> Authored {
        try self.authoring(now) { author in try author.write(MemberLeave(), in: space) }
    }

    /// Writes any payload; the named methods above are the usual way.
    public func author(
        _ payload: some OperationPayload, in space: SpaceID, channel: ChannelID? = nil,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in try author.write(payload, in: space, channel: channel) }
    }

    /// Runs `body` in one immediate transaction with a writer for it.
    func authoring<Value>(
        _ now: WallTime?, _ body: (inout AuthoringTransaction) throws -> Value
    ) throws(StoreError) -> Value {
        let now = now ?? self.wallTime()
        let (value, hasPurged) = try self.write { db in
            var author = try AuthoringTransaction(db, key: self.key, now: now)
            let value = try body(&author)
            try author.finish()
            return (value, author.ingestion.hasPurged)
        }
        if hasPurged { try self.finishPurges() }
        return value
    }
}
