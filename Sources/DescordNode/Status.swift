/// What is known of a peer: the object of `descord peers --json`.
public struct PeerStatus: Codable, Sendable, Equatable {
    /// How the peer stands to one topic.
    public struct TopicStatus: Codable, Sendable, Equatable {
        public var topic: String
        /// Whether the peer said that it subscribes.
        public var subscribed: Bool
        /// Whether we grafted it.
        public var inMesh: Bool
        public var score: Double
        /// Seconds until a GRAFT is allowed again, 0 when it is.
        public var backoffSeconds: Double
    }

    /// Base58.
    public var peer: String
    public var addresses: [String]
    public var connected: Bool
    /// `inbound` or `outbound`; nil when not connected.
    public var direction: String?
    public var agent: String?
    /// Milliseconds.
    public var roundTripMilliseconds: Double?
    public var topics: [TopicStatus]
    /// Spaces of this home, in hex, of which the peer is a known member.
    public var spaces: [String]
}

/// What reconciling with one peer came to: the object of `descord sync --json`.
public struct SyncReport: Codable, Sendable, Equatable {
    /// The space, 64 hex digits.
    public var space: String
    /// Base58.
    public var peer: String
    /// Operations sent and received, round trips, and bytes both ways.
    public var sent: Int
    public var received: Int
    public var roundTrips: Int
    public var bytes: Int
    /// Whether the session came to its end.
    public var completed: Bool
}

/// What joining came to: the object of `descord space join --json`.
public struct JoinReport: Codable, Sendable, Equatable {
    /// The space, 64 hex digits.
    public var space: String
    public var name: String
    /// Operations fetched.
    public var operationsReceived: Int
    /// Members reached.
    public var peers: Int
}
