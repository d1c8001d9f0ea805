import LibP2P

// MARK: - Scenario files

extension Scenario {
    /// Reads the text of a scenario file: one JSON object whose every member is known.
    package init(named name: String, reading bytes: [UInt8]) throws(ScenarioFailure) {
        self.init()
        self.name = name
        var reader = try ScenarioReader(ScenarioValue(parsing: bytes), title: "scenario")
        summary = try reader.needed("shows", reader.text("shows"))
        isSwarm = try reader.flag("swarm") ?? false
        try readShape(&reader)
        try readTraffic(&reader)
        try readRouter(&reader)
        try readFaults(&reader)
        try reader.finish()
        try check()
    }

    private mutating func readShape(_ reader: inout ScenarioReader) throws(ScenarioFailure) {
        nodes = try reader.count("nodes", in: Bound.nodes) ?? nodes
        if let value = reader.value("topology") { topology = try Self.topology(value) }
        latencyMilliseconds =
            try reader.distribution("latency_ms", in: Bound.milliseconds) ?? latencyMilliseconds
        jitterMilliseconds =
            try reader.distribution("jitter_ms", in: Bound.milliseconds) ?? jitterMilliseconds
        bandwidthMegabits = try reader.distribution("bandwidth_mbit", in: Bound.megabits)
        downlinkFactor = try reader.number("downlink_factor", in: 0.1...1_000) ?? downlinkFactor
        loss = try reader.number("loss", in: 0...0.5) ?? loss
        driftPartsPerMillion = try reader.number("drift_ppm", in: 0...100_000) ?? driftPartsPerMillion
        validationMilliseconds =
            try reader.distribution("validation_ms", in: Bound.milliseconds) ?? validationMilliseconds
        signatures = try reader.choice("signatures", of: Signatures.self) ?? signatures
    }

    private mutating func readTraffic(_ reader: inout ScenarioReader) throws(ScenarioFailure) {
        bootSeconds = try reader.number("boot_s", in: Bound.seconds) ?? bootSeconds
        warmUpSeconds = try reader.number("warm_up_s", in: Bound.seconds) ?? warmUpSeconds
        messages = try reader.count("messages", in: Bound.messages) ?? messages
        ratePerSecond = try reader.number("rate", in: Bound.rate) ?? ratePerSecond
        bytes = try reader.count("bytes", in: Bound.bytes) ?? bytes
        publishers = try reader.count("publishers", in: 1...Bound.nodes.upperBound)
        if let value = reader.value("urgent") { urgent = try Self.urgent(value) }
        if let value = reader.value("burst") { burst = try Self.burst(value) }
        coolDownSeconds = try reader.number("cool_down_s", in: Bound.seconds) ?? coolDownSeconds
        deliverWithinMilliseconds = try reader.number("deliver_within_ms", in: Bound.milliseconds)
    }

    private mutating func readRouter(_ reader: inout ScenarioReader) throws(ScenarioFailure) {
        if let value = reader.value("profile") {
            guard case .text(let name) = value.content, let named = GossipSubProfile.named(name) else {
                let names = GossipSubProfile.all.map(\.name).joined(separator: ", ")
                throw ScenarioFailure(
                    .parameters, line: value.line, "\"profile\" has to be one of \(names)")
            }
            profile = named
        }
        isPrivate = try reader.flag("private") ?? isPrivate
        guard let value = reader.value("parameters") else { return }
        for (name, value) in try ScenarioReader(value, title: "parameters").all {
            switch value.content {
            case .flag(let flag): parameters.append(ParameterOverride(name, .flag(flag)))
            case .number(let number):
                let value = Int(exactly: number).map(ParameterValue.integer) ?? .number(number)
                parameters.append(ParameterOverride(name, value))
            default:
                throw ScenarioFailure(line: value.line, "\"\(name)\" has to be a number, true or false")
            }
        }
    }

    private mutating func readFaults(_ reader: inout ScenarioReader) throws(ScenarioFailure) {
        if let value = reader.value("churn") { churn = try Self.churn(value) }
        if let value = reader.value("slow_nodes") { slowNodes = try Self.slowNodes(value) }
        for value in try reader.list("partitions", countMax: 16) {
            partitions.append(try Self.partition(value))
        }
        for value in try reader.list("attacks", countMax: 8) { attacks.append(try Self.attack(value)) }
    }

    /// What no member can say alone.
    package func check() throws(ScenarioFailure) {
        guard attackers <= Bound.attackersMax else {
            throw ScenarioFailure(line: nil, "more than \(Bound.attackersMax) attackers")
        }
        for partition in partitions where partition.silentSeconds > partition.forSeconds {
            throw ScenarioFailure(line: nil, "\"silent_s\" is longer than the partition")
        }
        _ = try routerParameters()
    }
}

// MARK: - Parts

extension Scenario {
    private enum TopologyKind: String, CaseIterable {
        case random, complete, ring, star, tree, clusters
        case smallWorld = "small-world"
        case scaleFree = "scale-free"
    }

    private static func topology(_ value: ScenarioValue) throws(ScenarioFailure) -> Topology {
        var reader = try ScenarioReader(value, title: "topology")
        let links = Bound.linksPerNode
        let kind = try reader.needed("kind", reader.choice("kind", of: TopologyKind.self))
        let topology: Topology
        switch kind {
        case .complete: topology = .complete
        case .star: topology = .star
        case .tree: topology = .tree(fanOut: try reader.count("fan_out", in: links) ?? 3)
        case .random: topology = .random(degree: try reader.count("degree", in: links) ?? 20)
        case .ring: topology = .ring(degree: try reader.count("degree", in: links) ?? 4)
        case .scaleFree: topology = .scaleFree(degree: try reader.count("degree", in: links) ?? 10)
        case .smallWorld:
            topology = .smallWorld(
                degree: try reader.count("degree", in: links) ?? 10,
                rewired: try reader.number("rewired", in: 0...1) ?? 0.1)
        case .clusters:
            topology = .clusters(
                count: try reader.count("count", in: 1...256) ?? 4,
                degree: try reader.count("degree", in: links) ?? 12,
                bridges: try reader.count("bridges", in: 1...1_024) ?? 6)
        }
        try reader.finish()
        return topology
    }

    private static func urgent(_ value: ScenarioValue) throws(ScenarioFailure) -> Urgent {
        var reader = try ScenarioReader(value, title: "urgent")
        var urgent = Urgent()
        urgent.every = try reader.count("every", in: 1...Bound.messages.upperBound) ?? urgent.every
        urgent.bytes = try reader.count("bytes", in: Bound.bytes) ?? urgent.bytes
        try reader.finish()
        return urgent
    }

    private static func burst(_ value: ScenarioValue) throws(ScenarioFailure) -> Burst {
        var reader = try ScenarioReader(value, title: "burst")
        var burst = Burst()
        burst.messages = try reader.count("messages", in: Bound.burstMessages) ?? burst.messages
        burst.bytes = try reader.count("bytes", in: Bound.bytes) ?? burst.bytes
        burst.atSeconds = try reader.number("at_s", in: Bound.seconds) ?? burst.atSeconds
        burst.bandwidthMegabits = try reader.number("bandwidth_mbit", in: Bound.megabits)
        try reader.finish()
        return burst
    }

    private static func churn(_ value: ScenarioValue) throws(ScenarioFailure) -> Churn {
        var reader = try ScenarioReader(value, title: "churn")
        var churn = Churn()
        churn.share = try reader.number("share", in: 0...1) ?? churn.share
        churn.times = try reader.count("times", in: 1...64) ?? churn.times
        churn.awaySeconds = try reader.distribution("away_s", in: 0.5...100_000) ?? churn.awaySeconds
        churn.politeShare = try reader.number("polite", in: 0...1) ?? churn.politeShare
        try reader.finish()
        return churn
    }

    private static func partition(_ value: ScenarioValue) throws(ScenarioFailure) -> Partition {
        var reader = try ScenarioReader(value, title: "partitions")
        var partition = Partition()
        partition.atSeconds = try reader.number("at_s", in: Bound.seconds) ?? partition.atSeconds
        partition.forSeconds = try reader.number("for_s", in: Bound.seconds) ?? partition.forSeconds
        partition.share = try reader.number("share", in: 0...1) ?? partition.share
        partition.silentSeconds = try reader.number("silent_s", in: Bound.seconds) ?? partition.silentSeconds
        try reader.finish()
        return partition
    }

    private static func slowNodes(_ value: ScenarioValue) throws(ScenarioFailure) -> SlowNodes {
        var reader = try ScenarioReader(value, title: "slow_nodes")
        var slow = SlowNodes()
        slow.share = try reader.number("share", in: 0...1) ?? slow.share
        slow.addedLatencyMilliseconds =
            try reader.distribution("added_latency_ms", in: Bound.milliseconds)
            ?? slow.addedLatencyMilliseconds
        slow.bandwidthMegabits = try reader.distribution("bandwidth_mbit", in: Bound.megabits)
        try reader.finish()
        return slow
    }

    private static func attack(_ value: ScenarioValue) throws(ScenarioFailure) -> Attack {
        var reader = try ScenarioReader(value, title: "attacks")
        var attack = Attack()
        attack.kind = try reader.needed("kind", reader.choice("kind", of: Attack.Kind.self))
        attack.perHonest = try reader.number("per_honest", in: 0...100) ?? attack.perHonest
        attack.count = try reader.count("count", in: 0...Bound.attackersMax)
        attack.links = try reader.count("links", in: Bound.linksPerNode) ?? attack.links
        attack.victims = try reader.count("victims", in: 1...Bound.nodes.upperBound)
        attack.fromSeconds = try reader.number("from_s", in: Bound.seconds) ?? attack.fromSeconds
        attack.untilSeconds = try reader.number("until_s", in: Bound.seconds)
        attack.ratePerSecond = try reader.number("rate", in: 0.01...1_000) ?? attack.ratePerSecond
        attack.size = try reader.count("size", in: 1...10_000) ?? attack.size
        attack.peersPerAddress =
            try reader.count("peers_per_address", in: 1...Bound.attackersMax) ?? attack.peersPerAddress
        attack.isMember = try reader.flag("member") ?? attack.isMember
        try reader.finish()
        return attack
    }
}
