import LibP2PCore

/// A message; the operation's id is the message's id.
public struct MessagePost: OperationPayload {
    public static let kind = OperationKind.messagePost

    /// What it says; its size is bounded by the operation's.
    public var text: String
    /// The thread that it is in.
    public var thread: OperationID?
    /// The message that it answers.
    public var replyTo: OperationID?
    /// The files that belong to it, at most 8.
    public var files: [FileReference]

    public init(
        text: String, thread: OperationID? = nil, replyTo: OperationID? = nil, files: [FileReference] = []
    ) {
        self.text = text
        self.thread = thread
        self.replyTo = replyTo
        self.files = files
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMessagePost(octets: bytes), message.hasText else { return nil }
        self.text = message.text
        let thread = OperationID(bytes: message.thread.octets)
        guard (thread != nil) == message.hasThread else { return nil }
        self.thread = thread
        let replyTo = OperationID(bytes: message.replyTo.octets)
        guard (replyTo != nil) == message.hasReplyTo else { return nil }
        self.replyTo = replyTo
        guard message.files.count <= PayloadLimits.maxFileCount else { return nil }
        let files = message.files.compactMap { FileReference($0) }
        guard files.count == message.files.count else { return nil }
        self.files = files
    }

    public var encoded: [UInt8] {
        var message = PBMessagePost()
        message.text = self.text
        if let thread { message.thread = .init(octets: thread.bytes) }
        if let replyTo { message.replyTo = .init(octets: replyTo.bytes) }
        message.files = self.files.map(\.message)
        return message.octets
    }
}

/// Replaces the text of the author's own message.
public struct MessageEdit: OperationPayload {
    public static let kind = OperationKind.messageEdit

    /// The message.
    public var target: OperationID
    /// The new text.
    public var text: String

    public init(target: OperationID, text: String) {
        self.target = target
        self.text = text
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMessageEdit(octets: bytes), message.hasTarget, message.hasText else {
            return nil
        }
        guard let target = OperationID(bytes: message.target.octets) else { return nil }
        self.target = target
        self.text = message.text
    }

    public var encoded: [UInt8] {
        var message = PBMessageEdit()
        message.target = .init(octets: self.target.bytes)
        message.text = self.text
        return message.octets
    }
}

/// Deletes a message and what belongs to it.
public struct MessageDelete: OperationPayload {
    public static let kind = OperationKind.messageDelete

    /// The message.
    public var target: OperationID

    public init(target: OperationID) {
        self.target = target
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBMessageDelete(octets: bytes), message.hasTarget else { return nil }
        guard let target = OperationID(bytes: message.target.octets) else { return nil }
        self.target = target
    }

    public var encoded: [UInt8] {
        var message = PBMessageDelete()
        message.target = .init(octets: self.target.bytes)
        return message.octets
    }
}

/// Reacts to a message.
public struct ReactionAdd: OperationPayload {
    public static let kind = OperationKind.reactionAdd

    /// The message.
    public var target: OperationID
    /// The reaction.
    public var emoji: String

    public init(target: OperationID, emoji: String) {
        self.target = target
        self.emoji = emoji
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBReactionAdd(octets: bytes), message.hasTarget, message.hasEmoji else {
            return nil
        }
        guard let target = OperationID(bytes: message.target.octets) else { return nil }
        self.target = target
        guard OperationPayloads.fits(message.emoji, PayloadLimits.maxEmojiSize) else { return nil }
        self.emoji = message.emoji
    }

    public var encoded: [UInt8] {
        var message = PBReactionAdd()
        message.target = .init(octets: self.target.bytes)
        message.emoji = self.emoji
        return message.octets
    }
}

/// Takes back reactions that the author had seen.
public struct ReactionRemove: OperationPayload {
    public static let kind = OperationKind.reactionRemove

    /// The message.
    public var target: OperationID
    /// The reaction add operations, at most 64.
    public var additions: [OperationID]

    public init(target: OperationID, additions: [OperationID]) {
        self.target = target
        self.additions = additions
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBReactionRemove(octets: bytes), message.hasTarget else { return nil }
        guard let target = OperationID(bytes: message.target.octets) else { return nil }
        self.target = target
        guard message.additions.count <= PayloadLimits.maxTargetCount else { return nil }
        let additions = message.additions.compactMap { OperationID(bytes: $0.octets) }
        guard additions.count == message.additions.count else { return nil }
        self.additions = additions
    }

    public var encoded: [UInt8] {
        var message = PBReactionRemove()
        message.target = .init(octets: self.target.bytes)
        message.additions = self.additions.map { .init(octets: $0.bytes) }
        return message.octets
    }
}

/// Pins a message in its channel.
public struct Pin: OperationPayload {
    public static let kind = OperationKind.pin

    /// The message.
    public var target: OperationID

    public init(target: OperationID) {
        self.target = target
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBPin(octets: bytes), message.hasTarget else { return nil }
        guard let target = OperationID(bytes: message.target.octets) else { return nil }
        self.target = target
    }

    public var encoded: [UInt8] {
        var message = PBPin()
        message.target = .init(octets: self.target.bytes)
        return message.octets
    }
}

/// Takes back pins that the author had seen.
public struct Unpin: OperationPayload {
    public static let kind = OperationKind.unpin

    /// The message.
    public var target: OperationID
    /// The pin operations, at most 64.
    public var pins: [OperationID]

    public init(target: OperationID, pins: [OperationID]) {
        self.target = target
        self.pins = pins
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBUnpin(octets: bytes), message.hasTarget else { return nil }
        guard let target = OperationID(bytes: message.target.octets) else { return nil }
        self.target = target
        guard message.pins.count <= PayloadLimits.maxTargetCount else { return nil }
        let pins = message.pins.compactMap { OperationID(bytes: $0.octets) }
        guard pins.count == message.pins.count else { return nil }
        self.pins = pins
    }

    public var encoded: [UInt8] {
        var message = PBUnpin()
        message.target = .init(octets: self.target.bytes)
        message.pins = self.pins.map { .init(octets: $0.bytes) }
        return message.octets
    }
}

/// Begins a thread; the operation's id is the thread's id.
public struct ThreadCreate: OperationPayload {
    public static let kind = OperationKind.threadCreate

    /// What it is about.
    public var title: String
    /// The message that it hangs on.
    public var root: OperationID?

    public init(title: String, root: OperationID? = nil) {
        self.title = title
        self.root = root
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBThreadCreate(octets: bytes), message.hasTitle else { return nil }
        guard OperationPayloads.fits(message.title, PayloadLimits.maxNameSize) else { return nil }
        self.title = message.title
        let root = OperationID(bytes: message.root.octets)
        guard (root != nil) == message.hasRoot else { return nil }
        self.root = root
    }

    public var encoded: [UInt8] {
        var message = PBThreadCreate()
        message.title = self.title
        if let root { message.root = .init(octets: root.bytes) }
        return message.octets
    }
}

/// What the author wants to be called.
public struct Profile: OperationPayload {
    public static let kind = OperationKind.profile

    /// The name.
    public var name: String

    public init(name: String) {
        self.name = name
    }

    public init?(decoding bytes: [UInt8]) {
        guard let message = PBProfile(octets: bytes), message.hasName else { return nil }
        guard OperationPayloads.fits(message.name, PayloadLimits.maxNameSize) else { return nil }
        self.name = message.name
    }

    public var encoded: [UInt8] {
        var message = PBProfile()
        message.name = self.name
        return message.octets
    }
}
