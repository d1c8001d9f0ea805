import ArgumentParser
import DescordSimulation

/// `descord sim compare`
package struct SimCompareCommand: SimSubcommand {
    package static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Run two scenarios, or one under two profiles, side by side.",
        discussion: """
            With B both run under the profiles that they name, or under --profile; without B two profiles \
            are given, as in --profile descord --profile default. With several seeds each side runs once \
            with each: counts are added up, and percentiles are those of all deliveries together. The exit \
            code is 1 when a checker was violated on either side.
            """)

    @Argument(
        help: ArgumentHelp("A scenario's name or file.", valueName: "a"),
        completion: .list(ScenarioLibrary.names))
    package var first: String
    @Argument(
        help: ArgumentHelp("Another one.", valueName: "b"), completion: .list(ScenarioLibrary.names))
    package var second: String?
    @OptionGroup package var options: ScenarioOptions
    @Option(help: ArgumentHelp("A seed, or several as 1..10; 1 unless given.", valueName: "seeds"))
    package var seed: SeedsArgument?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let sides = try self.sides()
        let seeds = self.seed?.range ?? 1...1
        let a = try SimulationRun.run(sides.a, seeds: seeds)
        let b = try SimulationRun.run(sides.b, seeds: seeds)
        let comparison = SimulationComparison(a: a, b: b, seeds: seeds)
        if context.output.isJSON {
            try context.output.emit(comparison.json)
        } else {
            for line in comparison.lines { try context.output.line(line) }
        }
        guard a.figures.violationCount + b.figures.violationCount == 0 else {
            context.output.note(
                "seeds \(seeds.lowerBound) to \(seeds.upperBound), descord \(Descord.version)")
            throw ExitCode(1)
        }
    }

    private func sides() throws(CommandError) -> (a: Scenario, b: Scenario) {
        let profiles = self.global.profiles
        let first = try ScenarioSource.scenario(self.first)
        guard let second = self.second else {
            guard profiles.count == 2 else {
                throw CommandError(
                    .usage, .usage, "one scenario is compared under two profiles",
                    hint: "descord sim compare \(self.first) --profile descord --profile default")
            }
            return (
                try self.options.applied(to: first, profile: profiles[0]),
                try self.options.applied(to: first, profile: profiles[1])
            )
        }
        guard profiles.count < 2 else {
            throw CommandError(.usage, .usage, "two scenarios are compared under one profile at most")
        }
        return (
            try self.options.applied(to: first, profile: profiles.first),
            try self.options.applied(to: ScenarioSource.scenario(second), profile: profiles.first)
        )
    }
}

/// Two runs and what differs between them.
struct SimulationComparison {
    let a: SimulationRun
    let b: SimulationRun
    let seeds: ClosedRange<UInt64>

    /// A figure of both sides.
    private struct Row {
        let name: String
        let title: String
        let a: Double?
        let b: Double?
        /// How many parts of one are shown.
        let parts: Double

        var difference: Double? {
            guard let a, let b else { return nil }
            return b - a
        }

        var percent: Double? {
            guard let a, let difference, a != 0 else { return nil }
            return difference / a * 100
        }
    }

    private var rows: [Row] {
        func row(
            _ name: String, _ title: String, _ parts: Double, _ get: (SimulationRun) -> Double?
        ) -> Row {
            Row(name: name, title: title, a: get(self.a), b: get(self.b), parts: parts)
        }
        func percentile(_ share: Double) -> (SimulationRun) -> Double? {
            { $0.figures.latencies.milliseconds(atShare: share) }
        }
        let kinds = self.a.figures.latenciesByKind + self.b.figures.latenciesByKind
        let kindRows = kinds.map(\.kind).enumerated().filter { index, kind in
            !kinds[..<index].contains { $0.kind == kind }
        }.flatMap { _, kind in
            [(0.5, "p50"), (0.99, "p99"), (1, "max")].map { share, name in
                row("\(kind)_latency_\(name)_ms", "\(kind) \(name) ms", 10) { run in
                    run.figures.latenciesByKind.first { $0.kind == kind }?.latencies
                        .milliseconds(atShare: share)
                }
            }
        }
        return [
            row("messages", "messages", 1) { Double($0.figures.messages) },
            row("expected", "expected", 1) { Double($0.figures.expected) },
            row("delivered", "delivered", 1) { Double($0.figures.delivered) },
            row("sends_per_delivery", "sends per delivery", 1_000) { $0.figures.sendsPerDelivery },
            row("bytes_per_delivery", "bytes per delivery", 1) { $0.figures.bytesPerDelivery },
            row("latency_p50_ms", "p50 ms", 10, percentile(0.5)),
            row("latency_p95_ms", "p95 ms", 10, percentile(0.95)),
            row("latency_p99_ms", "p99 ms", 10, percentile(0.99)),
            row("latency_max_ms", "max ms", 10, percentile(1)),
        ] + kindRows + [
            row("queue_full", "queue full", 1) { Double($0.figures.queueFull) },
            row("mesh_mean", "mesh mean", 1_000) { $0.figures.meshMean },
            row("graft", "graft", 1) { Double($0.figures.grafts) },
            row("prune", "prune", 1) { Double($0.figures.prunes) },
            row("ihave", "ihave", 1) { Double($0.figures.ihaves) },
            row("iwant", "iwant", 1) { Double($0.figures.iwants) },
            row("idontwant", "idontwant", 1) { Double($0.figures.idontwants) },
            row("violations", "violations", 1) { Double($0.figures.violationCount) },
        ]
    }

    /// Both objects of `sim run`, and for each figure b less a and the same in percent of a.
    var json: JSONValue {
        let differences = self.rows.map { row in
            JSONValue.Member(
                name: row.name,
                value: [
                    "absolute": .optional(row.difference.map { SimulationRun.rounded($0, row.parts) }),
                    "percent": .optional(row.percent.map { SimulationRun.rounded($0, 10) }),
                ])
        }
        return [
            "seeds": [
                "first": .integer(Int64(clamping: self.seeds.lowerBound)),
                "last": .integer(Int64(clamping: self.seeds.upperBound)),
            ],
            "a": self.a.json, "b": self.b.json, "difference": .object(differences),
        ]
    }

    /// What a person reads.
    var lines: [String] {
        func text(_ number: Double?, _ parts: Double) -> String {
            number.map { JSONValue.number(SimulationRun.rounded($0, parts)).line } ?? "-"
        }
        func title(_ run: SimulationRun) -> String { "\(run.figures.scenario) (\(run.figures.profile))" }
        var table = TextTable()
        table.add("", title(self.a), title(self.b), "difference", "%")
        for row in self.rows {
            table.add(
                row.title, text(row.a, row.parts), text(row.b, row.parts),
                text(row.difference, row.parts), text(row.percent, 10))
        }
        return table.lines
    }
}
