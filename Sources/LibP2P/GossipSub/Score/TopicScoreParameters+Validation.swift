/// Which of a topic's score parameters is wrong, by its name in the specification (go-libp2p-pubsub,
/// `TopicScoreParams.validate`).
public enum TopicScoreParametersFailure: String, Error, Hashable, Sendable, CustomStringConvertible {
    case topicWeight = "topic_weight"
    case timeInMeshWeight = "time_in_mesh_weight"
    case timeInMeshQuantum = "time_in_mesh_quantum"
    case timeInMeshCap = "time_in_mesh_cap"
    case firstMessageDeliveriesWeight = "first_message_deliveries_weight"
    case firstMessageDeliveriesDecay = "first_message_deliveries_decay"
    case firstMessageDeliveriesCap = "first_message_deliveries_cap"
    case meshMessageDeliveriesWeight = "mesh_message_deliveries_weight"
    case meshMessageDeliveriesDecay = "mesh_message_deliveries_decay"
    case meshMessageDeliveriesCap = "mesh_message_deliveries_cap"
    case meshMessageDeliveriesThreshold = "mesh_message_deliveries_threshold"
    case meshMessageDeliveriesWindow = "mesh_message_deliveries_window"
    case meshMessageDeliveriesActivation = "mesh_message_deliveries_activation"
    case meshFailurePenaltyWeight = "mesh_failure_penalty_weight"
    case meshFailurePenaltyDecay = "mesh_failure_penalty_decay"
    case invalidMessageDeliveriesWeight = "invalid_message_deliveries_weight"
    case invalidMessageDeliveriesDecay = "invalid_message_deliveries_decay"

    /// The parameter's name in the specification.
    public var field: String { self.rawValue }

    /// A sentence that says what it has to be.
    public var description: String {
        switch self {
        case .topicWeight, .timeInMeshWeight, .firstMessageDeliveriesWeight:
            "\(self.field) \(ScoreRule.notNegative)"
        case .timeInMeshQuantum, .timeInMeshCap, .firstMessageDeliveriesCap, .meshMessageDeliveriesCap,
            .meshMessageDeliveriesThreshold:
            "\(self.field) \(ScoreRule.positive)"
        case .meshMessageDeliveriesWeight, .meshFailurePenaltyWeight, .invalidMessageDeliveriesWeight:
            "\(self.field) \(ScoreRule.notPositive)"
        case .firstMessageDeliveriesDecay, .meshMessageDeliveriesDecay, .meshFailurePenaltyDecay,
            .invalidMessageDeliveriesDecay:
            "\(self.field) \(ScoreRule.fraction)"
        case .meshMessageDeliveriesWindow: "\(self.field) must not be negative"
        case .meshMessageDeliveriesActivation: "\(self.field) \(ScoreRule.oneSecond)"
        }
    }
}

extension TopicScoreParameters {
    /// What is wrong; nil when nothing is. Without `selectively` everything has to be set, as
    /// go-libp2p-pubsub wants it of an application; with it, a group of parameters (P1, P2, P3, P3b, P4) that
    /// is 0 throughout is left alone, as go's `SkipAtomicValidation` does.
    public func failure(selectively: Bool = false) -> TopicScoreParametersFailure? {
        guard self.topicWeight.isNotNegative else { return .topicWeight }
        return self.timeInMeshFailure(selectively) ?? self.firstDeliveriesFailure(selectively)
            ?? self.meshDeliveriesFailure(selectively) ?? self.meshFailurePenaltyFailure(selectively)
            ?? self.invalidDeliveriesFailure(selectively)
    }

    /// Returns the parameters, or says what is wrong with them.
    public func validated(
        selectively: Bool = false
    ) throws(TopicScoreParametersFailure) -> TopicScoreParameters {
        if let failure = self.failure(selectively: selectively) { throw failure }
        return self
    }

    private func timeInMeshFailure(_ selectively: Bool) -> TopicScoreParametersFailure? {
        if selectively, self.timeInMeshWeight == 0, self.timeInMeshQuantum == .zero, self.timeInMeshCap == 0 {
            return nil
        }
        guard self.timeInMeshQuantum != .zero else { return .timeInMeshQuantum }
        guard self.timeInMeshWeight.isNotNegative else { return .timeInMeshWeight }
        guard self.timeInMeshWeight != 0 else { return nil }
        guard self.timeInMeshQuantum > .zero else { return .timeInMeshQuantum }
        return self.timeInMeshCap.isPositive ? nil : .timeInMeshCap
    }

    private func firstDeliveriesFailure(_ selectively: Bool) -> TopicScoreParametersFailure? {
        if selectively, self.firstMessageDeliveriesWeight == 0, self.firstMessageDeliveriesDecay == 0,
            self.firstMessageDeliveriesCap == 0
        {
            return nil
        }
        guard self.firstMessageDeliveriesWeight.isNotNegative else { return .firstMessageDeliveriesWeight }
        guard self.firstMessageDeliveriesWeight != 0 else { return nil }
        guard self.firstMessageDeliveriesDecay.isDecay else { return .firstMessageDeliveriesDecay }
        return self.firstMessageDeliveriesCap.isPositive ? nil : .firstMessageDeliveriesCap
    }

    private func meshDeliveriesFailure(_ selectively: Bool) -> TopicScoreParametersFailure? {
        if selectively, self.meshMessageDeliveriesWeight == 0, self.meshMessageDeliveriesDecay == 0,
            self.meshMessageDeliveriesCap == 0, self.meshMessageDeliveriesThreshold == 0,
            self.meshMessageDeliveriesWindow == .zero, self.meshMessageDeliveriesActivation == .zero
        {
            return nil
        }
        guard self.meshMessageDeliveriesWeight.isNotPositive else { return .meshMessageDeliveriesWeight }
        let counts = self.meshMessageDeliveriesWeight != 0
        if counts {
            guard self.meshMessageDeliveriesDecay.isDecay else { return .meshMessageDeliveriesDecay }
            guard self.meshMessageDeliveriesCap.isPositive else { return .meshMessageDeliveriesCap }
            guard self.meshMessageDeliveriesThreshold.isPositive else {
                return .meshMessageDeliveriesThreshold
            }
        }
        guard self.meshMessageDeliveriesWindow >= .zero else { return .meshMessageDeliveriesWindow }
        guard !counts || self.meshMessageDeliveriesActivation >= .seconds(1) else {
            return .meshMessageDeliveriesActivation
        }
        return nil
    }

    private func meshFailurePenaltyFailure(_ selectively: Bool) -> TopicScoreParametersFailure? {
        if selectively, self.meshFailurePenaltyWeight == 0, self.meshFailurePenaltyDecay == 0 { return nil }
        guard self.meshFailurePenaltyWeight.isNotPositive else { return .meshFailurePenaltyWeight }
        guard self.meshFailurePenaltyWeight != 0 else { return nil }
        return self.meshFailurePenaltyDecay.isDecay ? nil : .meshFailurePenaltyDecay
    }

    private func invalidDeliveriesFailure(_ selectively: Bool) -> TopicScoreParametersFailure? {
        if selectively, self.invalidMessageDeliveriesWeight == 0, self.invalidMessageDeliveriesDecay == 0 {
            return nil
        }
        guard self.invalidMessageDeliveriesWeight.isNotPositive else {
            return .invalidMessageDeliveriesWeight
        }
        return self.invalidMessageDeliveriesDecay.isDecay ? nil : .invalidMessageDeliveriesDecay
    }
}
