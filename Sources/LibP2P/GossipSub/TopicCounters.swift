import LibP2PCore

/// What passed through a topic since the router was made.
public struct TopicCounters: Hashable, Sendable {
    /// Own messages.
    public var published: UInt64 = 0
    /// Messages of others that were delivered to the application.
    public var received: UInt64 = 0
    /// Copies of messages that were known already.
    public var duplicates: UInt64 = 0
    /// Messages that were wrong: form, signature, or the application's `reject`.
    public var rejected: UInt64 = 0
    /// Messages that the application ignored, or that found no room to be validated.
    public var ignored: UInt64 = 0
    /// Copies that were sent to peers, own and forwarded.
    public var sent: UInt64 = 0
    /// Bytes of data in delivered messages.
    public var bytesReceived: UInt64 = 0
    /// Bytes of data in own messages.
    public var bytesPublished: UInt64 = 0
    /// IWANT requests: ids that we asked for.
    public var iwantSent: UInt64 = 0
    /// Messages that were sent because a peer asked for them.
    public var iwantServed: UInt64 = 0
    /// GRAFTs that put a peer into the mesh.
    public var grafts: UInt64 = 0
    /// PRUNEs that took a peer out of the mesh.
    public var prunes: UInt64 = 0
    /// When a message was last published or delivered.
    public var lastActivity: Instant?

    public init() {}
}
