import LibP2PCore

/// What one peer did in one topic (go-libp2p-pubsub, `topicStats`).
struct TopicStatistics: Sendable {
    /// The topic's number in `PeerScore.topics`.
    let topic: Int
    var isInMesh = false
    /// Whether the peer is held to the threshold of P3. It stays so after a PRUNE, until the next GRAFT.
    var isActive = false
    /// When the peer was last grafted.
    private var grafted = Instant.zero
    /// Nanoseconds in the mesh, as of the last decay.
    private(set) var timeInMesh: Int64 = 0
    private(set) var firstDeliveries = 0.0
    var meshDeliveries = 0.0
    var meshFailures = 0.0
    var invalidDeliveries = 0.0

    init(topic: Int) {
        self.topic = topic
    }

    mutating func graft(now: Instant) {
        self.isInMesh = true
        self.grafted = now
        self.timeInMesh = 0
        self.isActive = false
    }

    /// Takes the peer out of the mesh; what it failed to deliver sticks (P3b).
    mutating func prune(_ rules: TopicRules?) {
        if let rules { self.addFailure(rules) }
        self.isInMesh = false
    }

    /// The connection ended and the score is kept: first deliveries don't survive, failures do.
    mutating func leave(_ rules: TopicRules?) {
        self.firstDeliveries = 0
        if let rules, self.isInMesh { self.addFailure(rules) }
        self.isInMesh = false
    }

    private mutating func addFailure(_ rules: TopicRules) {
        let deficit = self.deficit(rules)
        self.meshFailures += deficit * deficit
    }

    /// What is missing of the deliveries that P3 asks for; 0 when the peer is not held to them.
    func deficit(_ rules: TopicRules) -> Double {
        guard self.isActive, self.meshDeliveries < rules.meshThreshold else { return 0 }
        return rules.meshThreshold - self.meshDeliveries
    }

    mutating func addFirstDelivery(_ rules: TopicRules) {
        self.firstDeliveries = Self.capped(self.firstDeliveries + 1, rules.firstCap)
        self.addMeshDelivery(rules)
    }

    mutating func addMeshDelivery(_ rules: TopicRules) {
        guard self.isInMesh else { return }
        self.meshDeliveries = Self.capped(self.meshDeliveries + 1, rules.meshCap)
    }

    /// Cuts what is above caps that were lowered.
    mutating func recap(_ rules: TopicRules) {
        self.firstDeliveries = Self.capped(self.firstDeliveries, rules.firstCap)
        self.meshDeliveries = Self.capped(self.meshDeliveries, rules.meshCap)
    }

    private static func capped(_ value: Double, _ cap: Double) -> Double {
        value > cap ? cap : value
    }

    mutating func decay(_ rules: TopicRules, _ decay: CounterDecay, now: Instant) {
        decay.apply(rules.firstDecay, to: &self.firstDeliveries)
        decay.apply(rules.meshDecay, to: &self.meshDeliveries)
        decay.apply(rules.failureDecay, to: &self.meshFailures)
        decay.apply(rules.invalidDecay, to: &self.invalidDeliveries)
        guard self.isInMesh else { return }
        self.timeInMesh = (now - self.grafted).saturatedNanoseconds
        if self.timeInMesh > rules.meshActivation { self.isActive = true }
    }

    /// Whether it says the same as if it weren't there.
    var isBlank: Bool {
        !self.isInMesh && !self.isActive && self.firstDeliveries == 0 && self.meshDeliveries == 0
            && self.meshFailures == 0 && self.invalidDeliveries == 0
    }

    // MARK: P1 to P4, weighted

    func p1(_ rules: TopicRules) -> Double {
        guard self.isInMesh else { return 0 }
        let quanta = Double(self.timeInMesh / rules.timeInMeshQuantum)
        return Self.capped(quanta, rules.timeInMeshCap) * rules.timeInMeshWeight
    }

    func p2(_ rules: TopicRules) -> Double {
        self.firstDeliveries * rules.firstWeight
    }

    func p3(_ rules: TopicRules) -> Double {
        let deficit = self.deficit(rules)
        return deficit * deficit * rules.meshWeight
    }

    func p3b(_ rules: TopicRules) -> Double {
        self.meshFailures * rules.failureWeight
    }

    func p4(_ rules: TopicRules) -> Double {
        self.invalidDeliveries * self.invalidDeliveries * rules.invalidWeight
    }

    /// The topic's part in the score, before the cap on all topics.
    func score(_ rules: TopicRules) -> Double {
        var sum = 0.0
        sum += self.p1(rules)
        sum += self.p2(rules)
        sum += self.p3(rules)
        sum += self.p3b(rules)
        sum += self.p4(rules)
        return sum * rules.topicWeight
    }
}
