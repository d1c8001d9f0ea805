/// What a line of the REPL means, before anything is done about it.
package enum ShellLine: Equatable, Sendable {
    /// Nothing but white space.
    case empty
    /// A command's words.
    case command([String])
    /// A message for the current channel.
    case text(String)
    /// `/quit`.
    case quit
    /// Meant as a command, and cannot be one.
    case malformed(String)

    /// Reads a line that a person typed: `/` always begins a command, a space always text, and else the first
    /// word decides.
    package init(typed line: String, commands: Set<String>) {
        guard line.contains(where: { !$0.isWhitespace }) else {
            self = .empty
            return
        }
        if line.hasPrefix("/") {
            self.init(command: String(line.dropFirst()))
        } else if line.hasPrefix(" ") {
            self = .text(String(line.dropFirst()))
        } else if commands.contains(String(line.prefix { !$0.isWhitespace })) {
            self.init(command: line)
        } else {
            self = .text(line)
        }
    }

    /// Reads a line of a script, where every line is a command.
    package init(script line: String) {
        self.init(command: line.hasPrefix("/") ? String(line.dropFirst()) : line)
    }

    private init(command line: String) {
        guard let words = ShellWords.split(line) else {
            self = .malformed("a quotation mark is not closed")
            return
        }
        guard let first = words.first else {
            self = .empty
            return
        }
        self = first == "quit" || first == "exit" ? .quit : .command(SeedVerb.translate(words))
    }
}

/// Words as a shell splits them: white space parts, quotes and backslashes keep together. Nothing is
/// expanded.
package enum ShellWords {
    /// Returns the words, or nil when a quotation mark is not closed.
    package static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Unicode.Scalar?
        var isEscaped = false
        func append(_ scalar: Unicode.Scalar) {
            var current = word ?? ""
            current.unicodeScalars.append(scalar)
            word = current
        }
        for scalar in line.unicodeScalars {
            if isEscaped {
                isEscaped = false
                // Between double quotes a backslash is one, unless it stands before what it can guard.
                if quote == "\"", scalar != "\"", scalar != "\\" { append("\\") }
                append(scalar)
            } else if scalar == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if scalar == open { quote = nil } else { append(scalar) }
            } else if scalar == "'" || scalar == "\"" {
                quote = scalar
                word = word ?? ""
            } else if scalar.properties.isWhitespace {
                if let finished = word { words.append(finished) }
                word = nil
            } else {
                append(scalar)
            }
        }
        if isEscaped { append("\\") }
        guard quote == nil else { return nil }
        if let finished = word { words.append(finished) }
        return words
    }
}

extension ShellWords {
    /// Returns a text as a shell takes it for one word.
    package static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "/._-+,@:".utf8.contains(byte)
            }
        guard !isPlain else { return text }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }
}

/// The verbs of the first prototype, which work in the REPL as they were written down.
package enum SeedVerb: String, CaseIterable, Sendable {
    case createSpace = "create-space"
    case createChannel = "create-channel"
    case postMessage = "post-message"
    case listSpaces = "list-spaces"
    case joinSpace = "join-space"
    case listMessages = "list-messages"

    /// The command that the verb stands for.
    private var words: [String] {
        switch self {
        case .createSpace: ["space", "create", "--public"]
        case .createChannel: ["channel", "create"]
        case .postMessage: ["post"]
        case .listSpaces: ["space", "list", "--discover"]
        case .joinSpace: ["space", "join"]
        case .listMessages: ["log", "--channel"]
        }
    }

    /// Replaces a verb by its command.
    static func translate(_ words: [String]) -> [String] {
        guard let first = words.first, let verb = SeedVerb(rawValue: first) else { return words }
        if verb == .listMessages, words.count == 1 { return ["log"] }
        return verb.words + words.dropFirst()
    }
}
