/// Parameters that were found consistent, as routers hold them: one object for all routers that run with the
/// same ones.
public final class GossipSubSettings: Sendable {
    /// The numbers.
    public let parameters: GossipSubParameters
    let score: SharedValue<PeerScoreParameters>?

    /// Takes parameters that are valid (`GossipSubParameters.validated()`).
    public init(_ parameters: GossipSubParameters) {
        precondition(parameters.failure == nil, "the router's parameters contradict each other")
        self.parameters = parameters
        self.score = parameters.score.map(SharedValue.init)
    }
}

/// A value that many hold and nobody changes.
final class SharedValue<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
