import DescordCrypto
import LibP2PCore

/// A message; the operation's id is the message's id. The header's target, when there is one, is its thread.
public struct MessagePost: OperationPayload {
    public static let kind = OperationKind.messagePost

    /// What it says; its size is bounded by the operation's.
    public var text: String
    /// The message that it answers.
    public var replyTo: OperationID?
    /// The files that belong to it, at most 8.
    public var files: [FileReference]
    /// Whom it speaks of, at most 64.
    public var mentions: [Ed25519.PublicKey]

    public init(
        text: String, replyTo: OperationID? = nil, files: [FileReference] = [],
        mentions: [Ed25519.PublicKey] = []
    ) {
        self.text = text
        self.replyTo = replyTo
        self.files = files
        self.mentions = mentions
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMessagePost(octets: bytes), message.hasText else { return nil }
        self.text = message.text
        let replyTo = OperationID(bytes: message.replyTo.octets)
        guard (replyTo != nil) == message.hasReplyTo else { return nil }
        self.replyTo = replyTo
        guard message.files.count <= PayloadLimits.maxFileCount else { return nil }
        let files = message.files.compactMap { FileReference($0) }
        guard files.count == message.files.count else { return nil }
        self.files = files
        guard let mentions = OperationPayloads.keys(message.mentions.map(\.octets)) else { return nil }
        self.mentions = mentions
    }

    public var encoded: [UInt8] {
        var message = PBMessagePost()
        message.text = text
        if let replyTo { message.replyTo = .init(octets: replyTo.bytes) }
        message.files = self.files.map(\.message)
        message.mentions = mentions.map { .init(octets: $0.bytes) }
        return message.octets
    }
}

/// Replaces the text of the author's own message, the header's target.
public struct MessageEdit: OperationPayload {
    public static let kind = OperationKind.messageEdit

    /// The new text.
    public var text: String
    /// Whom it speaks of, at most 64.
    public var mentions: [Ed25519.PublicKey]

    public init(text: String, mentions: [Ed25519.PublicKey] = []) {
        self.text = text
        self.mentions = mentions
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMessageEdit(octets: bytes), message.hasText,
            let mentions = OperationPayloads.keys(message.mentions.map(\.octets))
        else { return nil }
        self.text = message.text
        self.mentions = mentions
    }

    public var encoded: [UInt8] {
        var message = PBMessageEdit()
        message.text = text
        message.mentions = mentions.map { .init(octets: $0.bytes) }
        return message.octets
    }
}

/// Deletes a message, the header's target, with all its edits.
public struct MessageDelete: OperationPayload {
    public static let kind = OperationKind.messageDelete

    public init() {}

    public init?(decoding bytes: [UInt8]) {
        guard PBMessageDelete(octets: bytes) != nil else { return nil }
    }

    public var encoded: [UInt8] { PBMessageDelete().octets }
}

/// Reacts to a message, the header's target.
public struct ReactionAdd: OperationPayload {
    public static let kind = OperationKind.reactionAdd

    /// The reaction.
    public var emoji: String

    public init(emoji: String) {
        self.emoji = emoji
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBReactionAdd(octets: bytes), message.hasEmoji,
            OperationPayloads.fits(message.emoji, PayloadLimits.maxEmojiSize)
        else { return nil }
        self.emoji = message.emoji
    }

    public var encoded: [UInt8] {
        var message = PBReactionAdd()
        message.emoji = emoji
        return message.octets
    }
}

/// Takes back the author's own reactions to a message, the header's target.
public struct ReactionRemove: OperationPayload {
    public static let kind = OperationKind.reactionRemove

    /// The reaction add operations, at most 64.
    public var additions: [OperationID]

    public init(additions: [OperationID]) {
        self.additions = additions
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBReactionRemove(octets: bytes),
            let additions = OperationPayloads.ids(message.additions.map(\.octets))
        else { return nil }
        self.additions = additions
    }

    public var encoded: [UInt8] {
        var message = PBReactionRemove()
        message.additions = additions.map { .init(octets: $0.bytes) }
        return message.octets
    }
}

/// Pins a message, the header's target, in its channel.
public struct Pin: OperationPayload {
    public static let kind = OperationKind.pin

    public init() {}

    public init?(decoding bytes: [UInt8]) {
        guard PBPin(octets: bytes) != nil else { return nil }
    }

    public var encoded: [UInt8] { PBPin().octets }
}

/// Takes back pins of a message, the header's target, that the author had seen.
public struct Unpin: OperationPayload {
    public static let kind = OperationKind.unpin

    /// The pin operations, at most 64.
    public var pins: [OperationID]

    public init(pins: [OperationID]) {
        self.pins = pins
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBUnpin(octets: bytes),
            let pins = OperationPayloads.ids(message.pins.map(\.octets))
        else { return nil }
        self.pins = pins
    }

    public var encoded: [UInt8] {
        var message = PBUnpin()
        message.pins = pins.map { .init(octets: $0.bytes) }
        return message.octets
    }
}

/// Begins a thread; the operation's id is the thread's id. The header's target, when there is one, is the
/// message that it hangs on.
public struct ThreadCreate: OperationPayload {
    public static let kind = OperationKind.threadCreate

    /// What it is about.
    public var title: String

    public init(title: String) {
        self.title = title
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBThreadCreate(octets: bytes), message.hasTitle,
            OperationPayloads.fits(message.title, PayloadLimits.maxNameSize)
        else { return nil }
        self.title = message.title
    }

    public var encoded: [UInt8] {
        var message = PBThreadCreate()
        message.title = title
        return message.octets
    }
}

/// What the author wants to be called, and says of itself.
public struct Profile: OperationPayload {
    public static let kind = OperationKind.profile

    /// The name; to be shown only when it parses as a `MemberName`.
    public var name: String
    /// A paragraph.
    public var about: String?

    public init(name: String, about: String? = nil) {
        self.name = name
        self.about = about
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBProfile(octets: bytes), message.hasName,
            OperationPayloads.fits(message.name, PayloadLimits.maxNameSize),
            OperationPayloads.fits(message.about, PayloadLimits.maxNoteSize)
        else { return nil }
        self.name = message.name
        self.about = message.hasAbout ? message.about : nil
    }

    public var encoded: [UInt8] {
        var message = PBProfile()
        message.name = name
        if let about { message.about = about }
        return message.octets
    }
}

extension OperationPayloads {
    /// Returns the ids in a content's list; nil when one is none, or there are too many.
    fileprivate static func ids(_ list: [[UInt8]]) -> [OperationID]? {
        guard list.count <= PayloadLimits.maxTargetCount else { return nil }
        let ids = list.compactMap { OperationID(bytes: $0) }
        return ids.count == list.count ? ids : nil
    }

    /// Returns the keys in a content's list; nil when one is none, or there are too many.
    fileprivate static func keys(_ list: [[UInt8]]) -> [Ed25519.PublicKey]? {
        guard list.count <= PayloadLimits.maxTargetCount else { return nil }
        let keys = list.compactMap { Ed25519.PublicKey($0) }
        return keys.count == list.count ? keys : nil
    }
}
