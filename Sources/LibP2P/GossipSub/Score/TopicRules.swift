import LibP2PCore

/// A topic's parameters as the counters are kept and scored by: durations are nanoseconds.
struct TopicRules: Sendable {
    let topicWeight: Double
    let timeInMeshWeight: Double
    let timeInMeshQuantum: Int64
    let timeInMeshCap: Double
    let firstWeight: Double
    let firstDecay: Double
    let firstCap: Double
    let meshWeight: Double
    let meshDecay: Double
    let meshCap: Double
    let meshThreshold: Double
    let meshWindow: Int64
    let meshActivation: Int64
    let failureWeight: Double
    let failureDecay: Double
    let invalidWeight: Double
    let invalidDecay: Double

    init(_ parameters: TopicScoreParameters) {
        self.topicWeight = parameters.topicWeight
        self.timeInMeshWeight = parameters.timeInMeshWeight
        // Valid parameters have a positive one wherever it counts.
        self.timeInMeshQuantum = max(parameters.timeInMeshQuantum.saturatedNanoseconds, 1)
        self.timeInMeshCap = parameters.timeInMeshCap
        self.firstWeight = parameters.firstMessageDeliveriesWeight
        self.firstDecay = parameters.firstMessageDeliveriesDecay
        self.firstCap = parameters.firstMessageDeliveriesCap
        self.meshWeight = parameters.meshMessageDeliveriesWeight
        self.meshDecay = parameters.meshMessageDeliveriesDecay
        self.meshCap = parameters.meshMessageDeliveriesCap
        self.meshThreshold = parameters.meshMessageDeliveriesThreshold
        self.meshWindow = parameters.meshMessageDeliveriesWindow.saturatedNanoseconds
        self.meshActivation = parameters.meshMessageDeliveriesActivation.saturatedNanoseconds
        self.failureWeight = parameters.meshFailurePenaltyWeight
        self.failureDecay = parameters.meshFailurePenaltyDecay
        self.invalidWeight = parameters.invalidMessageDeliveriesWeight
        self.invalidDecay = parameters.invalidMessageDeliveriesDecay
    }
}
