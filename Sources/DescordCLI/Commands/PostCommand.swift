import ArgumentParser
import DescordCore
import DescordStore

/// `descord post`
package struct PostCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "post", abstract: "Write a message.",
        discussion: """
            The text is the arguments joined by a space, or standard input for - or for no arguments. \
            The id is printed once the message is on the disk. The exit code is 0 when enough other \
            members have stored it too, or when there is no other member yet; 75 when it is queued: any \
            later command that meets a member delivers it.

            Members are spoken of by @ and their name or peer id.

            With --file files go along, up to 8 of 8 MiB each, and there may be no text. Members who stay \
            on the air fetch them at once, others with descord files get; enough must have done so for the \
            exit code 0.

            With --lines each line of standard input is a message, posted as soon as it is read, and its \
            result comes in the order of the lines; with --json that is one object a line, with the line's \
            number and what was wrong with it. A line that cannot be posted is reported, and the next one \
            follows. At most 16 lines wait for others at once, and no further ones are read. The exit code \
            is the highest of any line.
            """)

    @Argument(help: "The text, or - for standard input.") package var text: [String] = []
    @Option(
        name: .shortAndLong, help: ArgumentHelp("CHANNEL or SPACE/CHANNEL; else the current one."),
        completion: Completions.channels)
    package var channel: String?
    @Option(
        help: ArgumentHelp(
            "Wait until so many other members have stored it; 0 does not wait.", valueName: "n"))
    package var wait: UInt32 = 1
    @Option(
        help: ArgumentHelp(
            "In this thread, or in the one on this message, which is begun when there is none.",
            valueName: "op"))
    package var thread: String?
    @Option(help: ArgumentHelp("The message that this one answers.", valueName: "op"))
    package var replyTo: String?
    @Option(
        name: .long, help: ArgumentHelp("A file that goes along; may be repeated.", valueName: "path"),
        completion: .file())
    package var file: [String] = []
    @Flag(help: "Post each line of standard input as a message.") package var lines = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func validate() throws {
        guard !self.lines || self.text.isEmpty || self.text == ["-"] else {
            throw ValidationError("--lines reads standard input, and takes no text")
        }
        guard !self.lines || self.file.isEmpty else {
            throw ValidationError("--lines and --file exclude each other")
        }
    }

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let thread = try self.thread.map { text throws(CommandError) in try home.records.thread(text) }
        let replyTo = try self.replyTo.map { text throws(CommandError) in try home.records.message(text) }
        // A thread and a message that is answered know their channel.
        let place =
            self.channel ?? thread.map { "\($0.space.hex)/\($0.channel.hex)" }
            ?? replyTo.map { "\($0.space.hex)/\($0.channel.hex)" }
        let references = References(home.records, environment: context.surroundings.environment)
        if self.lines {
            let target = try references.channel(place)
            return try await PostLines(
                home: home, space: target.space.id, channel: target.channel.id, wait: self.wait,
                answering: MessageContext(thread: thread?.id, replyTo: replyTo?.op)
            ).run(in: context)
        }
        let files = try FileInput.read(self.file)
        // Beside files, text is what somebody gives: a script's standard input is not taken for it.
        let text =
            !files.isEmpty && self.text.isEmpty ? "" : try TextInput(context).message(self.text)
        let (space, channel) = try references.channel(place)
        let answering = MessageContext(
            thread: thread?.id ?? replyTo?.thread, replyTo: replyTo?.op,
            mentions: text.contains("@")
                ? MentionText.mentions(in: text, of: try home.records.members(of: space.id)) : [])
        var timings = PostTimings(start: context.surroundings.age)
        let committed = ContinuousClock.now
        let op = try home.records.post(
            text, files: files, in: channel.id, of: space.id, context: answering, now: context.now)
        timings.commit = .now - committed
        if !context.output.isJSON { try context.output.line(op.hex) }
        let (result, outcome, opened) = try await Delivery.of(
            op, in: space.id, wait: self.wait, home, context)
        if let outcome { timings.take(outcome, opened: opened) }
        timings.total = context.surroundings.age
        if context.output.isJSON {
            try context.output.emit([
                "op": .string(op.hex), "space": .string(space.id.hex), "channel": .string(channel.id.hex),
                "stored_by": .integer(Int64(result.storedBy)), "status": .string(result.status.rawValue),
                "files": files.map(\.reference).json,
                "held_by": .optional(files.isEmpty ? nil : result.heldBy ?? 0), "timings_ms": timings.json,
            ])
        }
        try self.conclude(result, context.output)
    }

    /// Says what became of it, and ends with 75 when enough was waited for in vain.
    private func conclude(_ delivery: Delivery, _ output: Output) throws {
        if !output.isJSON {
            if delivery.storedBy > 0 { output.note("stored by \(delivery.storedBy)") }
            if let heldBy = delivery.heldBy, heldBy != delivery.storedBy {
                output.note("files held by \(heldBy)")
            }
            if delivery.status != .stored { output.note(delivery.status.rawValue) }
        }
        guard delivery.status == .queued, self.wait > 0 else { return }
        guard output.isJSON else { throw ExitCode(CommandError.Kind.tryLater.rawValue) }
        if let failure = delivery.failure(wait: self.wait) { throw failure }
    }
}

/// Where the time of a post went, phase by phase; a phase that was not reached is null.
struct PostTimings: JSONConvertible {
    /// From the start of the process to the beginning of the transaction.
    var start: Duration
    /// The transaction with its fsync.
    var commit: Duration?
    /// From the commit until the first member's stream was open.
    var connect: Duration?
    /// From then until the message was written to it.
    var publish: Duration?
    /// From then until enough receipts were in.
    var stored: Duration?
    /// From the start of the process until now.
    var total: Duration?

    init(start: Duration) {
        self.start = start
    }

    mutating func take(_ outcome: PublishOutcome, opened: Duration) {
        self.connect = outcome.connect.map { $0 + opened }
        if let connect = outcome.connect, let publish = outcome.publish {
            self.publish = max(.zero, publish - connect)
        }
        if let publish = outcome.publish, let stored = outcome.stored {
            self.stored = max(.zero, stored - publish)
        }
    }

    var json: JSONValue {
        [
            "start": self.start.json, "commit": .optional(self.commit), "connect": .optional(self.connect),
            "publish": .optional(self.publish), "stored": .optional(self.stored),
            "total": .optional(self.total),
        ]
    }
}
