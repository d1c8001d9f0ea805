import LibP2P

// MARK: - A scenario as a file again

extension Scenario {
    /// The text of a file that reads as this scenario: what a seed drew can be kept, and changed.
    package var text: String {
        var lines = ["\"shows\": \(Self.quoted(summary))"]
        lines += shape + traffic + router + faults
        return "{\n" + lines.map { "    " + $0 }.joined(separator: ",\n") + "\n}\n"
    }

    private var shape: [String] {
        var lines = [
            "\"nodes\": \(nodes)", "\"topology\": \(Self.text(topology))",
            "\"latency_ms\": \(Self.text(latencyMilliseconds))",
            "\"jitter_ms\": \(Self.text(jitterMilliseconds))",
        ]
        if let bandwidthMegabits { lines.append("\"bandwidth_mbit\": \(Self.text(bandwidthMegabits))") }
        return lines + [
            "\"downlink_factor\": \(downlinkFactor)", "\"loss\": \(loss)",
            "\"drift_ppm\": \(driftPartsPerMillion)",
            "\"validation_ms\": \(Self.text(validationMilliseconds))",
            "\"signatures\": \(Self.quoted(signatures.rawValue))",
        ]
    }

    private var traffic: [String] {
        var lines = [
            "\"boot_s\": \(bootSeconds)", "\"warm_up_s\": \(warmUpSeconds)", "\"messages\": \(messages)",
            "\"rate\": \(ratePerSecond)", "\"bytes\": \(bytes)", "\"cool_down_s\": \(coolDownSeconds)",
        ]
        if let publishers { lines.append("\"publishers\": \(publishers)") }
        if let urgent {
            lines.append("\"urgent\": {\"every\": \(urgent.every), \"bytes\": \(urgent.bytes)}")
        }
        if let burst {
            let bandwidth = burst.bandwidthMegabits.map { ", \"bandwidth_mbit\": \($0)" } ?? ""
            lines.append(
                "\"burst\": {\"messages\": \(burst.messages), \"bytes\": \(burst.bytes), "
                    + "\"at_s\": \(burst.atSeconds)\(bandwidth)}")
        }
        if let limit = deliverWithinMilliseconds { lines.append("\"deliver_within_ms\": \(limit)") }
        return lines
    }

    private var router: [String] {
        var lines = ["\"private\": \(isPrivate)"]
        if GossipSubProfile.named(profile.name) != nil {
            lines.append("\"profile\": \(Self.quoted(profile.name))")
        }
        guard !parameters.isEmpty else { return lines }
        let changes = parameters.map { "\(Self.quoted($0.path)): \($0.value)" }
        return lines + ["\"parameters\": {\(changes.joined(separator: ", "))}"]
    }

    private var faults: [String] {
        var lines: [String] = []
        if let churn {
            lines.append(
                "\"churn\": {\"share\": \(churn.share), \"times\": \(churn.times), "
                    + "\"away_s\": \(Self.text(churn.awaySeconds)), \"polite\": \(churn.politeShare)}")
        }
        if let slowNodes {
            let bandwidth = slowNodes.bandwidthMegabits.map { ", \"bandwidth_mbit\": \(Self.text($0))" }
            lines.append(
                "\"slow_nodes\": {\"share\": \(slowNodes.share), \"added_latency_ms\": "
                    + "\(Self.text(slowNodes.addedLatencyMilliseconds))\(bandwidth ?? "")}")
        }
        if !partitions.isEmpty {
            let texts = partitions.map {
                "{\"at_s\": \($0.atSeconds), \"for_s\": \($0.forSeconds), \"share\": \($0.share), "
                    + "\"silent_s\": \($0.silentSeconds)}"
            }
            lines.append("\"partitions\": [\(texts.joined(separator: ", "))]")
        }
        if !attacks.isEmpty {
            lines.append("\"attacks\": [\(attacks.map(Self.text).joined(separator: ", "))]")
        }
        return lines
    }

    private static func text(_ attack: Attack) -> String {
        var members = [
            "\"kind\": \(quoted(attack.kind.rawValue))", "\"per_honest\": \(attack.perHonest)",
            "\"links\": \(attack.links)", "\"from_s\": \(attack.fromSeconds)",
            "\"rate\": \(attack.ratePerSecond)", "\"size\": \(attack.size)",
            "\"peers_per_address\": \(attack.peersPerAddress)", "\"member\": \(attack.isMember)",
        ]
        if let count = attack.count { members.append("\"count\": \(count)") }
        if let victims = attack.victims { members.append("\"victims\": \(victims)") }
        if let until = attack.untilSeconds { members.append("\"until_s\": \(until)") }
        return "{" + members.joined(separator: ", ") + "}"
    }

    private static func text(_ topology: Topology) -> String {
        switch topology {
        case .random(let degree): "{\"kind\": \"random\", \"degree\": \(degree)}"
        case .complete: "{\"kind\": \"complete\"}"
        case .ring(let degree): "{\"kind\": \"ring\", \"degree\": \(degree)}"
        case .smallWorld(let degree, let rewired):
            "{\"kind\": \"small-world\", \"degree\": \(degree), \"rewired\": \(rewired)}"
        case .star: "{\"kind\": \"star\"}"
        case .tree(let fanOut): "{\"kind\": \"tree\", \"fan_out\": \(fanOut)}"
        case .scaleFree(let degree): "{\"kind\": \"scale-free\", \"degree\": \(degree)}"
        case .clusters(let count, let degree, let bridges):
            "{\"kind\": \"clusters\", \"count\": \(count), \"degree\": \(degree), \"bridges\": \(bridges)}"
        }
    }

    private static func text(_ distribution: Distribution) -> String {
        switch distribution {
        case .constant(let value): return "\(value)"
        case .even(let low, let high): return "{\"min\": \(low), \"max\": \(high)}"
        case .normal(let mean, let deviation):
            return "{\"mean\": \(mean), \"deviation\": \(deviation)}"
        case .mixed(let parts):
            let texts = parts.map { "{\"share\": \($0.share), \"min\": \($0.low), \"max\": \($0.high)}" }
            return "[\(texts.joined(separator: ", "))]"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}
