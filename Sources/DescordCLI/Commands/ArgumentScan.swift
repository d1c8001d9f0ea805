import ArgumentParser

/// A look at arguments that did not parse: how to report that, and whether a command was misspelt.
package struct ArgumentScan {
    private let arguments: ArraySlice<String>

    /// Takes what stands before `--`.
    package init(_ arguments: [String]) {
        self.arguments = arguments.prefix { $0 != "--" }
    }

    /// Whether `--json` was given.
    package var hasJSON: Bool { self.arguments.contains("--json") }

    /// The failure, when the words name no command.
    package var unknownCommand: CommandError? {
        var commands = Descord.configuration.subcommands
        var path: [String] = []
        for word in self.words {
            if path.isEmpty, word == "help" { return nil }
            guard !commands.isEmpty else { return nil }
            guard let command = commands.first(where: { $0._commandName == word }) else {
                let folder = path.isEmpty ? "" : path.joined(separator: " ") + " "
                // A command that can do without a subcommand took the word for a value.
                if let last = path.last, Self.hasDefault(last) { return nil }
                return CommandError(
                    .usage, .unknownCommand, "there is no command \"\(folder)\(word)\"",
                    hint: Self.suggestion(for: word, among: commands, folder))
            }
            path.append(word)
            commands = command.configuration.subcommands
        }
        return nil
    }

    /// What stands outside of options and of the values of global options.
    private var words: [String] {
        var words: [String] = []
        var skipsValue = false
        for argument in self.arguments {
            if skipsValue {
                skipsValue = false
            } else if argument.hasPrefix("-"), argument.count > 1 {
                skipsValue = Self.globalOptionsWithValues.contains(argument)
            } else {
                words.append(argument)
            }
        }
        return words
    }

    private static let globalOptionsWithValues: Set<String> = [
        "--home", "--timeout", "--connect", "--listen", "--profile", "--passphrase-fd", "--trace",
    ]

    private static func hasDefault(_ name: String) -> Bool {
        Descord.configuration.subcommands.contains {
            $0._commandName == name && $0.configuration.defaultSubcommand != nil
        }
    }

    private static func suggestion(
        for word: String, among commands: [any ParsableCommand.Type], _ folder: String
    ) -> String {
        let near = commands.map { $0._commandName }
            .map { (name: $0, distance: EditDistance.between($0, word)) }
            .filter { $0.distance <= 2 }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let near else { return folder.isEmpty ? "descord help" : "descord help \(folder.dropLast())" }
        return "descord \(folder)\(near.name)"
    }
}

/// How many letters two words differ by.
package enum EditDistance {
    /// Levenshtein's distance.
    package static func between(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.unicodeScalars.prefix(64)), Array(b.unicodeScalars.prefix(64)))
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (left == right ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
