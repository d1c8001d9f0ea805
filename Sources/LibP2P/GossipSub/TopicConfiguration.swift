/// A topic's own settings.
public struct TopicConfiguration: Sendable {
    /// How messages are named.
    public var messageID: MessageIDFunction
    /// The topic's degrees, which must be consistent (`MeshDegrees.isConsistent`); nil: the router's.
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

    /// Whether a mesh can have these, by the one rule for a router's degrees and a topic's own: each in
    /// `range`, and what go-libp2p-pubsub asks of the router's (`GossipSubParams.validate`), which knows no
    /// topic's own. D_out is below D_low and below half of D also when it is 0, so that the D of a mesh
    /// is at least 2.
    public var isConsistent: Bool {
        let all = [self.degree, self.degreeLow, self.degreeHigh, self.degreeScore, self.degreeOut]
        return all.allSatisfy(Self.range.contains) && self.contradictions.isEmpty
    }

    /// What each degree may be; more mesh peers than this are no mesh.
    static let range = 0...1_024
}
