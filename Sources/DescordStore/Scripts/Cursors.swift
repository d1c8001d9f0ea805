import DescordCore
import LibP2PCore

/// What a cursor is kept for: a consumer's name, and what it follows.
public struct CursorKey: Hashable, Sendable {
    /// As the caller parsed it; 1 to 64 scalars.
    public var name: String
    public var space: SpaceID
    /// Nil: every channel of the space.
    public var channel: ChannelID?

    public init(name: String, space: SpaceID, channel: ChannelID? = nil) {
        self.name = name
        self.space = space
        self.channel = channel
    }
}

/// Where a consumer is.
public struct CursorPlace: Hashable, Sendable {
    /// The arrival of the last message that it is done with, 0 before the first.
    public var position: Int64
    /// From when on messages count that had arrived when the cursor was made.
    public var since: WallTime?
    /// The newest arrival of that moment.
    public var sinceUntil: Int64

    public init(position: Int64, since: WallTime? = nil, sinceUntil: Int64 = 0) {
        self.position = position
        self.since = since
        self.sinceUntil = sinceUntil
    }
}

/// A cursor as it is listed.
public struct CursorSummary: Hashable, Sendable {
    public var key: CursorKey
    public var place: CursorPlace
    /// When it moved last.
    public var updated: WallTime
    /// Messages that its hook gave up on.
    public var parked: Int
}

/// A message that a hook gave up on.
public struct ParkedMessage: Hashable, Sendable {
    public var key: CursorKey
    public var op: OperationID
    /// How often the hook was tried in all.
    public var attempts: Int
    /// How it ended last: `exit 3`, `signal 9`.
    public var lastError: String
    public var parkedAt: WallTime
    /// Whether somebody asked for another try.
    public var isDue: Bool
}
