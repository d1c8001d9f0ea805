/// A topic's own settings.
public struct TopicConfiguration: Sendable {
    /// How messages are named.
    public var messageID: MessageIDFunction
    /// The topic's degrees; nil: the router's.
    public var degrees: MeshDegrees?
    /// The largest RPC with one message of the topic, in bytes; nil: the router's `maxRPCSize`. Larger ones
    /// are neither published nor taken.
    public var maxMessageSize: Int?

    public init(
        messageID: MessageIDFunction = .go, degrees: MeshDegrees? = nil, maxMessageSize: Int? = nil
    ) {
        self.messageID = messageID
        self.degrees = degrees
        self.maxMessageSize = maxMessageSize
    }
}

/// The size of a topic's mesh (gossipsub v1.1, "Parameters": D, D_low, D_high, D_score, D_out).
public struct MeshDegrees: Hashable, Sendable {
    public var degree: Int
    public var degreeLow: Int
    public var degreeHigh: Int
    public var degreeScore: Int
    public var degreeOut: Int

    public init(degree: Int, degreeLow: Int, degreeHigh: Int, degreeScore: Int, degreeOut: Int) {
        self.degree = degree
        self.degreeLow = degreeLow
        self.degreeHigh = degreeHigh
        self.degreeScore = degreeScore
        self.degreeOut = degreeOut
    }

    /// Whether a mesh can have these (go-libp2p-pubsub, `GossipSubParams.validate`).
    public var isConsistent: Bool {
        if self.degree == 0, self.degreeLow == 0, self.degreeHigh == 0, self.degreeOut == 0 { return true }
        return self.degreeLow >= 0 && self.degreeLow <= self.degree && self.degree <= self.degreeHigh
            && self.degreeScore >= 0 && self.degreeScore <= self.degreeHigh && self.degreeOut >= 0
            && (self.degreeOut == 0 || self.degreeOut < self.degreeLow && self.degreeOut < self.degree / 2)
    }
}
