import ArgumentParser
import DescordSimulation
import Glibc

/// `descord sim`
package struct SimCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "sim", abstract: "Run the mesh in a simulated network, and look at what it does.",
        subcommands: [SimRunCommand.self, SimCompareCommand.self, SimListCommand.self])

    package init() {}
}

/// A command of `sim`: the profile of the settings is that of nodes, and nothing to it.
package protocol SimSubcommand: DescordCommand {}

extension SimSubcommand {
    package static var needsProfile: Bool { false }
}

/// `descord sim list`
package struct SimListCommand: SimSubcommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the scenarios that are built in.")

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        var table = TextTable()
        for name in ScenarioLibrary.names {
            guard let scenario = try ScenarioLibrary.scenario(name) else { continue }
            if context.output.isJSON {
                try context.output.emit(["scenario": .string(name), "shows": .string(scenario.summary)])
            } else {
                table.add(name, scenario.summary)
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

/// What changes a scenario that was named.
package struct ScenarioOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("How many honest nodes: 2 to 10000.", valueName: "n"))
    package var nodes: NodeCountArgument?
    @Option(help: ArgumentHelp("How many messages are published.", valueName: "m"))
    package var messages: MessageCountArgument?
    @Option(help: ArgumentHelp("How many of them a second.", valueName: "per-second"))
    package var rate: RateArgument?
    @Option(help: ArgumentHelp("The data of each, in bytes.", valueName: "b"))
    package var bytes: SizeArgument?
    @Option(
        help: ArgumentHelp(
            "One way over a link, in milliseconds: one number, or 30..70 for anything between.",
            valueName: "ms"))
    package var latency: RangeArgument?
    @Option(help: ArgumentHelp("Each node's line, both ways.", valueName: "mbit"))
    package var bandwidth: BandwidthArgument?

    package init() {}

    /// Returns the scenario with what was asked for. A profile that is set elsewhere than on this line is
    /// that of nodes, not of simulations.
    func applied(to scenario: Scenario, profile: String?) throws(CommandError) -> Scenario {
        var scenario = scenario
        if let profile { scenario.profile = try ProfileSource(profile).valid() }
        if let nodes { scenario.nodes = nodes.count }
        if let messages { scenario.messages = messages.count }
        if let rate { scenario.ratePerSecond = rate.number }
        if let bytes { scenario.bytes = bytes.count }
        if let latency { scenario.latencyMilliseconds = latency.distribution }
        if let bandwidth { scenario.bandwidthMegabits = .constant(bandwidth.number) }
        return scenario
    }
}

/// Where a scenario comes from.
enum ScenarioSource {
    /// The largest file that is read.
    private static let maxSize = 262_144

    /// Finds a scenario by its name, else by the path of a file.
    static func scenario(_ text: String) throws(CommandError) -> Scenario {
        do throws(ScenarioFailure) {
            if let scenario = try ScenarioLibrary.scenario(text) { return scenario }
        } catch {
            throw self.error(error, in: text)
        }
        guard let bytes = try self.bytes(of: text) else {
            throw CommandError(
                .badInput, .unknownReference, "there is no scenario and no file \"\(text)\"",
                hint: "descord sim list")
        }
        do throws(ScenarioFailure) {
            return try Scenario(named: text, reading: bytes)
        } catch {
            throw self.error(error, in: text)
        }
    }

    /// What is wrong with a scenario, as an error of the command line.
    static func error(_ failure: ScenarioFailure, in name: String) -> CommandError {
        let place = failure.line.map { "\(name):\($0)" } ?? name
        switch failure.kind {
        case .form:
            return CommandError(
                .badInput, .badScenario, "\"\(place)\": \(failure.message)",
                hint: "docs/simulation.md lists what a scenario may hold")
        case .parameters:
            return CommandError(.configuration, .badParameters, "\"\(place)\": \(failure.message)")
        }
    }

    private static func bytes(of path: String) throws(CommandError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw CommandError(
                .badInput, .badScenario, "cannot read \"\(path)\": \(SystemText.error(errno))")
        }
        defer { close(descriptor) }
        return try StandardStreams.read(descriptor, limit: self.maxSize)
    }
}
