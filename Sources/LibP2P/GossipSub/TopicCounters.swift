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
    /// Ids that we advertised.
    public var ihaveSent: UInt64 = 0
    /// Ids that peers advertised to us.
    public var ihaveReceived: UInt64 = 0
    /// Ids that we asked peers not to send.
    public var idontwantSent: UInt64 = 0
    /// How often a peer came into the mesh.
    public var grafts: UInt64 = 0
    /// How often a peer left the mesh.
    public var prunes: UInt64 = 0
    public var graftReasons = ReasonCounts<GraftReason>()
    public var pruneReasons = ReasonCounts<PruneReason>()
    /// GRAFTs that were refused.
    public var refusals = ReasonCounts<PruneReason>()
    /// Peers that PRUNEs offered and that were worth dialling.
    public var peersOffered: UInt64 = 0
    /// Messages that found no room in a peer's queue.
    public var queueDrops: UInt64 = 0
    /// Messages that waited for bandwidth.
    public var delayed: UInt64 = 0
    /// Signs of life, which are no messages.
    public var presence: UInt64 = 0
    /// When a message was last published or delivered.
    public var lastActivity: Instant?

    public init() {}
}
