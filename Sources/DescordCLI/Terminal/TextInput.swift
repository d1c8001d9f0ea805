/// What a message or a ticket is read from: arguments, or standard input.
package struct TextInput {
    /// The most bytes of a message that are read: more never fits an RPC of 1,048,576 bytes.
    package static let maxSize = 1_048_576

    private let inputIsTaken: Bool

    package init(_ context: CommandContext) {
        self.inputIsTaken = context.surroundings.inputIsTaken
    }

    /// The text of a message: the arguments joined by a space, or standard input for `-` or, when that is no
    /// terminal, for no arguments.
    package func message(_ arguments: [String]) throws(CommandError) -> String {
        let text: String
        if arguments.isEmpty, self.inputIsTaken || StandardStreams.isTerminal(0) {
            throw CommandError(
                .usage, .usage, "there is no text to post", hint: "descord post TEXT, or pipe it in")
        } else if arguments.isEmpty || arguments == ["-"] {
            text = try self.standardInput(limit: Self.maxSize)
        } else {
            text = arguments.joined(separator: " ")
        }
        return try Self.checked(text)
    }

    /// Removes one final newline, and refuses what is no text.
    package static func checked(_ text: String) throws(CommandError) -> String {
        var text = text
        // Scalars, because a carriage return and a line feed are one character.
        if text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
        guard !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
            throw CommandError(.badInput, .emptyText, "the text is empty; nothing was posted")
        }
        guard !text.unicodeScalars.contains("\0") else {
            throw CommandError(.badInput, .notUTF8, "the text is binary; nothing was posted")
        }
        guard text.utf8.count <= Self.maxSize else { throw Self.tooLarge }
        return text
    }

    /// Reads standard input to its end as UTF-8.
    package func standardInput(limit: Int) throws(CommandError) -> String {
        guard !self.inputIsTaken else {
            throw CommandError(.usage, .usage, "standard input holds the commands here; give the text itself")
        }
        let bytes = try StandardStreams.read(0, limit: limit + 1)
        guard bytes.count <= limit + 1 else { throw Self.tooLarge }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.badInput, .notUTF8, "standard input is not UTF-8; nothing was posted")
        }
        return text
    }

    package static let tooLarge = CommandError(
        .badInput, .textTooLarge, "the text does not fit one message of 1048576 bytes; nothing was posted",
        hint: "split it, or post where it can be found")
}
