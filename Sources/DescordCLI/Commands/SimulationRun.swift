import DescordSimulation
import Glibc

/// A run, or several, with what only the machine that they ran on knows.
struct SimulationRun {
    var figures: RunFigures
    var wallSeconds: Double
    /// Of the whole process, up to now.
    var peakMemoryMebibytes: Double

    /// How many events are processed before it is looked whether somebody wants the command to end.
    private static let eventsAtOnce = 1 << 16

    /// Runs a scenario with each seed.
    static func run(_ scenario: Scenario, seeds: ClosedRange<UInt64>) throws -> SimulationRun {
        var total = try self.run(scenario, seed: seeds.lowerBound)
        for seed in seeds.dropFirst() {
            let run = try self.run(scenario, seed: seed)
            total.figures.add(run.figures)
            total.wallSeconds += run.wallSeconds
            total.peakMemoryMebibytes = run.peakMemoryMebibytes
        }
        return total
    }

    /// Runs a scenario to its end, or until the task is cancelled. What the seed drew is told under `-v`.
    static func run(
        _ scenario: Scenario, seed: UInt64, telling output: Output? = nil,
        drawing draw: ((Picture) throws -> Void)? = nil
    ) throws -> SimulationRun {
        let start = ContinuousClock.now
        var world: World
        do throws(ScenarioFailure) {
            world = try World(scenario, seed: seed)
        } catch {
            throw ScenarioSource.error(error, in: scenario.name)
        }
        output?.detail(world.scenario.text)
        while world.advance(events: Self.eventsAtOnce) { try Task.checkCancellation() }
        let took = ContinuousClock.now - start
        try draw?(Picture(of: world))
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return SimulationRun(
            figures: world.figures,
            wallSeconds: Double(took.components.seconds)
                + Double(took.components.attoseconds) / 1e18,
            peakMemoryMebibytes: Double(usage.ru_maxrss) / 1_024)
    }
}

// MARK: - As an object and as a table

extension SimulationRun {
    /// The object of `--json`.
    var json: JSONValue {
        var members: [JSONValue.Member] = []
        for (kind, latencies) in self.figures.latenciesByKind {
            members.append(JSONValue.Member(name: "\(kind)_latency_ms", value: Self.latencies(latencies)))
        }
        guard case .object(let plain) = self.plain else { preconditionFailure("it is an object") }
        return .object(plain + members)
    }

    /// What every run has.
    private var plain: JSONValue {
        [
            "scenario": .string(self.figures.scenario), "profile": .string(self.figures.profile),
            "seed": .integer(Int64(clamping: self.figures.seed)),
            "nodes": .integer(Int64(self.figures.nodes)),
            "attackers": .integer(Int64(self.figures.attackers)),
            "messages": .integer(Int64(self.figures.messages)),
            "expected": .integer(Int64(self.figures.expected)),
            "delivered": .integer(Int64(self.figures.delivered)),
            "sends_per_delivery": .optional(self.figures.sendsPerDelivery.map { Self.rounded($0, 1_000) }),
            "bytes_per_delivery": .optional(self.figures.bytesPerDelivery.map { Self.rounded($0, 1) }),
            "latency_ms": Self.latencies(self.figures.latencies),
            "mesh": [
                "min": .integer(Int64(self.figures.meshMin)),
                "mean": .number(Self.rounded(self.figures.meshMean, 1_000)),
                "max": .integer(Int64(self.figures.meshMax)),
            ],
            "control": [
                "graft": .integer(Int64(self.figures.grafts)), "prune": .integer(Int64(self.figures.prunes)),
                "ihave": .integer(Int64(self.figures.ihaves)), "iwant": .integer(Int64(self.figures.iwants)),
                "idontwant": .integer(Int64(self.figures.idontwants)),
            ],
            "queue_full": .integer(Int64(self.figures.queueFull)),
            "virtual_s": .number(Self.rounded(self.figures.virtualSeconds, 1_000)),
            "wall_s": .number(Self.rounded(self.wallSeconds, 1_000)),
            "peak_rss_mib": .number(Self.rounded(self.peakMemoryMebibytes, 10)),
            "events": .integer(Int64(self.figures.events)), "event_hash": .string(self.figures.eventHash),
            "violation_count": .integer(Int64(self.figures.violationCount)),
            "violations": .array(self.figures.violations.map(Self.violation)),
        ]
    }

    private static func violation(_ violation: Violation) -> JSONValue {
        [
            "checker": .string(violation.checker.rawValue),
            "at_s": .number(rounded(Double(violation.at) / 1e9, 1_000)),
            "node": .optional(violation.node), "message": .string(violation.message),
        ]
    }

    private static func latencies(_ latencies: LatencyHistogram) -> JSONValue {
        func latency(_ share: Double) -> JSONValue {
            .optional(latencies.milliseconds(atShare: share).map { Self.rounded($0, 10) })
        }
        return ["p50": latency(0.5), "p95": latency(0.95), "p99": latency(0.99), "max": latency(1)]
    }

    static func rounded(_ number: Double, _ parts: Double) -> Double { (number * parts).rounded() / parts }

    /// What a person reads.
    var lines: [String] {
        let f = self.figures
        func text(_ number: Double?, _ parts: Double = 10, _ unit: String = "") -> String {
            number.map { JSONValue.number(Self.rounded($0, parts)).line + unit } ?? "-"
        }
        func percentiles(_ latencies: LatencyHistogram) -> String {
            func latency(_ share: Double) -> String { text(latencies.milliseconds(atShare: share)) }
            return "p50 \(latency(0.5))  p95 \(latency(0.95))  p99 \(latency(0.99))  max \(latency(1)) ms"
        }
        var table = TextTable()
        table.add("scenario", "\(f.scenario), profile \(f.profile), seed \(f.seed)")
        table.add("nodes", "\(f.nodes)" + (f.attackers > 0 ? ", and \(f.attackers) attackers" : ""))
        table.add("messages", "\(f.messages)")
        table.add("delivered", "\(f.delivered) of \(f.expected)")
        table.add("latency", percentiles(f.latencies))
        for (kind, latencies) in f.latenciesByKind { table.add("  \(kind)", percentiles(latencies)) }
        table.add(
            "per delivery",
            "\(text(f.sendsPerDelivery, 100)) sends, \(text(f.bytesPerDelivery, 1)) bytes")
        table.add("mesh", "\(f.meshMin) to \(f.meshMax), mean \(text(f.meshMean, 100))")
        table.add(
            "control",
            "graft \(f.grafts)  prune \(f.prunes)  ihave \(f.ihaves)  iwant \(f.iwants)"
                + "  idontwant \(f.idontwants)")
        if f.queueFull > 0 { table.add("queue full", "\(f.queueFull) RPCs") }
        table.add(
            "time",
            "\(text(f.virtualSeconds, 10)) s virtual in \(text(self.wallSeconds, 100)) s,"
                + " \(f.events) events, \(text(self.peakMemoryMebibytes, 1)) MiB")
        table.add("event hash", f.eventHash)
        table.add("violations", f.violationCount == 0 ? "none" : "\(f.violationCount)")
        var lines = table.lines
        for violation in f.violations {
            let time = text(Double(violation.at) / 1e9, 1_000)
            let node = violation.node.map { "node \($0) " } ?? ""
            lines.append("  \(time) s  \(violation.checker.rawValue): \(node)\(violation.message)")
        }
        return lines
    }
}
