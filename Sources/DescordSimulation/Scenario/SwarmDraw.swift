import LibP2P
import LibP2PCore

/// Draws a whole scenario from a seed, so that a thousand seeds are a thousand different worlds.
enum SwarmDraw {
    /// Returns a small world with one or more faults; name and summary are those of `scenario`.
    static func scenario(seed: UInt64, from scenario: Scenario) -> Scenario {
        var prng = Chance(seed: seed).generator(.scenario)
        var drawn = Scenario()
        drawn.name = scenario.name
        drawn.summary = scenario.summary
        drawn.profile = scenario.profile
        drawn.parameters = scenario.parameters
        drawn.nodes = 2 + prng.below(39)
        drawn.topology = topology(drawn.nodes, &prng)
        let near = 1 + 60 * prng.unit()
        drawn.latencyMilliseconds =
            prng.happens(0.3)
            ? .mixed([
                .init(share: 0.7, low: near, high: near * 2),
                .init(share: 0.3, low: 100, high: 100 + near * 3),
            ]) : .even(near, near * (1 + 2 * prng.unit()))
        if prng.happens(0.3) { drawn.jitterMilliseconds = .even(0, near) }
        if prng.happens(0.3) { drawn.bandwidthMegabits = .even(5, 5 + 95 * prng.unit()) }
        if prng.happens(0.3) { drawn.loss = 0.02 * prng.unit() }
        if prng.happens(0.3) { drawn.driftPartsPerMillion = 5_000 * prng.unit() }
        if prng.happens(0.3) { drawn.validationMilliseconds = .even(0, 50 * prng.unit()) }
        // How the smallest spaces begin is `tiny-space`.
        drawn.warmUpSeconds = prng.happens(0.2) && drawn.nodes > 3 ? 0 : 3
        drawn.messages = 5 + prng.below(16)
        drawn.ratePerSecond = 1 + 9 * prng.unit()
        drawn.bytes = prng.happens(0.3) ? 1_024 + prng.below(16_384) : prng.below(1_024)
        drawn.coolDownSeconds = 10
        drawn.isPrivate = prng.happens(0.5)
        drawFaults(&drawn, &prng)
        drawTraffic(&drawn, &prng)
        return drawn
    }

    private static func topology(_ nodes: Int, _ prng: inout PRNG) -> Scenario.Topology {
        switch prng.below(8) {
        case 0: .complete
        case 1: .ring(degree: 4 + 2 * prng.below(3))
        case 2: .smallWorld(degree: 6, rewired: 0.2)
        case 3: .scaleFree(degree: 3 + prng.below(5))
        case 4: .clusters(count: 2 + prng.below(3), degree: 6, bridges: 3 + prng.below(4))
        case 5: .tree(fanOut: 2 + prng.below(3))
        default: .random(degree: 4 + 2 * prng.below(8))
        }
    }

    private static func drawFaults(_ drawn: inout Scenario, _ prng: inout PRNG) {
        if prng.happens(0.5) {
            drawn.churn = Scenario.Churn(
                share: 0.1 + 0.4 * prng.unit(), times: 1 + prng.below(2), awaySeconds: .even(1, 8),
                politeShare: prng.unit())
        }
        if prng.happens(0.3) {
            let duration = 3 + 9 * prng.unit()
            drawn.partitions = [
                Scenario.Partition(
                    atSeconds: 3 * prng.unit(), forSeconds: duration, share: 0.1 + 0.4 * prng.unit(),
                    silentSeconds: prng.happens(0.5) ? duration * 0.5 * prng.unit() : 0)
            ]
        }
        if prng.happens(0.2) {
            drawn.slowNodes = Scenario.SlowNodes(
                share: 0.1 + 0.2 * prng.unit(), addedLatencyMilliseconds: .even(50, 300),
                bandwidthMegabits: drawn.bandwidthMegabits == nil ? nil : .constant(2))
        }
        let isCalm = drawn.churn == nil && drawn.partitions.isEmpty && drawn.slowNodes == nil
        guard isCalm || prng.happens(0.4) else { return }
        drawn.attacks = [attack(&prng)]
        // Members may send what they like, and a narrow line can be filled with it for a while: what is asked
        // is that nothing is lost behind it.
        let isFlood = drawn.attacks.contains { $0.kind == .holdFlood }
        if isFlood, drawn.bandwidthMegabits != nil {
            drawn.bytes = min(drawn.bytes, 256)
            drawn.coolDownSeconds = 60
        }
    }

    /// Urgent messages, and limits of bandwidth that delay and lose nothing: those who flood could fill them.
    private static func drawTraffic(_ drawn: inout Scenario, _ prng: inout PRNG) {
        if prng.happens(0.3) { drawn.urgent = Scenario.Urgent(every: 1 + prng.below(5), bytes: 300) }
        guard drawn.attacks.isEmpty, prng.happens(0.3) else { return }
        let limit = ParameterValue.integer(20 + prng.below(80))
        let path = prng.happens(0.5) ? "topic_messages_per_s" : "peer_messages_per_s"
        drawn.parameters.append(ParameterOverride(path, limit))
    }

    private static func attack(_ prng: inout PRNG) -> Scenario.Attack {
        let kinds: [Scenario.Attack.Kind] = [
            .ihaveFlood, .graftFlood, .replayFlood, .holdFlood, .forgedFlood, .kicked,
        ]
        var attack = Scenario.Attack()
        attack.kind = kinds[prng.below(kinds.count)]
        attack.count = 1 + prng.below(4)
        attack.links = 1 + prng.below(8)
        attack.fromSeconds = 2 * prng.unit()
        attack.untilSeconds = 8
        attack.ratePerSecond = 1 + 4 * prng.unit()
        attack.size = 1 + prng.below(20)
        attack.isMember = attack.kind == .kicked || prng.happens(0.5)
        return attack
    }
}
