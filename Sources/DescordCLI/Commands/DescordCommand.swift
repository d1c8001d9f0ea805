import ArgumentParser

/// A command that does something: parsed by ArgumentParser, run by `CommandLineProgram` in a context.
package protocol DescordCommand: ParsableCommand, Sendable {
    /// The options that every command takes.
    var global: GlobalOptions { get }

    /// Whether the command runs although `config.json` holds what does not fit.
    static var toleratesBadSettings: Bool { get }

    /// Whether the profile of the settings must be one that a node can run with.
    static var needsProfile: Bool { get }

    /// Whether there must be a place for a home.
    static var needsHome: Bool { get }

    /// Does it; a failure is a `CommandError`, anything else thrown is a bug or a cancellation.
    func run(in context: CommandContext) async throws
}

extension DescordCommand {
    package static var toleratesBadSettings: Bool { false }
    package static var needsProfile: Bool { true }
    package static var needsHome: Bool { true }
}

/// A command that only holds others; alone it shows its help.
package protocol CommandFolder: ParsableCommand {}

/// The root of the tree.
package struct Descord: DescordCommand {
    /// The version that `--version` prints.
    package static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "descord",
        abstract: "Talk in spaces that belong to their members: peer to peer, signed, kept on your own disk.",
        usage: "descord [<options>] <command>",
        discussion: """
            Bare descord on a terminal opens the interactive shell; everything that it does is a command \
            too, for scripts and cron. Data goes to standard output and everything else to standard \
            error.
            """,
        version: "descord \(Self.version)",
        groupedSubcommands: [
            CommandGroup(name: "Identity", subcommands: [KeygenCommand.self, IdCommand.self]),
            CommandGroup(name: "Spaces", subcommands: [SpaceCommand.self, ChannelCommand.self]),
            CommandGroup(
                name: "Messages",
                subcommands: [
                    PostCommand.self, LogCommand.self, ListenCommand.self, FilesCommand.self,
                    SearchCommand.self,
                    EditCommand.self, DeleteCommand.self, ReactCommand.self, PinCommand.self,
                    ThreadCommand.self, ProfileCommand.self, CursorCommand.self, ReplCommand.self,
                ]),
            CommandGroup(
                name: "Archives", subcommands: [ExportCommand.self, ImportCommand.self, VerifyCommand.self]),
            CommandGroup(
                name: "Network",
                subcommands: [
                    SyncCommand.self, OutboxCommand.self, PeersCommand.self, MetricsCommand.self,
                ]),
            CommandGroup(name: "Simulation", subcommands: [SimCommand.self]),
            CommandGroup(
                name: "Settings",
                subcommands: [ConfigCommand.self, ParamsCommand.self, DatabaseCommand.self, WhyCommand.self]),
            CommandGroup(name: "Plumbing", subcommands: [PlumbingCommand.self]),
        ])

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        guard StandardStreams.isTerminal(0) else {
            throw UnaskedHelp(command: Descord.self)
        }
        try await ReplCommand.run(in: context)
    }
}

/// Thrown by a command that cannot do anything as it was called but to show its help.
struct UnaskedHelp: Error {
    let command: any ParsableCommand.Type
}
