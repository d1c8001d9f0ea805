import LibP2P
import LibP2PCore

// MARK: - Laying out: who is there, when, and what will happen

extension World {
    /// A second of virtual time.
    static let second: Int64 = 1_000_000_000
    /// How many messages show that the world has recovered from its faults.
    private static let probeCount = 3
    /// How many heartbeats it has for that.
    private static let recoveryHeartbeats = 10

    var heartbeat: Int64 { parameters.heartbeatInterval.saturatedNanoseconds }

    mutating func layOut() {
        layOutNodes()
        layOutLinks()
        let lastMessage = layOutMessages()
        layOutPartitions()
        layOutChurn(until: lastMessage)
        layOutAttackers()
        var last = max(lastMessage, faultsEnd)
        if scenario.hasFaults {
            for number in 0..<Self.probeCount {
                last =
                    max(faultsEnd, origin) + Int64(Self.recoveryHeartbeats) * heartbeat
                    + Int64(number) * Self.second
                queue.schedule(.publish, at: last, payload: -1)
            }
            last = max(last, lastMessage)
        }
        end = last + Self.nanoseconds(scenario.coolDownSeconds)
        queue.schedule(.sample, at: origin)
    }

    private mutating func layOutNodes() {
        let prng = chance.generator(.slowNodes)
        var order = Array(0..<honest)
        var shuffling = prng
        shuffling.shuffle(&order)
        let slowCount = Int(((scenario.slowNodes?.share ?? 0) * Double(honest)).rounded())
        for node in order.prefix(slowCount) { isSlow.insert(node) }
        for node in 0..<honest {
            routers.append(makeRouter(node))
            let phase = chance.unit(.phase, node) * scenario.bootSeconds
            queue.schedule(.boot, at: Self.nanoseconds(phase), node: node)
            var drawing = chance.generator(.bandwidth, node)
            let bandwidth =
                isSlow.contains(node)
                ? scenario.slowNodes?.bandwidthMegabits ?? scenario.bandwidthMegabits
                : scenario.bandwidthMegabits
            uplinks[node] = bandwidth.map { Uplink(megabits: $0.draw(using: &drawing)) }
        }
        if let megabits = scenario.burst?.bandwidthMegabits { uplinks[0] = Uplink(megabits: megabits) }
    }

    /// A router as a new process has it.
    func makeRouter(_ node: Int) -> GossipSubRouter {
        GossipSubRouter(
            settings: settings, localPeer: peers.ids[node],
            prng: chance.generator(.router, node, starts[node]))
    }

    private mutating func layOutLinks() {
        let pairs = TopologyDraw.pairs(
            scenario.topology, nodes: honest, prng: chance.generator(.topology))
        for (a, b) in pairs { addLink(a, b) }
    }

    /// Adds a link with a latency of its own, which is down.
    @discardableResult
    mutating func addLink(_ a: Int, _ b: Int) -> Int {
        if let known = links.link(a, b) { return known }
        let number = min(a, b) << 20 | max(a, b)
        var prng = chance.generator(.latency, number)
        var milliseconds = scenario.latencyMilliseconds.draw(using: &prng)
        if let slow = scenario.slowNodes, isSlow.contains(a) || isSlow.contains(b) {
            milliseconds += slow.addedLatencyMilliseconds.draw(using: &prng)
        }
        return links.add(a, b, latency: max(1, Self.nanoseconds(milliseconds: milliseconds)))
    }

    /// Returns when the last message is published.
    private mutating func layOutMessages() -> Int64 {
        var last = origin
        for number in 0..<scenario.messages {
            let place = Double(number) + chance.unit(.publication, number) / 2
            last = origin + Self.nanoseconds(place / scenario.ratePerSecond)
            queue.schedule(.publish, at: last, payload: number)
        }
        guard let burst = scenario.burst else { return last }
        let moment = origin + Self.nanoseconds(burst.atSeconds)
        for number in 0..<burst.messages {
            queue.schedule(.publish, at: moment, payload: scenario.messages + number)
        }
        return max(last, moment)
    }

    private mutating func layOutPartitions() {
        for (number, partition) in scenario.partitions.enumerated() {
            let start = origin + Self.nanoseconds(partition.atSeconds)
            let healed = start + Self.nanoseconds(partition.forSeconds)
            queue.schedule(.cut, at: start, payload: number)
            queue.schedule(
                .cutNoticed, at: start + Self.nanoseconds(partition.silentSeconds), payload: number)
            queue.schedule(.heal, at: healed, payload: number)
            faultsEnd = max(faultsEnd, healed)
        }
    }

    /// Each departure has a slice of the time of its own, so that a node is back before it leaves again.
    private mutating func layOutChurn(until lastMessage: Int64) {
        guard let churn = scenario.churn else { return }
        var prng = chance.generator(.churn)
        var order = Array(1..<honest)
        prng.shuffle(&order)
        let count = Int((churn.share * Double(honest)).rounded())
        for node in order.prefix(count).sorted() {
            var prng = chance.generator(.churn, node)
            var from = origin
            for departure in 1...churn.times {
                let slice = max(Self.second, (lastMessage - origin) / Int64(churn.times))
                let at = max(from, origin + Int64(departure - 1) * slice + Int64(prng.unit() * Double(slice)))
                let back = at + Self.nanoseconds(churn.awaySeconds.draw(using: &prng))
                let isPolite = prng.happens(churn.politeShare)
                departures[node, default: []].append(at)
                queue.schedule(.leave, at: at, node: node, payload: isPolite ? 1 : 0)
                queue.schedule(.comeBack, at: back, node: node)
                from = back + Self.second
                faultsEnd = max(faultsEnd, back)
            }
            leavesAt[node] = departures[node]?.first ?? .max
        }
    }
}
