/// Why parameters contradict each other (go-libp2p-pubsub, `GossipSubParams.validate`).
public enum GossipSubParametersFailure: Error, Hashable, Sendable {
    /// D_low ≤ D ≤ D_high does not hold, or one of them is negative.
    case degrees
    /// D_score is above D_high.
    case degreeScore
    /// D_out is not below D_low, or not below half of D.
    case degreeOut
    /// Fewer heartbeats are kept than are gossiped, or none.
    case history
    /// The gossip factor is not between 0 and 1.
    case gossipFactor
    /// A duration is not positive, or a backoff is above the cap.
    case duration
    /// A bound is below what the protocol needs to work at all.
    case bound
}

extension GossipSubParameters {
    /// What is wrong; nil when nothing is. All of D, D_low, D_high, D_out being 0 is allowed: such a node
    /// takes part by gossip alone.
    public var failure: GossipSubParametersFailure? {
        let degrees = [
            self.degree, self.degreeLow, self.degreeHigh, self.degreeScore, self.degreeOut, self.degreeLazy,
        ]
        guard degrees.allSatisfy({ $0 >= 0 && $0 <= Self.degreeMax }) else { return .degrees }
        if self.degree != 0 || self.degreeLow != 0 || self.degreeHigh != 0 || self.degreeOut != 0 {
            guard self.degreeLow <= self.degree, self.degree <= self.degreeHigh else { return .degrees }
            guard self.degreeScore <= self.degreeHigh else { return .degreeScore }
            guard self.degreeOut == 0 || self.degreeOut < self.degreeLow && self.degreeOut < self.degree / 2
            else { return .degreeOut }
        }
        guard self.historyGossip >= 0, self.historyLength >= 1, self.historyGossip <= self.historyLength
        else { return .history }
        guard self.gossipFactor >= 0, self.gossipFactor <= 1 else { return .gossipFactor }
        for duration in [
            self.heartbeatInterval, self.seenTTL, self.fanoutTTL, self.pruneBackoff, self.unsubscribeBackoff,
            self.iwantFollowupTime,
        ] {
            guard duration > .zero else { return .duration }
        }
        guard self.heartbeatInitialDelay >= .zero, self.pruneBackoff <= self.backoffMax,
            self.unsubscribeBackoff <= self.backoffMax
        else { return .duration }
        guard self.maxRPCSize >= Self.rpcSizeMin, self.maxRPCSize <= RPC.maxSize, self.seenCountMax > 0,
            self.pendingMessagesMax > 0, self.topicsPerPeerMax > 0, self.topicBytesPerPeerMax > 0,
            self.backoffCountMax > 0, self.historyBytesMax >= 0, self.maxIHaveLength >= 0,
            self.maxIHaveMessages >= 0, self.gossipRetransmission >= 0, self.idontwantThreshold >= 0,
            self.maxIDontWantMessages >= 0, self.maxIDontWantLength >= 0, self.idontwantTTLHeartbeats >= 0,
            self.unwantedCountMax >= 0
        else { return .bound }
        return nil
    }

    /// Returns the parameters, or says what is wrong with them.
    public func validated() throws(GossipSubParametersFailure) -> GossipSubParameters {
        if let failure { throw failure }
        return self
    }

    /// More mesh peers than this are no mesh.
    private static let degreeMax = 1_024
    /// An RPC must hold at least a topic's name and an id of the longest kind.
    private static let rpcSizeMin = 4_096
}
