import LibP2PCore

/// What is held against a peer, so that it counts in a later run as well.
public struct RetainedScore: Hashable, Sendable {
    /// What is held against it in one topic.
    public struct Topic: Hashable, Sendable {
        public var topic: LibP2P.Topic
        /// Whether it was in the mesh for long enough to be held to the threshold of P3.
        public var isHeldToMeshDeliveries = false
        /// The counter of P3; 0 when it is not held to the threshold.
        public var meshMessageDeliveries = 0.0
        /// The counter of P3b.
        public var meshFailurePenalty = 0.0
        /// The counter of P4.
        public var invalidMessageDeliveries = 0.0

        public init(_ topic: LibP2P.Topic) {
            self.topic = topic
        }

        /// Whether nothing is held against the peer.
        var isBlank: Bool {
            !self.isHeldToMeshDeliveries && self.meshFailurePenalty == 0 && self.invalidMessageDeliveries == 0
        }
    }

    public var peer: PeerID
    /// How long it is still to be remembered; the time between two runs counts.
    public var remaining: Duration
    /// The counter of P7.
    public var behaviourPenalty = 0.0
    /// By name.
    public var topics: [Topic] = []

    public init(peer: PeerID, remaining: Duration) {
        self.peer = peer
        self.remaining = remaining
    }

    /// Whether nothing is held against the peer.
    var isBlank: Bool { self.behaviourPenalty == 0 && self.topics.isEmpty }
}
