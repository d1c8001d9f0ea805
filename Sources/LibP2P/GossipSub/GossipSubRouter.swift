import LibP2PCore

/// Gossipsub for one node and all its peers (placeholder: the state follows).
public struct GossipSubRouter: Sendable {
    /// The numbers that it runs with.
    public let parameters: GossipSubParameters

    public init(parameters: GossipSubParameters, localPeer: PeerID, prng: PRNG) {
        self.parameters = parameters
    }

    /// Takes an input and appends what follows from it.
    public mutating func handle(_ input: Input, now: Instant, into outputs: inout [Output]) {}
}
