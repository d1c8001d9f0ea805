import LibP2P

/// What a run came to, or several runs of one scenario together.
package struct RunFigures: Equatable, Sendable {
    package var scenario: String
    package var profile: String
    package var seed: UInt64
    /// Honest nodes, and attackers beside them.
    package var nodes: Int
    package var attackers: Int
    /// Messages that were published.
    package var messages: Int
    /// Deliveries that had to happen, those of them that did, and all that happened.
    package var expected: Int
    package var delivered: Int
    package var deliveries: Int
    /// What honest nodes sent since the first publication: copies of messages, and bytes of RPCs of all
    /// kinds.
    package var copies: Int
    package var bytes: Int
    package var latencies: LatencyHistogram
    /// Those of the urgent messages, of the burst, and of all others; empty where there is nothing to tell
    /// apart.
    package var urgentLatencies: LatencyHistogram
    package var burstLatencies: LatencyHistogram
    package var ordinaryLatencies: LatencyHistogram
    /// RPCs that found a full queue.
    package var queueFull: Int
    /// The sizes of the honest nodes' meshes, over all looks since the first publication: the least, the
    /// greatest, and how many there were and their sum.
    package var meshMin: Int
    package var meshMax: Int
    package var meshCount: Int
    package var meshSum: Int
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

    /// Copies that were sent for each delivery; nil without deliveries.
    package var sendsPerDelivery: Double? {
        deliveries > 0 ? Double(copies) / Double(deliveries) : nil
    }

    /// Bytes that were sent for each delivery; nil without deliveries.
    package var bytesPerDelivery: Double? {
        deliveries > 0 ? Double(bytes) / Double(deliveries) : nil
    }

    /// The mean size of a mesh.
    package var meshMean: Double { meshCount > 0 ? Double(meshSum) / Double(meshCount) : 0 }

    /// How long deliveries of each kind of message took, where there are several kinds.
    package var latenciesByKind: [(kind: String, latencies: LatencyHistogram)] {
        [("urgent", urgentLatencies), ("burst", burstLatencies), ("ordinary", ordinaryLatencies)]
            .filter { $0.1.count > 0 }
    }

    /// Adds another run of the same scenario. The seed stays that of the first run, and the hash becomes one
    /// of both.
    package mutating func add(_ other: RunFigures) {
        messages += other.messages
        expected += other.expected
        delivered += other.delivered
        deliveries += other.deliveries
        copies += other.copies
        bytes += other.bytes
        latencies.add(other.latencies)
        urgentLatencies.add(other.urgentLatencies)
        burstLatencies.add(other.burstLatencies)
        ordinaryLatencies.add(other.ordinaryLatencies)
        queueFull += other.queueFull
        meshMin = min(meshMin, other.meshMin)
        meshMax = max(meshMax, other.meshMax)
        meshCount += other.meshCount
        meshSum += other.meshSum
        grafts += other.grafts
        prunes += other.prunes
        ihaves += other.ihaves
        iwants += other.iwants
        idontwants += other.idontwants
        virtualSeconds += other.virtualSeconds
        events += other.events
        var hash = EventHash(seed: UInt64(eventHash, radix: 16) ?? 0)
        hash.add(UInt64(other.eventHash, radix: 16) ?? 0)
        eventHash = hash.text
        violations = Array((violations + other.violations).prefix(ViolationBook.keptMax))
        violationCount += other.violationCount
    }
}

extension World {
    /// What the run came to until now.
    package var figures: RunFigures {
        RunFigures(
            scenario: scenario.name, profile: scenario.profile.name, seed: seed, nodes: honest,
            attackers: scenario.attackers, messages: tally.messages, expected: tally.expected,
            delivered: tally.delivered, deliveries: tally.deliveries, copies: tally.copies,
            bytes: tally.bytes, latencies: tally.latencies,
            urgentLatencies: tally.urgentLatencies, burstLatencies: tally.burstLatencies,
            ordinaryLatencies: tally.ordinaryLatencies, queueFull: tally.queueFull,
            meshMin: tally.meshMin ?? 0,
            meshMax: tally.meshMax, meshCount: tally.meshNodes, meshSum: tally.meshPeers,
            grafts: tally.grafts, prunes: tally.prunes, ihaves: tally.ihaves, iwants: tally.iwants,
            idontwants: tally.idontwants, virtualSeconds: Double(now) / 1_000_000_000,
            events: tally.events, eventHash: hash.text, violations: violations.kept,
            violationCount: violations.count)
    }
}
