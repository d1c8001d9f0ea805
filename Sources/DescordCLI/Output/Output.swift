import Glibc

/// Where finished lines go: a descriptor, or the REPL, which puts them above its prompt.
package protocol LineSink: Sendable {
    /// Writes `text`, newline included, to standard output or standard error, at once and whole.
    func write(_ text: String, to stream: Output.Stream) throws(CommandError)
}

/// What a command says: data on standard output, everything else on standard error.
package struct Output: Sendable {
    /// The two streams that a command writes.
    package enum Stream: Int32, Sendable {
        case standardOutput = 1
        case standardError = 2
    }

    /// Whether objects are printed instead of text.
    package var isJSON: Bool
    /// Whether notes are left out.
    package var isQuiet: Bool
    /// How often `-v` was given.
    package var verbosity: Int
    /// Whether standard output is a terminal, and whether it may be coloured.
    package let isTerminal: Bool
    package let usesColor: Bool
    /// Whether standard error is a terminal.
    package let errorIsTerminal: Bool
    private let sink: any LineSink

    package init(
        isJSON: Bool = false, isQuiet: Bool = false, verbosity: Int = 0, environment: [String: String],
        isTerminal: Bool, errorIsTerminal: Bool, sink: any LineSink = DescriptorSink()
    ) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.verbosity = verbosity
        self.isTerminal = isTerminal
        self.errorIsTerminal = errorIsTerminal
        self.usesColor =
            isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        self.sink = sink
    }

    /// The same output into another sink.
    package func writing(to sink: any LineSink) -> Output {
        Output(copying: self, sink: sink)
    }

    private init(copying other: Output, sink: any LineSink) {
        self.isJSON = other.isJSON
        self.isQuiet = other.isQuiet
        self.verbosity = other.verbosity
        self.isTerminal = other.isTerminal
        self.errorIsTerminal = other.errorIsTerminal
        self.usesColor = other.usesColor
        self.sink = sink
    }

    // MARK: - Data

    /// Prints one object as a line.
    package func emit(_ object: JSONValue) throws(CommandError) {
        try self.sink.write(object.line + "\n", to: .standardOutput)
    }

    /// Prints lines of text; foreign parts went through `foreign` before.
    package func line(_ text: String) throws(CommandError) {
        try self.sink.write(text + "\n", to: .standardOutput)
    }

    /// Prints the object under `--json`, and else the text.
    package func result(_ object: JSONValue, _ text: @autoclosure () -> String) throws(CommandError) {
        if self.isJSON { try self.emit(object) } else { try self.line(text()) }
    }

    // MARK: - Talk

    /// Says what happened, on standard error, unless `-q`.
    package func note(_ text: String) {
        guard !self.isQuiet else { return }
        self.say(text)
    }

    /// Says what is wrong although the command goes on: an object under `--json`; nothing under `-q`.
    package func warn(_ warning: CommandWarning) {
        guard !self.isQuiet else { return }
        guard !self.isJSON else {
            let object: JSONValue = [
                "warning": [
                    "code": .string(warning.code.rawValue), "message": .string(warning.message),
                    "hint": .optional(warning.hint),
                ]
            ]
            return self.say(object.line)
        }
        // In one piece, because other tasks write too.
        let hint = warning.hint.map { "\nhint: \($0)" } ?? ""
        self.say("descord: warning: \(warning.message)\(hint)")
    }

    /// Shows a help that nobody asked for, on standard error, also under `-q`.
    package func help(_ text: String) { self.say(text) }

    /// Says something on standard error under `-v`.
    package func detail(_ text: String) {
        guard self.verbosity > 0 else { return }
        self.say(text)
    }

    /// Reports a failure: an object under `--json`, else `descord: …` and the hint.
    package func report(_ error: CommandError) {
        guard !error.isSilent else { return }
        if self.isJSON {
            let object: JSONValue = [
                "error": [
                    "code": .string(error.code.rawValue), "message": .string(error.message),
                    "hint": .optional(self.hint(of: error)),
                ]
            ]
            self.say(object.line)
            return
        }
        self.say("descord: " + error.message)
        for line in error.details { self.say("  " + line) }
        if let hint = error.hint { self.say("hint: " + hint) }
    }

    /// A program sees the details at the end of the hint: the candidates of a reference, the usage.
    private func hint(of error: CommandError) -> String? {
        let parts = (error.hint.map { [$0] } ?? []) + error.details
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// Whether somebody watches standard error and wants to know how far a long work has come.
    package var showsProgress: Bool { self.errorIsTerminal && !self.isQuiet && !self.isJSON }

    /// Puts `text` into the line of the terminal that standard error is in, in place of what stands there.
    package func overwrite(_ text: String) {
        try? self.sink.write("\r\u{1b}[K" + text, to: .standardError)  // there is nowhere to report it
    }

    /// Nothing can be done about a standard error that does not take what is said.
    private func say(_ text: String) {
        let text = self.errorIsTerminal ? TerminalText.clean(text, keepsLines: true) : text
        try? self.sink.write(text + "\n", to: .standardError)  // there is nowhere left to report it
    }

    // MARK: - Foreign text and colour

    /// Returns text that others wrote as it may stand in a line of standard output.
    package func foreign(_ text: String, keepsLines: Bool = false) -> String {
        self.isTerminal ? TerminalText.clean(text, keepsLines: keepsLines) : text
    }

    /// A style of the few that are used.
    package enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case cyan = "36"
        case green = "32"
        case yellow = "33"
    }

    /// Returns `text` in a style, when standard output takes it.
    package func styled(_ text: String, _ style: Style) -> String {
        self.usesColor && !text.isEmpty ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }
}

/// Writes lines to the descriptors, each with one call as far as the system allows.
package struct DescriptorSink: LineSink {
    package init() {}

    package func write(_ text: String, to stream: Output.Stream) throws(CommandError) {
        switch StandardStreams.write(Array(text.utf8), to: stream.rawValue) {
        case 0: return
        case EPIPE: throw CommandError(.brokenPipe, .brokenPipe, "the reader of the output is gone")
        case ENOSPC, EDQUOT:
            throw CommandError(
                .inputOutput, .diskFull, "cannot write the output: the disk is full",
                hint: "free some space and run the command again")
        case let number:
            throw CommandError(
                .inputOutput, .inputOutput, "cannot write the output: \(SystemText.error(number))")
        }
    }
}
