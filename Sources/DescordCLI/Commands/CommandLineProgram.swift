import ArgumentParser
import Glibc

/// The whole of an invocation: arguments in, exit code out.
package enum CommandLineProgram {
    /// Runs the process's own arguments and ends the process.
    package static func main(network: any NetworkProvider) async -> Never {
        StandardStreams.reserve()
        Interruption.install()
        let surroundings = Surroundings(environment: self.environment(), network: network)
        guard self.argumentsAreText else {
            let error = CommandError(.badInput, .notUTF8, "an argument is not UTF-8")
            self.earlyOutput(ArgumentScan(CommandLine.arguments).hasJSON, surroundings).report(error)
            exit(error.exitCode)
        }
        exit(await self.run(Array(CommandLine.arguments.dropFirst()), surroundings))
    }

    /// Parses and runs one invocation, and returns its exit code.
    ///
    /// A signal cancels the command, which then leaves the network; the code says which signal it was.
    package static func run(_ arguments: [String], _ surroundings: Surroundings) async -> Int32 {
        let command: any ParsableCommand
        switch self.parse(arguments, surroundings) {
        case .command(let parsed): command = parsed
        case .finished(let code): return code
        }
        guard let command = command as? any DescordCommand else {
            return self.runBuiltIn(command, arguments, surroundings)
        }
        return await withTaskGroup(of: Int32?.self) { group in
            group.addTask { await self.execute(command, surroundings) }
            group.addTask {
                for await _ in Interruption.signals { return nil }
                return nil
            }
            var code: Int32?
            while code == nil, let next = await group.next() {
                code = next
                group.cancelAll()
            }
            return code ?? CommandError.Kind.unexpected.rawValue
        }
    }

    /// Runs a parsed command in a context of its own, leaves the network, and reports what went wrong.
    ///
    /// With `shared` the home and the session are a REPL's, and stay open.
    static func execute(
        _ command: any DescordCommand, _ surroundings: Surroundings, options: GlobalOptions? = nil,
        shared: CommandContext.SharedState? = nil
    ) async -> Int32 {
        let context: CommandContext
        do throws(CommandError) {
            context = try CommandContext(
                options: options ?? command.global, surroundings: surroundings, shared: shared ?? .init(),
                toleratesBadSettings: type(of: command).toleratesBadSettings,
                needsProfile: type(of: command).needsProfile, needsHome: type(of: command).needsHome)
        } catch {
            let output = self.earlyOutput(command.global.json, surroundings)
            output.report(error)
            return error.exitCode
        }
        var failure: (any Error)?
        do {
            try await command.run(in: context)
        } catch {
            failure = error
        }
        if shared == nil { await context.leave() }
        if let failure { return self.report(failure, context.output) }
        return Interruption.failure?.exitCode ?? 0
    }

    /// Turns whatever a command threw into what is said and the exit code: the one place for it.
    static func report(_ failure: any Error, _ output: Output) -> Int32 {
        switch failure {
        case let error as CommandError:
            output.report(error)
            return error.exitCode
        case let code as ExitCode: return code.rawValue
        case let help as UnaskedHelp: return self.showUnaskedHelp(of: help.command, output)
        default:
            if let interruption = Interruption.failure { return interruption.exitCode }
            if failure is CancellationError { return CommandError.Kind.interrupted.rawValue }
            let error = CommandError(
                .unexpected, .unexpected, "unexpected failure: \(failure)",
                hint: "this is a bug; please report it with the command that you ran")
            output.report(error)
            return error.exitCode
        }
    }

    // MARK: - Parsing

    /// What parsing came to.
    enum Parsed {
        case command(any ParsableCommand)
        /// Help, the version, or an error was printed already.
        case finished(Int32)
    }

    static func parse(_ arguments: [String], _ surroundings: Surroundings) -> Parsed {
        do {
            return .command(try Descord.parseAsRoot(arguments))
        } catch {
            return .finished(self.report(parsing: error, arguments, surroundings))
        }
    }

    /// Prints help that was asked for on standard output, and what does not parse as a usage error.
    private static func report(
        parsing error: any Error, _ arguments: [String], _ surroundings: Surroundings
    ) -> Int32 {
        let output = self.earlyOutput(ArgumentScan(arguments).hasJSON, surroundings)
        if Descord.exitCode(for: error) == .success {
            do throws(CommandError) {
                try output.line(Descord.fullMessage(for: error))
                return 0
            } catch {
                output.report(error)
                return error.exitCode
            }
        }
        let failure = ArgumentScan(arguments).unknownCommand ?? self.usageError(error)
        output.report(failure)
        return failure.exitCode
    }

    private static func usageError(_ error: any Error) -> CommandError {
        let full = Descord.fullMessage(for: error)
        let usage = full.split(separator: "\n").filter { $0.hasPrefix("Usage:") }.map(String.init)
        let lines = Descord.message(for: error).split(separator: "\n")
        var message = lines.first.map(String.init) ?? "wrong usage"
        if message.hasSuffix(":") {
            // What may stand there follows, one a line.
            let choices = lines.dropFirst().map { $0.trimmingPrefix(/[\s-]*/) }
            message += " " + choices.joined(separator: ", ")
        }
        let help = full.split(separator: "'").dropFirst().first { $0.hasSuffix("--help") }
        return CommandError(
            .usage, .usage, self.lowercasingFirst(message), hint: help.map(String.init), details: usage)
    }

    private static func lowercasingFirst(_ text: String) -> String {
        text.prefix(1).lowercased() + text.dropFirst()
    }

    /// `help` and a command that only holds others.
    static func runBuiltIn(
        _ command: any ParsableCommand, _ arguments: [String], _ surroundings: Surroundings
    ) -> Int32 {
        if command is any CommandFolder {
            let output = self.earlyOutput(ArgumentScan(arguments).hasJSON, surroundings)
            return self.showUnaskedHelp(of: type(of: command), output)
        }
        do {
            var command = command
            try command.run()
            return 0
        } catch {
            return self.report(parsing: error, arguments, surroundings)
        }
    }

    private static func showUnaskedHelp(of command: any ParsableCommand.Type, _ output: Output) -> Int32 {
        let error = CommandError(
            .usage, .usage, "a command is missing", hint: "descord help")
        if output.isJSON {
            output.report(error)
        } else {
            output.help(Descord.helpMessage(for: command))
        }
        return error.exitCode
    }

    /// An output for what is said before the settings are known.
    private static func earlyOutput(_ isJSON: Bool, _ surroundings: Surroundings) -> Output {
        let wanted = surroundings.environment["DESCORD_JSON"].flatMap(SettingKey.boolean) ?? false
        return Output(
            isJSON: isJSON || wanted, environment: surroundings.environment,
            isTerminal: StandardStreams.isTerminal(1), errorIsTerminal: StandardStreams.isTerminal(2),
            sink: surroundings.sink)
    }

    /// Whether every argument is UTF-8: those that Swift hands out were repaired already.
    private static var argumentsAreText: Bool {
        (0..<Int(CommandLine.argc)).allSatisfy { index in
            CommandLine.unsafeArgv[index].map { String(validatingCString: $0) != nil } ?? true
        }
    }

    /// The environment; of a name that stands in it twice, the first counts, as for `getenv`.
    static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, result[String(parts[0])] == nil {
                result[String(parts[0])] = String(parts[1])
            }
            entry += 1
        }
        return result
    }
}
