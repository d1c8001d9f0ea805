import DescordCore
import DescordCrypto
import LibP2PCore

/// A space that this home is a member of.
public struct SpaceSummary: Hashable, Sendable {
    public var id: SpaceID
    /// As its creator calls it; to be shown only when it parses as a `SpaceName`.
    public var name: String
    public var isPublic: Bool
    public var creator: Ed25519.PublicKey
    public var members: Int
    public var channels: Int
    /// When it was created or joined here.
    public var joined: WallTime
}

/// A space as a node serves it.
public struct HeldSpace: Hashable, Sendable {
    public var id: SpaceID
    public var name: String
    public var isPublic: Bool
}

/// A space in detail.
public struct SpaceDetails: Hashable, Sendable {
    public var summary: SpaceSummary
    /// Stored operations by what became of them; states without any are left out.
    public var operations: [OperationState: Int]
    /// The heads of everything stored, sorted.
    public var heads: [OperationID]
    /// How messages are sealed: nothing is, yet.
    public var encryption = "none"
    /// Who can read what is written: `members` and whoever they show it to, or `everyone`.
    public var readableBy: String
    /// Places in chains that two operations have.
    public var forks: [Fork]

    /// One author, one sequence number, two operations.
    public struct Fork: Hashable, Sendable {
        public var author: Ed25519.PublicKey
        public var sequence: UInt64
    }
}

/// A member of a space.
public struct MemberSummary: Hashable, Sendable {
    public var key: Ed25519.PublicKey
    public var isCreator: Bool
    /// 0…1000, the creator's 1001.
    public var rank: UInt32
    /// By the clock of the admission, or of the genesis.
    public var since: WallTime
    /// Let in by a use of an invite beyond its last.
    public var isOverLimit: Bool

    /// The member's peer id.
    public var peer: PeerID { PeerID(self.key) }
}

/// A channel.
public struct ChannelSummary: Hashable, Sendable {
    public var id: ChannelID
    public var space: SpaceID
    /// To be shown only when it parses as a `ChannelName`.
    public var name: String
    /// What it is for.
    public var purpose: String?
    /// Closed for posting.
    public var isArchived: Bool
    /// Only those who moderate it post in it.
    public var isReadOnly: Bool
}

/// An invite.
public struct InviteSummary: Hashable, Sendable {
    public var id: OperationID
    public var author: Ed25519.PublicKey
    public var rank: UInt32
    public var uses: UInt32
    public var used: Int
    public var expires: WallTime?
    public var isRevoked: Bool
}

/// A message.
public struct MessageSummary: Hashable, Sendable {
    public var id: OperationID
    public var space: SpaceID
    public var spaceName: String
    public var channel: ChannelID
    public var channelName: String
    public var thread: OperationID?
    public var author: Ed25519.PublicKey
    /// By its author's clock.
    public var time: WallTime
    /// When it came into force here.
    public var received: WallTime
    /// Its place in the local order.
    public var arrival: Int64
    /// What was said last; nil when it was deleted, is not here or does not decode.
    public var text: String?
    public var isEdited: Bool
    public var isDeleted: Bool
    public var isPinned: Bool
    /// Each with the number of those who gave it, in the order of their first appearance.
    public var reactions: [Reaction]
    /// The message that it answers.
    public var replyTo: OperationID?
    /// Whom it speaks of.
    public var mentions: [Ed25519.PublicKey]
    /// What its author calls itself; to be shown only when it parses as a `MemberName`.
    public var authorName: String?
    /// What happened to it, when it is told of as an event.
    public var event: MessageEvent
    /// Who did that.
    public var actor: Ed25519.PublicKey
    /// The operation by which it happened: of what was posted, the message itself.
    public var act: OperationID
    /// How many other members said that they stored it; nil for the messages of others.
    public var storedBy: Int?
    /// The files that belong to it.
    public var files: [FileReference]
}

/// A reaction to a message.
public struct Reaction: Hashable, Sendable {
    public var emoji: String
    public var count: Int

    public init(emoji: String, count: Int) {
        self.emoji = emoji
        self.count = count
    }
}

/// What happens to messages.
public enum MessageEvent: String, Hashable, Sendable, CaseIterable {
    case posted, edited, deleted, reacted, unreacted, pinned, unpinned

    /// The event of an operation of this kind.
    init?(_ kind: OperationKind) {
        switch kind {
        case .messagePost: self = .posted
        case .messageEdit: self = .edited
        case .messageDelete: self = .deleted
        case .reactionAdd: self = .reacted
        case .reactionRemove: self = .unreacted
        case .pin: self = .pinned
        case .unpin: self = .unpinned
        default: return nil
        }
    }
}

/// A role of a space.
public struct RoleSummary: Hashable, Sendable {
    public var id: OperationID
    /// To be shown only when it parses as a `SpaceName`.
    public var name: String
    public var rank: UInt32
    public var permissions: Permissions
    /// Who holds it now.
    public var holders: [Ed25519.PublicKey]
}

/// An authority operation, for whoever wants to know who did what.
public struct AuditEntry: Hashable, Sendable {
    public var operation: DescordCore.Operation
    public var state: OperationState
}
