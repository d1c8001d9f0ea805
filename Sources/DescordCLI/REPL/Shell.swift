import ArgumentParser
import DescordCore
import Glibc
import LibP2PCore
import Synchronization

/// The interactive session: lines in, commands and messages out, one home and one session of the network for
/// all.
package struct Shell: Sendable {
    /// The first words that make a line a command.
    package static let commandNames: Set<String> = {
        let names =
            Descord.configuration.subcommands.map { $0._commandName } + SeedVerb.allCases.map(\.rawValue)
        return Set(names + ["help"])
    }()

    private let surroundings: Surroundings
    private let options: GlobalOptions
    private let shared: CommandContext.SharedState

    package init(_ context: CommandContext) {
        var surroundings = context.surroundings
        surroundings.inputIsTaken = true
        self.surroundings = surroundings
        self.options = context.options
        self.shared = context.shared
    }

    private init(_ other: Shell, surroundings: Surroundings) {
        self.surroundings = surroundings
        self.options = other.options
        self.shared = other.shared
    }

    // MARK: - A script

    /// Runs the lines of standard input as commands until one fails, and returns that one's exit code.
    ///
    /// As `listen`, the session is on the air from the first line at which there is an identity: it dials who
    /// is known, subscribes and grafts.
    package func runScript(_ context: CommandContext) async throws -> Int32 {
        let reader = LineReader()
        try await self.goOnAir(context)
        while let line = try await reader.next() {
            switch ShellLine(script: line) {
            case .empty: continue
            case .quit: return 0
            case .text, .malformed:
                throw CommandError(
                    .usage, .usage, "a quotation mark is not closed: \(TerminalText.clean(line))")
            case .command(let words):
                let code = await self.execute(words)
                guard code == 0 else { return code }
                try await self.goOnAir(context)
            }
        }
        return 0
    }

    private func goOnAir(_ context: CommandContext) async throws {
        guard !context.hasSession else { return }
        do {
            _ = try await context.session(.stay)
        } catch let error as CommandError where error.code == .noIdentity {
            // A later line may make one.
        }
    }

    // MARK: - A person

    /// Runs the interactive session until `/quit` or Ctrl-D.
    package func runInteractive(_ context: CommandContext) async throws {
        let home = try context.home()
        let records = home.records
        let environment = self.surroundings.environment
        let completion = ShellCompletion(records: records, environment: environment)
        guard
            let editor = LineEditor(
                historyPath: home.home.historyPath,
                complete: { before, word in completion.candidates(before: before, word: word) })
        else { throw CommandError(.inputOutput, .inputOutput, "the terminal cannot be used") }
        defer { editor.stop() }
        let output = context.output.writing(to: editor)
        let session = try await context.session(.stay, noticing: output)
        for address in try await session.addresses() { output.detail("listening on \(address)") }
        output.note("/help lists the commands, /quit or Ctrl-D leaves; anything else is posted")
        let running = RunningCommand()
        Interruption.divert { number in
            guard number == SIGINT else { return false }
            if !running.cancel() { editor.interrupt() }
            return true
        }
        defer { Interruption.divert(to: nil) }
        var surroundings = self.surroundings
        surroundings.sink = editor
        surroundings.isInteractive = true
        let shell = Shell(self, surroundings: surroundings)
        let follower = LiveMessages(
            records: records, own: home.peerID, environment: environment, output: output)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await follower.run(session)
                } catch {
                    _ = CommandLineProgram.report(error, output)
                }
            }
            while case .line(let line) = await editor.line(prompt: Self.prompt(records, environment)) {
                guard await shell.take(line, running, output) else { break }
            }
            group.cancelAll()
        }
    }

    /// Does what a typed line says; returns false when that was to leave.
    private func take(_ line: String, _ running: RunningCommand, _ output: Output) async -> Bool {
        switch ShellLine(typed: line, commands: Self.commandNames) {
        case .empty: break
        case .quit: return false
        case .malformed(let reason):
            output.report(
                CommandError(.usage, .usage, reason, hint: "begin the line with a space to post it"))
        case .command(let words): _ = await running.run { await self.execute(words) }
        case .text(let text):
            // After `--`, so that nothing in the text is taken for an option; nobody waits for receipts here.
            _ = await running.run {
                await self.execute(["post", "--wait", "0", "--", text], showsOutput: false)
            }
        }
        return true
    }

    /// Parses and runs one command in a context of its own that shares the home and the session.
    private func execute(_ words: [String], showsOutput: Bool = true) async -> Int32 {
        var surroundings = self.surroundings
        if !showsOutput { surroundings.sink = ErrorsOnly(sink: surroundings.sink) }
        let command: any ParsableCommand
        switch CommandLineProgram.parse(words, surroundings) {
        case .command(let parsed): command = parsed
        case .finished(let code): return code
        }
        guard let command = command as? any DescordCommand else {
            return CommandLineProgram.runBuiltIn(command, words, surroundings)
        }
        guard !(command is ReplCommand), !(command is Descord) else { return 0 }
        return await CommandLineProgram.execute(
            command, surroundings, options: command.global.inside(self.options), shared: self.shared)
    }

    /// `space/channel> `, as far as they are known.
    private static func prompt(_ records: Records, _ environment: [String: String]) -> String {
        let references = References(records, environment: environment)
        // A prompt is shown whatever the state of the home is; the commands say what is wrong with it.
        guard let space = try? references.space(nil) else { return "descord> " }
        let channel = try? references.channel(nil).channel.shownName
        return TerminalText.clean(space.shownName + (channel.map { "/" + $0 } ?? "")) + "> "
    }
}

/// The command that the shell runs now, for Ctrl-C.
private final class RunningCommand: Sendable {
    private let task = Mutex<Task<Int32, Never>?>(nil)

    /// Runs a command so that `cancel` can stop it without stopping the shell.
    func run(_ body: @escaping @Sendable () async -> Int32) async -> Int32 {
        // Its own task, because cancelling it must not cancel the one that reads the next line.
        let task = Task { await body() }
        self.task.withLock { $0 = task }
        defer { self.task.withLock { $0 = nil } }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Stops the command; returns false when none runs.
    func cancel() -> Bool {
        let task = self.task.withLock { $0 }
        task?.cancel()
        return task != nil
    }
}

/// Shows what arrives in the current space from others, above the prompt.
private struct LiveMessages: Sendable {
    let records: Records
    let own: PeerID
    let environment: [String: String]
    let output: Output

    func run(_ session: any NetworkSession) async throws {
        var position = try self.records.lastArrival()
        var text = MessageText(self.output, isRaw: false)
        for try await arrival in session.arrivals(deadline: nil) {
            // Before the first space there is nothing to show.
            guard let scope = try? References(self.records, environment: self.environment).scope(nil) else {
                continue
            }
            var feed = MessageFeed(
                records: self.records, scope: scope, after: position, leavingOut: self.own)
            try await feed.drain(upTo: arrival.upTo) { row in
                for line in text.lines(row) { try self.output.line(line) }
                return .delivered
            }
            position = max(position, arrival.upTo)
        }
    }
}

/// Lets errors through and drops results: a posted line already stands on the screen.
private struct ErrorsOnly: LineSink {
    let sink: any LineSink

    func write(_ text: String, to stream: Output.Stream) throws(CommandError) {
        // "queued" and "local" say nothing new to somebody who sees who is there.
        guard stream == .standardError, text.hasPrefix("descord: ") || text.hasPrefix("hint: ") else {
            return
        }
        try self.sink.write(text, to: stream)
    }
}
