import ArgumentParser

/// `descord repl`
package struct ReplCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "repl", abstract: "Open the interactive shell; bare descord on a terminal does too.",
        discussion: """
            A line whose first word is a command runs it, and any other line is posted to the current \
            channel. A leading / always means a command, a leading space always text. /quit and Ctrl-D \
            leave. When standard input is no terminal, its lines run as commands, until the first one \
            that fails; meanwhile the node is on the air, as listen is.
            """)

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        try await Self.run(in: context)
    }

    static func run(in context: CommandContext) async throws {
        let shell = Shell(context)
        guard StandardStreams.isTerminal(0), StandardStreams.isTerminal(1) else {
            let code = try await shell.runScript(context)
            guard code == 0 else { throw ExitCode(code) }
            return
        }
        try await shell.runInteractive(context)
    }
}
