/// What is known of a peer: the object of `descord peers --json`.
public struct PeerStatus: Codable, Sendable, Equatable {
    /// How the peer stands to one topic.
    public struct TopicStatus: Codable, Sendable, Equatable {
        public var topic: String
        /// Whether the peer said that it subscribes.
        public var subscribed: Bool
        /// Whether it is grafted.
        public var inMesh: Bool
        public var score: Double
        /// Seconds until a GRAFT is allowed again, 0 when it is.
        public var backoffSeconds: Double
        /// Why it is in the mesh or is not.
        public var why: Why
        /// How many peers the mesh has, and between which sizes it is kept.
        public var meshPeers: Int
        public var meshLow: Int
        public var meshHigh: Int
        /// What the score is made of; nil without scoring, and for a peer that is not connected.
        public var scoreParts: ScorePartsStatus?
    }

    /// How a peer stands to a topic's mesh, by words that do not change.
    public enum Why: String, Codable, Sendable, CaseIterable {
        case inMesh = "in_mesh"
        /// We are not subscribed ourselves.
        case notJoined = "not_joined"
        case notConnected = "not_connected"
        /// It speaks a protocol without meshes.
        case withoutMesh = "without_mesh"
        /// It may not count as a subscriber: it is no member.
        case notMember = "not_member"
        case notSubscribed = "not_subscribed"
        /// `backoffSeconds` must pass first.
        case backoff
        /// Its score is below 0.
        case negativeScore = "negative_score"
        /// The mesh has enough peers.
        case full
        /// It always gets everything, outside of the mesh.
        case direct
        /// This node is here for a moment and asks nobody for a place.
        case oneShot = "one_shot"
        /// The next heartbeat may take it in.
        case candidate
    }

    /// The parts of a score as they are added up, by the specification's numbers.
    public struct ScorePartsStatus: Codable, Sendable, Equatable {
        /// Time in this topic's mesh.
        public var p1: Double
        /// First deliveries.
        public var p2: Double
        /// Missing deliveries, now and at a PRUNE.
        public var p3: Double
        public var p3b: Double
        /// Wrong messages.
        public var p4: Double
        /// This topic's sum, and that of all topics after the cap.
        public var topic: Double
        public var topics: Double
        /// The application's.
        public var p5: Double
        /// Peers behind one address.
        public var p6: Double
        /// Broken promises and GRAFTs into a backoff.
        public var p7: Double
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
    /// Whether both have everything now; false when the comparison stopped at a bound, or what the peer
    /// listed did not come: then the next session goes on.
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
