import ArgumentParser

/// What TAB offers in the REPL: commands, options, and what this home holds.
package struct ShellCompletion: Sendable {
    private let records: Records
    private let environment: [String: String]

    package init(records: Records, environment: [String: String]) {
        self.records = records
        self.environment = environment
    }

    /// Returns everything that may stand where `word` is being typed; the editor keeps what begins alike.
    package func candidates(before: String, word: String) -> [String] {
        guard var words = ShellWords.split(before) else { return [] }
        guard let first = words.first else {
            let slash = word.hasPrefix("/") ? "/" : ""
            return (Array(Shell.commandNames) + (slash.isEmpty ? [] : ["quit"])).map { slash + $0 }
        }
        if first.hasPrefix("/") { words[0] = String(first.dropFirst()) }
        words = SeedVerb.translate(words)
        guard let command = Self.command(words) else { return [] }
        if word.hasPrefix("-") { return Self.options(of: command.type) }
        // A completion never speaks: what cannot be read is not offered.
        return (try? self.values(command, last: words.last ?? "")) ?? []
    }

    private func values(
        _ command: (type: any ParsableCommand.Type, path: [String]), last: String
    ) throws(CommandError) -> [String] {
        let folders = command.type.configuration.subcommands
        if !folders.isEmpty, command.type.configuration.defaultSubcommand == nil {
            return folders.map { $0._commandName }
        }
        switch last {
        case "-c", "--channel": return try Completions.channelWords(self.records)
        case "--author": return try Completions.memberWords(self.records)
        default: break
        }
        return switch command.path {
        case ["space", "use"], ["space", "info"], ["space", "members"], ["space", "leave"],
            ["space", "invite"],
            ["channel", "list"], ["sync"]:
            try Completions.spaceWords(self.records)
        case ["channel", "use"]: try Completions.channelWords(self.records)
        case ["config", "get"], ["config", "set"], ["config", "unset"]: SettingKey.allCases.map(\.rawValue)
        case ["peers"]: ["add"]
        default: []
        }
    }

    /// Follows the words down the tree of commands.
    private static func command(_ words: [String]) -> (type: any ParsableCommand.Type, path: [String])? {
        var type: any ParsableCommand.Type = Descord.self
        var path: [String] = []
        for word in words {
            guard let next = type.configuration.subcommands.first(where: { $0._commandName == word }) else {
                break
            }
            type = next
            path.append(word)
        }
        return path.isEmpty ? nil : (type, path)
    }

    /// The options that the command's help names.
    private static func options(of command: any ParsableCommand.Type) -> [String] {
        let help = Descord.helpMessage(for: command, columns: 200)
        var found: Set<String> = []
        for line in help.split(separator: "\n") where line.hasPrefix("  -") {
            for part in line.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "/" }) {
                guard part.hasPrefix("-") else { break }
                found.insert(String(part))
            }
        }
        return found.sorted()
    }
}
