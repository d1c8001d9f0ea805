/// Which threshold is wrong, by its name in the specification (go-libp2p-pubsub,
/// `PeerScoreThresholds.validate`).
public enum PeerScoreThresholdsFailure: String, Error, Hashable, Sendable, CustomStringConvertible {
    case gossip = "gossip_threshold"
    case publish = "publish_threshold"
    case graylist = "graylist_threshold"
    case acceptPX = "accept_px_threshold"
    case opportunisticGraft = "opportunistic_graft_threshold"

    /// The threshold's name in the specification.
    public var field: String { self.rawValue }

    /// A sentence that says what it has to be.
    public var description: String {
        switch self {
        case .gossip: "\(self.field) \(ScoreRule.notPositive)"
        case .publish: "\(self.field) \(ScoreRule.notPositive), and at most gossip_threshold"
        case .graylist: "\(self.field) \(ScoreRule.notPositive), and at most publish_threshold"
        case .acceptPX, .opportunisticGraft: "\(self.field) \(ScoreRule.notNegative)"
        }
    }
}

extension PeerScoreThresholds {
    /// What is wrong; nil when nothing is. 0 is right for each of them, so it makes no difference whether
    /// those that were not set are looked at.
    public var failure: PeerScoreThresholdsFailure? {
        guard self.gossip.isNotPositive else { return .gossip }
        guard self.publish.isNotPositive, self.publish <= self.gossip else { return .publish }
        guard self.graylist.isNotPositive, self.graylist <= self.publish else { return .graylist }
        guard self.acceptPX.isNotNegative else { return .acceptPX }
        return self.opportunisticGraft.isNotNegative ? nil : .opportunisticGraft
    }

    /// Returns the thresholds, or says what is wrong with them.
    public func validated() throws(PeerScoreThresholdsFailure) -> PeerScoreThresholds {
        if let failure { throw failure }
        return self
    }
}
