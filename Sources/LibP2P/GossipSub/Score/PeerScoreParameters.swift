import LibP2PCore

/// How behaviour becomes score (gossipsub v1.1, "Peer scoring"; go-libp2p-pubsub, `PeerScoreParams`).
///
/// As in go-libp2p-pubsub the weights have no defaults: what is 0 counts for nothing.
public struct PeerScoreParameters: Sendable, Equatable {
    /// What topics without parameters of their own are scored by; nil: they count for nothing.
    public var defaultTopic: TopicScoreParameters?
    /// Topics with parameters of their own.
    public var topics: [Topic: TopicScoreParameters] = [:]
    /// The most that all topics together add; 0: no limit. It bounds above alone.
    public var topicScoreCap = 0.0

    /// P5, the application's score: its weight, of either sign.
    public var applicationWeight = 0.0
    /// P5: the application's score of peers that it said nothing about.
    public var applicationScore = 0.0

    /// P6, peers behind one address: the weight of the squared excess; at most 0.
    public var ipColocationFactorWeight = 0.0
    /// P6: how many peers an address may have; at least 1 when there is a weight.
    public var ipColocationFactorThreshold = 1
    /// P6: networks that don't count, as addresses with a prefix length.
    public var ipColocationFactorWhitelist: [IPNetwork] = []

    /// P7, broken promises and other misbehaviour: the weight of the squared excess; at most 0.
    public var behaviourPenaltyWeight = 0.0
    /// P7: up to here the counter costs nothing.
    public var behaviourPenaltyThreshold = 0.0
    public var behaviourPenaltyDecay = 0.0

    /// The time between two decays; at least 1 s.
    public var decayInterval: Duration = .seconds(1)
    /// A counter below this becomes 0.
    public var decayToZero = 0.01
    /// How long the score of a peer that left is kept, when it is not positive.
    public var retainScore: Duration = .seconds(3_600)
    /// How long it is remembered who delivered a message.
    public var seenMessageTTL: Duration = .seconds(120)
    /// The most messages of which that is remembered; the oldest leave first.
    public var seenMessageCountMax = 65_536
    /// The most peers that left and whose scores are kept; those that expire first leave first.
    public var retainedCountMax = 8_192

    public init() {}

    /// What a topic is scored by; nil: nothing.
    public func parameters(of topic: Topic) -> TopicScoreParameters? {
        self.topics[topic] ?? self.defaultTopic
    }
}

/// A range of IP addresses.
public struct IPNetwork: Hashable, Sendable {
    /// 4 or 16 bytes, in network order.
    public var address: [UInt8]
    /// How many leading bits count.
    public var prefixLength: Int

    public init(address: [UInt8], prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }

    /// Whether an address, of 4 or 16 bytes, lies in it.
    public func contains(_ other: [UInt8]) -> Bool {
        guard other.count == self.address.count else { return false }
        var bits = min(self.prefixLength, self.address.count * 8)
        for (own, byte) in zip(self.address, other) where bits > 0 {
            let mask = bits >= 8 ? UInt8.max : ~(UInt8.max >> UInt8(bits))
            if own & mask != byte & mask { return false }
            bits -= 8
        }
        return true
    }
}
