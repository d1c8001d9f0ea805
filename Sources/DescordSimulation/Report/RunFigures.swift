import LibP2P

/// What a run came to.
package struct RunFigures: Equatable, Sendable {
    package var scenario: String
    package var profile: String
    package var seed: UInt64
    /// Honest nodes, and attackers beside them.
    package var nodes: Int
    package var attackers: Int
    /// Messages that were published.
    package var messages: Int
    /// Deliveries that had to happen, and those that did.
    package var expected: Int
    package var delivered: Int
    /// Copies of messages that honest nodes sent for each delivery; nil without deliveries.
    package var sendsPerDelivery: Double?
    /// Bytes of RPCs of all kinds that honest nodes sent since the first publication, for each delivery.
    package var bytesPerDelivery: Double?
    package var latencies: LatencyHistogram
    /// The sizes of the honest nodes' meshes, over all looks since the first publication.
    package var meshMin: Int
    package var meshMean: Double
    package var meshMax: Int
    /// What honest nodes sent since the first publication; IHAVE, IWANT and IDONTWANT count ids.
    package var grafts: Int
    package var prunes: Int
    package var ihaves: Int
    package var iwants: Int
    package var idontwants: Int
    package var virtualSeconds: Double
    package var events: Int
    package var eventHash: String
    /// The first violations, and how many there were.
    package var violations: [Violation]
    package var violationCount: Int
}

extension World {
    /// What the run came to until now.
    package var figures: RunFigures {
        let deliveries = Double(tally.deliveries)
        return RunFigures(
            scenario: scenario.name, profile: scenario.profile, seed: seed, nodes: honest,
            attackers: scenario.attackers, messages: tally.messages, expected: tally.expected,
            delivered: tally.delivered,
            sendsPerDelivery: tally.deliveries > 0 ? Double(tally.copies) / deliveries : nil,
            bytesPerDelivery: tally.deliveries > 0 ? Double(tally.bytes) / deliveries : nil,
            latencies: tally.latencies, meshMin: tally.meshMin ?? 0,
            meshMean: tally.meshNodes > 0 ? Double(tally.meshPeers) / Double(tally.meshNodes) : 0,
            meshMax: tally.meshMax, grafts: tally.grafts, prunes: tally.prunes, ihaves: tally.ihaves,
            iwants: tally.iwants, idontwants: tally.idontwants,
            virtualSeconds: Double(now) / 1_000_000_000, events: tally.events, eventHash: hash.text,
            violations: violations.kept, violationCount: violations.count)
    }
}
