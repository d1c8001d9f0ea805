/// Which score parameter is wrong, by its name in the specification (go-libp2p-pubsub,
/// `PeerScoreParams.validate`; the last four are our own).
public enum PeerScoreParametersFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// One of a topic's parameters.
    case topic(Topic, TopicScoreParametersFailure)
    /// One of those that topics without their own have.
    case defaultTopic(TopicScoreParametersFailure)
    case topicScoreCap
    case ipColocationFactorWeight
    case ipColocationFactorThreshold
    case behaviourPenaltyWeight
    case behaviourPenaltyThreshold
    case behaviourPenaltyDecay
    case decayInterval
    case decayToZero
    case appSpecificWeight
    case appSpecificScore
    case ipColocationFactorWhitelist
    case bound

    /// The parameter's name in the specification.
    public var field: String {
        switch self {
        case .topic(_, let failure), .defaultTopic(let failure): failure.field
        case .topicScoreCap: "topic_score_cap"
        case .ipColocationFactorWeight: "ip_colocation_factor_weight"
        case .ipColocationFactorThreshold: "ip_colocation_factor_threshold"
        case .behaviourPenaltyWeight: "behaviour_penalty_weight"
        case .behaviourPenaltyThreshold: "behaviour_penalty_threshold"
        case .behaviourPenaltyDecay: "behaviour_penalty_decay"
        case .decayInterval: "decay_interval"
        case .decayToZero: "decay_to_zero"
        case .appSpecificWeight: "app_specific_weight"
        case .appSpecificScore: "app_specific_score"
        case .ipColocationFactorWhitelist: "ip_colocation_factor_whitelist"
        case .bound: "seen_msg_ttl, seen_message_count_max, retain_score and retained_count_max"
        }
    }

    /// A sentence that says what it has to be.
    public var description: String {
        switch self {
        case .topic(let topic, let failure): "topic \"\(topic)\": \(failure)"
        case .defaultTopic(let failure): "the default topic: \(failure)"
        case .topicScoreCap, .behaviourPenaltyThreshold: "\(self.field) \(ScoreRule.notNegative)"
        case .ipColocationFactorWeight, .behaviourPenaltyWeight: "\(self.field) \(ScoreRule.notPositive)"
        case .ipColocationFactorThreshold: "\(self.field) must be at least 1"
        case .behaviourPenaltyDecay, .decayToZero: "\(self.field) \(ScoreRule.fraction)"
        case .decayInterval: "\(self.field) \(ScoreRule.oneSecond)"
        case .appSpecificWeight, .appSpecificScore: "\(self.field) \(ScoreRule.number)"
        case .ipColocationFactorWhitelist:
            "\(self.field) must hold addresses of 4 or 16 bytes with as many bits at most"
        case .bound: "\(self.field) must not be negative"
        }
    }
}

extension PeerScoreParameters {
    /// What is wrong; nil when nothing is. With `selectively` a group of parameters that is 0 throughout is
    /// left alone (`TopicScoreParameters.failure(selectively:)`).
    public func failure(selectively: Bool = false) -> PeerScoreParametersFailure? {
        self.topicsFailure(selectively) ?? self.globalFailure(selectively) ?? self.ownFailure
    }

    /// Returns the parameters, or says what is wrong with them.
    public func validated(
        selectively: Bool = false
    ) throws(PeerScoreParametersFailure) -> PeerScoreParameters {
        if let failure = self.failure(selectively: selectively) { throw failure }
        return self
    }

    private func topicsFailure(_ selectively: Bool) -> PeerScoreParametersFailure? {
        for topic in self.topics.keys.sorted() {
            if let failure = self.topics[topic]?.failure(selectively: selectively) {
                return .topic(topic, failure)
            }
        }
        return self.defaultTopic?.failure(selectively: selectively).map { .defaultTopic($0) }
    }

    private func globalFailure(_ selectively: Bool) -> PeerScoreParametersFailure? {
        guard self.topicScoreCap.isNotNegative else { return .topicScoreCap }
        guard self.ipColocationFactorWeight.isNotPositive else { return .ipColocationFactorWeight }
        if self.ipColocationFactorWeight != 0, self.ipColocationFactorThreshold < 1 {
            return .ipColocationFactorThreshold
        }
        guard self.behaviourPenaltyWeight.isNotPositive else { return .behaviourPenaltyWeight }
        if self.behaviourPenaltyWeight != 0, !self.behaviourPenaltyDecay.isDecay {
            return .behaviourPenaltyDecay
        }
        guard self.behaviourPenaltyThreshold.isNotNegative else { return .behaviourPenaltyThreshold }
        if selectively, self.decayInterval == .zero, self.decayToZero == 0 { return nil }
        guard self.decayInterval >= .seconds(1) else { return .decayInterval }
        return self.decayToZero.isDecay ? nil : .decayToZero
    }

    /// What go-libp2p-pubsub leaves to the application, or has no bound for.
    private var ownFailure: PeerScoreParametersFailure? {
        guard self.applicationWeight.isFinite else { return .appSpecificWeight }
        guard self.applicationScore.isFinite else { return .appSpecificScore }
        for network in self.ipColocationFactorWhitelist {
            let size = network.address.count
            guard size == 4 || size == 16, (0...size * 8).contains(network.prefixLength) else {
                return .ipColocationFactorWhitelist
            }
        }
        guard self.seenMessageTTL >= .zero, self.seenMessageCountMax >= 0, self.retainScore >= .zero,
            self.retainedCountMax >= 0
        else { return .bound }
        return nil
    }
}
