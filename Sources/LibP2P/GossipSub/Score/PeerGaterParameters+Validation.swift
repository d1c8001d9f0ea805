/// Which of the gater's parameters is wrong, by its name in the specification (go-libp2p-pubsub,
/// `PeerGaterParams.validate`).
public enum PeerGaterParametersFailure: String, Error, Hashable, Sendable, CustomStringConvertible {
    case threshold
    case globalDecay = "global_decay"
    case sourceDecay = "source_decay"
    case decayInterval = "decay_interval"
    case decayToZero = "decay_to_zero"
    case quiet
    case duplicateWeight = "duplicate_weight"
    case ignoreWeight = "ignore_weight"
    case rejectWeight = "reject_weight"

    /// The parameter's name in the specification.
    public var field: String { self.rawValue }

    /// A sentence that says what it has to be.
    public var description: String {
        switch self {
        case .threshold, .duplicateWeight: "\(self.field) \(ScoreRule.positive)"
        case .globalDecay, .sourceDecay, .decayToZero: "\(self.field) \(ScoreRule.fraction)"
        case .decayInterval, .quiet: "\(self.field) \(ScoreRule.oneSecond)"
        case .ignoreWeight, .rejectWeight: "\(self.field) must be a number of at least 1"
        }
    }
}

extension PeerGaterParameters {
    /// What is wrong; nil when nothing is.
    public var failure: PeerGaterParametersFailure? {
        guard self.threshold.isPositive else { return .threshold }
        guard self.globalDecay.isDecay else { return .globalDecay }
        guard self.sourceDecay.isDecay else { return .sourceDecay }
        guard self.decayInterval >= .seconds(1) else { return .decayInterval }
        guard self.decayToZero.isDecay else { return .decayToZero }
        guard self.quiet >= .seconds(1) else { return .quiet }
        guard self.duplicateWeight.isPositive else { return .duplicateWeight }
        guard self.ignoreWeight.isFinite, self.ignoreWeight >= 1 else { return .ignoreWeight }
        return self.rejectWeight.isFinite && self.rejectWeight >= 1 ? nil : .rejectWeight
    }

    /// Returns the parameters, or says what is wrong with them.
    public func validated() throws(PeerGaterParametersFailure) -> PeerGaterParameters {
        if let failure { throw failure }
        return self
    }
}
