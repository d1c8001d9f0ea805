import DescordCore
import DescordStore
import LibP2PCore

/// A space that this home holds.
package struct SpaceRow: Equatable, Sendable {
    package var id: SpaceID
    /// The name, when it is one that may be shown; else nil, and the id stands for it.
    package var name: String?
    package var isPublic: Bool
    package var memberCount: Int
    package var channelCount: Int

    package init(id: SpaceID, name: String?, isPublic: Bool, memberCount: Int, channelCount: Int) {
        self.id = id
        self.name = name
        self.isPublic = isPublic
        self.memberCount = memberCount
        self.channelCount = channelCount
    }

    /// The gossip topic.
    package var topic: String { "space/" + self.id.hex.prefix(16) }
    /// The name, or the beginning of the id.
    package var shownName: String { self.name ?? Short.id(self.id) }
}

/// A channel.
package struct ChannelRow: Equatable, Sendable {
    package var id: ChannelID
    package var space: SpaceID
    package var name: String?
    package var purpose: String?
    package var isArchived: Bool
    package var isReadOnly: Bool

    package init(
        id: ChannelID, space: SpaceID, name: String?, purpose: String? = nil, isArchived: Bool,
        isReadOnly: Bool = false
    ) {
        self.id = id
        self.space = space
        self.name = name
        self.purpose = purpose
        self.isArchived = isArchived
        self.isReadOnly = isReadOnly
    }

    package var shownName: String { self.name ?? Short.id(self.id) }
}

/// A member of a space.
package struct MemberRow: Equatable, Sendable {
    package var peer: PeerID
    /// A name that the member gave itself, when it may be shown.
    package var name: String?
    package var rank: Int
    package var since: WallTime?
    package var isSelf: Bool
    package var isOverLimit: Bool

    package init(peer: PeerID, name: String?, rank: Int, since: WallTime?, isSelf: Bool, isOverLimit: Bool) {
        self.peer = peer
        self.name = name
        self.rank = rank
        self.since = since
        self.isSelf = isSelf
        self.isOverLimit = isOverLimit
    }
}

/// What is known of a space as a whole.
package struct SpaceInfoRow: Equatable, Sendable {
    package var creator: PeerID?
    package var created: WallTime?
    package var operations: Int
    package var waiting: Int
    package var held: Int
    package var invalid: Int
    package var void: Int
    package var revoked: Int
    package var heads: [OperationID]
    /// Authors who signed two operations with one sequence number.
    package var forks: [PeerID]
    /// Our rank.
    package var rank: Int

    package init(
        creator: PeerID?, created: WallTime?, operations: Int, waiting: Int, held: Int, invalid: Int,
        void: Int, revoked: Int = 0, heads: [OperationID], forks: [PeerID], rank: Int
    ) {
        self.creator = creator
        self.created = created
        self.operations = operations
        self.waiting = waiting
        self.held = held
        self.invalid = invalid
        self.void = void
        self.revoked = revoked
        self.heads = heads
        self.forks = forks
        self.rank = rank
    }
}

/// Which messages, and in which order.
package struct MessageQuery: Equatable, Sendable {
    /// The two orders: what people read, and what a follower must never miss.
    package enum Order: Equatable, Sendable {
        /// By clock; `limit` keeps the newest.
        case clock
        /// By local arrival, after that number; `limit` keeps the first.
        case arrival(after: Int64)
    }

    package var space: SpaceID
    package var channel: ChannelID?
    package var thread: OperationID?
    package var author: PeerID?
    /// Only what is pinned now.
    package var isPinned: Bool
    package var since: WallTime?
    package var until: WallTime?
    package var limit: Int?
    package var order: Order

    package init(
        space: SpaceID, channel: ChannelID? = nil, thread: OperationID? = nil, author: PeerID? = nil,
        isPinned: Bool = false, since: WallTime? = nil,
        until: WallTime? = nil, limit: Int? = nil, order: Order = .clock
    ) {
        self.space = space
        self.channel = channel
        self.thread = thread
        self.author = author
        self.isPinned = isPinned
        self.since = since
        self.until = until
        self.limit = limit
        self.order = order
    }
}

/// A message as it stands now.
package struct MessageRow: Equatable, Sendable {
    package var op: OperationID
    package var space: SpaceID
    package var spaceName: String?
    package var channel: ChannelID
    package var channelName: String?
    package var thread: OperationID?
    package var author: PeerID
    package var authorName: String?
    /// By the author's clock.
    package var time: WallTime
    /// By ours, when it was admitted.
    package var received: WallTime
    package var arrival: Int64
    /// Nil once it was deleted.
    package var text: String?
    package var isEdited: Bool
    package var isDeleted: Bool
    package var isPinned: Bool
    package var reactions: [Reaction]
    /// The message that it answers.
    package var replyTo: OperationID?
    /// Whom it speaks of.
    package var mentions: [PeerID]
    /// How many other members stored it; nil for other people's.
    package var storedBy: Int?
    /// What happened to it: that it was posted, or something later.
    package var event: MessageEvent
    /// Who did that.
    package var actor: PeerID
    /// The operation by which it happened.
    package var act: OperationID
    /// The files that belong to it.
    package var files: [FileReference]

    package init(
        op: OperationID, space: SpaceID, spaceName: String?, channel: ChannelID, channelName: String?,
        thread: OperationID?, author: PeerID, authorName: String?, time: WallTime, received: WallTime,
        arrival: Int64, text: String?, isEdited: Bool, isDeleted: Bool, isPinned: Bool = false,
        reactions: [Reaction], replyTo: OperationID? = nil, mentions: [PeerID] = [], storedBy: Int?,
        event: MessageEvent = .posted, actor: PeerID? = nil, act: OperationID? = nil,
        files: [FileReference] = []
    ) {
        self.op = op
        self.space = space
        self.spaceName = spaceName
        self.channel = channel
        self.channelName = channelName
        self.thread = thread
        self.author = author
        self.authorName = authorName
        self.time = time
        self.received = received
        self.arrival = arrival
        self.text = text
        self.isEdited = isEdited
        self.isDeleted = isDeleted
        self.isPinned = isPinned
        self.reactions = reactions
        self.replyTo = replyTo
        self.mentions = mentions
        self.storedBy = storedBy
        self.event = event
        self.actor = actor ?? author
        self.act = act ?? op
        self.files = files
    }
}

/// An operation that waits for other members.
package struct OutboxRow: Equatable, Sendable {
    package var op: OperationID
    package var space: SpaceID
    package var attempts: Int
    package var lastError: String?

    package init(op: OperationID, space: SpaceID, attempts: Int, lastError: String?) {
        self.op = op
        self.space = space
        self.attempts = attempts
        self.lastError = lastError
    }
}

/// Ids short enough to read.
package enum Short {
    /// The first 8 digits.
    package static func id(_ id: OperationID) -> String { String(id.hex.prefix(8)) }
    /// The last 8 characters: all Ed25519 peer ids begin alike.
    package static func peer(_ id: PeerID) -> String { "…" + id.description.suffix(8) }
}
