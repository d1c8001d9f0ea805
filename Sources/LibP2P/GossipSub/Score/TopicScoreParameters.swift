import LibP2PCore

/// How a topic's behaviour becomes score: P1 to P4 (gossipsub v1.1, "The Score Function"; go-libp2p-pubsub,
/// `TopicScoreParams`).
///
/// As in go-libp2p-pubsub there are no defaults: with all weights 0 the topic counts for nothing. A decay is
/// the factor that a counter is multiplied with once every `PeerScoreParameters.decayInterval`.
public struct TopicScoreParameters: Sendable, Equatable {
    /// What the topic's sum is multiplied with before the topics are added up; at least 0.
    public var topicWeight = 0.0

    /// P1, time in the mesh: the weight of a quantum; at least 0.
    public var timeInMeshWeight = 0.0
    /// P1: the time that counts as one; whole quanta count.
    public var timeInMeshQuantum: Duration = .seconds(1)
    /// P1: the most quanta that count.
    public var timeInMeshCap = 0.0

    /// P2, first deliveries: the weight of each; at least 0.
    public var firstMessageDeliveriesWeight = 0.0
    public var firstMessageDeliveriesDecay = 0.0
    /// P2: the most that the counter holds.
    public var firstMessageDeliveriesCap = 0.0

    /// P3, deliveries in the mesh: the weight of the squared deficit; at most 0.
    public var meshMessageDeliveriesWeight = 0.0
    public var meshMessageDeliveriesDecay = 0.0
    /// P3: the most that the counter holds.
    public var meshMessageDeliveriesCap = 0.0
    /// P3: what a mesh peer has to have delivered lately.
    public var meshMessageDeliveriesThreshold = 0.0
    /// P3: how long after its validation a copy still counts.
    public var meshMessageDeliveriesWindow: Duration = .zero
    /// P3: how long a peer is in the mesh before it is held to the threshold.
    public var meshMessageDeliveriesActivation: Duration = .zero

    /// P3b, mesh failures that stick after a PRUNE: the weight; at most 0.
    public var meshFailurePenaltyWeight = 0.0
    public var meshFailurePenaltyDecay = 0.0

    /// P4, rejected messages: the weight of their number squared; at most 0.
    public var invalidMessageDeliveriesWeight = 0.0
    public var invalidMessageDeliveriesDecay = 0.0

    public init() {}
}
