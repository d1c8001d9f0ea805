import ArgumentParser
import DescordSimulation
import Foundation

/// `descord sim run`
package struct SimRunCommand: SimSubcommand {
    package static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a scenario: real routers on virtual time.",
        discussion: """
            SCENARIO is one of those that descord sim list shows, or the path of a file; steady unless \
            given. The same scenario and seed give the same run, to the last event. The exit code is 1 \
            when something happened that must not happen; it is then listed under violations. From 2,000 \
            nodes on the program begins itself anew with glibc's allocator on huge pages, unless \
            GLIBC_TUNABLES is set.
            """)

    @Argument(
        help: ArgumentHelp("A scenario's name or file.", valueName: "scenario"),
        completion: .list(ScenarioLibrary.names))
    package var scenario = "steady"
    @OptionGroup package var options: ScenarioOptions
    @Option(help: ArgumentHelp("What everything random is drawn from; 1 unless given.", valueName: "s"))
    package var seed: SeedArgument?
    @Option(
        help: ArgumentHelp(
            "Draw the run: the way of its first message, the meshes, and how long deliveries took.",
            valueName: "file"),
        completion: .file(extensions: ["svg"]))
    package var svg: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    /// From here on a run is long enough to be worth a second start.
    private static let manyNodes = 2_000

    package func run(in context: CommandContext) async throws {
        let scenario = try self.options.applied(
            to: ScenarioSource.scenario(self.scenario), profile: self.global.profile)
        if scenario.nodes >= Self.manyNodes { HugePages.beginAnew() }
        let report = try SimulationRun.run(
            scenario, seed: self.seed?.number ?? 1, telling: context.output,
            drawing: self.svg.map { path in { try Self.write($0.svg, to: path) } })
        if context.output.isJSON {
            try context.output.emit(report.json)
        } else {
            for line in report.lines { try context.output.line(line) }
        }
        guard report.figures.violationCount == 0 else {
            context.output.note("seed \(report.figures.seed), descord \(Descord.version)")
            throw ExitCode(1)
        }
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw CommandError(.inputOutput, .inputOutput, "\"\(path)\" cannot be written")
        }
    }
}
