/// What a peer's score is made of: the counters, and what each adds (gossipsub v1.1, "The Score Function").
///
/// `total` is `topicsSum` + `p5` + `p6` + `p7`, added in this order; `topicsSum` is the `score` of each
/// topic, added in their order and cut at the cap on topics.
public struct ScoreParts: Hashable, Sendable {
    /// What a peer's behaviour in one topic adds.
    public struct Topic: Hashable, Sendable {
        public let topic: LibP2P.Topic
        public var isInMesh = false
        /// Since the last GRAFT, as of the last decay; zero outside the mesh.
        public var timeInMesh: Duration = .zero
        /// Whether it was in the mesh for long enough to be held to the threshold of P3.
        public var isHeldToMeshDeliveries = false
        public var firstMessageDeliveries = 0.0
        public var meshMessageDeliveries = 0.0
        /// The counter of P3b: the sum of squared deficits.
        public var meshFailurePenalty = 0.0
        public var invalidMessageDeliveries = 0.0

        /// Time in the mesh, weighted; so are the others.
        public var p1 = 0.0
        /// First deliveries.
        public var p2 = 0.0
        /// Deliveries in the mesh that are missing.
        public var p3 = 0.0
        /// The same, after a PRUNE.
        public var p3b = 0.0
        /// Rejected messages.
        public var p4 = 0.0
        /// P1 to P4, added in this order, times the topic's weight.
        public var score = 0.0

        public init(topic: LibP2P.Topic) {
            self.topic = topic
        }
    }

    /// By name.
    public var topics: [Topic] = []
    /// All topics together, after the cap.
    public var topicsSum = 0.0
    /// What the application thinks of the peer.
    public var applicationScore = 0.0
    /// The squared excess of peers behind its addresses.
    public var colocationFactor = 0.0
    /// The counter of P7.
    public var behaviourPenalty = 0.0

    /// The application's score, weighted.
    public var p5 = 0.0
    /// Peers behind the same addresses, weighted.
    public var p6 = 0.0
    /// Broken promises and other misbehaviour, weighted.
    public var p7 = 0.0
    /// The score.
    public var total = 0.0

    public init() {}
}
