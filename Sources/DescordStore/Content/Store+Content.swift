import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// What a message is part of, and whom it speaks of.
public struct MessageContext: Hashable, Sendable {
    /// A thread, or the message that one hangs on or is to hang on.
    public var thread: OperationID?
    /// The message that it answers.
    public var replyTo: OperationID?
    /// At most 64 members.
    public var mentions: [Ed25519.PublicKey]

    public init(
        thread: OperationID? = nil, replyTo: OperationID? = nil, mentions: [Ed25519.PublicKey] = []
    ) {
        self.thread = thread
        self.replyTo = replyTo
        self.mentions = mentions
    }
}

extension Store {
    /// Posts a message in a channel, in a thread on wish; a thread that hangs on a message and is not there
    /// yet is begun with it.
    public func post(
        _ text: String, channel: ChannelID, in space: SpaceID, context: MessageContext,
        at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            try author.post(MessagePost(text: text), channel: channel, in: space, context: context)
        }
    }

    /// Begins a thread in a channel.
    public func createThread(
        _ title: String, channel: ChannelID, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            try author.requireChannel(channel, in: space)
            return try author.write(ThreadCreate(title: title), in: space, channel: channel)
        }
    }

    /// Replaces the text of one of our messages.
    public func edit(
        _ message: OperationID, text: String, mentions: [Ed25519.PublicKey] = [], at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.act(upon: message, at: now) { _, _ in MessageEdit(text: text, mentions: mentions) }
    }

    /// Deletes a message: our own, or as a moderator.
    public func delete(_ message: OperationID, at now: WallTime? = nil) throws(StoreError) -> Authored {
        try self.act(upon: message, at: now) { _, _ in MessageDelete() }
    }

    /// Reacts to a message.
    public func react(
        to message: OperationID, with emoji: String, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.act(upon: message, at: now) { _, _ in ReactionAdd(emoji: emoji) }
    }

    /// Takes our reaction to a message back.
    public func unreact(
        to message: OperationID, with emoji: String, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.act(upon: message, at: now) { db, own in
            let given = try MessageActs.reactions(emoji, of: own, to: message, db)
            guard !given.isEmpty else { throw StoreError.unknownTarget }
            return ReactionRemove(additions: Array(given.prefix(PayloadLimits.maxTargetCount)))
        }
    }

    /// Pins a message in its channel.
    public func pin(_ message: OperationID, at now: WallTime? = nil) throws(StoreError) -> Authored {
        try self.act(upon: message, at: now) { _, _ in Pin() }
    }

    /// Takes the pins of a message back that are known here.
    public func unpin(_ message: OperationID, at now: WallTime? = nil) throws(StoreError) -> Authored {
        try self.act(upon: message, at: now) { db, _ in
            let pins = try MessageActs.pins(of: message, db)
            guard !pins.isEmpty else { throw StoreError.unknownTarget }
            return Unpin(pins: Array(pins.prefix(PayloadLimits.maxTargetCount)))
        }
    }

    /// Says what we want to be called in a space, and what we say of ourselves there.
    public func setProfile(
        _ profile: Profile, in space: SpaceID, at now: WallTime? = nil
    ) throws(StoreError) -> Authored {
        try self.author(profile, in: space, at: now)
    }

    private func act<Payload: OperationPayload>(
        upon message: OperationID, at now: WallTime?,
        _ payload: (Database, Ed25519.PublicKey) throws -> Payload
    ) throws(StoreError) -> Authored {
        try self.authoring(now) { author in
            let found = try author.db.row(
                """
                SELECT o.channel, o.clock, s.id AS space FROM operations o JOIN spaces s ON s.n = o.space
                WHERE o.id = ? AND o.kind = 2000 AND o.state = 0 AND s.state = 1
                """, [message.data])
            guard let found, let channel = found.id("channel"), let space = found.id("space"),
                HybridLogicalClock(rawValue: UInt64(bitPattern: found["clock"])).isLinkable(at: author.now)
            else { throw StoreError.unknownTarget }
            if try MessageActs.isDeleted(message, author.db) { throw StoreError.unknownTarget }
            return try author.write(
                payload(author.db, author.key.publicKey), in: space, channel: channel, target: message,
                following: [message])
        }
    }
}

extension AuthoringTransaction {
    /// Posts a message in its context.
    mutating func post(
        _ message: MessagePost, channel: ChannelID, in space: SpaceID, context: MessageContext
    ) throws -> Authored {
        try requireChannel(channel, in: space)
        var message = message
        message.replyTo = context.replyTo
        message.mentions = context.mentions
        var thread: OperationID?
        if let named = context.thread { thread = try self.thread(named, in: space, channel: channel) }
        return try write(
            message, in: space, channel: channel, target: thread, following: thread.map { [$0] } ?? [])
    }

    /// The thread that is meant: one of this id, the one that a message is in or hangs on, or a new one on
    /// that message.
    fileprivate mutating func thread(
        _ named: OperationID, in space: SpaceID, channel: ChannelID
    ) throws -> OperationID {
        guard let row = try self.ingestion.row(space),
            let found = try self.db.row(
                """
                SELECT kind, target FROM operations
                WHERE id = ? AND space = ? AND channel = ? AND kind IN (2000, 2030) AND state = 0
                """, [named.data, row.number, channel.data])
        else { throw StoreError.unknownTarget }
        if found["kind"] == 2030 { return named }
        if let thread = found.id("target") { return thread }
        if let thread = try MessageThreads.on(named, self.db) { return thread }
        // Without a title: one that is taken from the message would outlive its deletion.
        return try self.write(
            ThreadCreate(title: ""), in: space, channel: channel, target: named, following: [named]
        ).id
    }
}
