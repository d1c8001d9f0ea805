import ArgumentParser
import LibP2PCore

/// `descord search`
package struct SearchCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find stored messages by their words, oldest first.",
        discussion: """
            Every word has to be in the message, in any order; a "quoted phrase" has its words next to each \
            other. Words are compared whole, without regard to case and accents; what is no letter and no \
            digit parts them. Reads the disk alone: no network. T is RFC 3339 or an age such as 10m or 7d.
            """)

    @Argument(help: "The words.") package var query: [String]
    @Option(
        name: .shortAndLong, help: "CHANNEL or SPACE/CHANNEL; else every channel of the current space.",
        completion: Completions.channels)
    package var channel: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("Only the newest N.", valueName: "n"))
    package var number: CountArgument?
    @Option(help: ArgumentHelp("Only what was written since.", valueName: "t")) package var since:
        TimeArgument?
    @Option(help: ArgumentHelp("Only what was written until.", valueName: "t")) package var until:
        TimeArgument?
    @Option(help: "A member's name or peer id, or me.", completion: Completions.members) package var author:
        String?
    @Flag(help: "Take the query for one in the syntax of SQLite's FTS5: AND, OR, NOT, NEAR, word*.")
    package var fts = false
    @Option(help: MessageFormat.help) package var format: MessageFormat?
    @Flag(help: "Show text as it is, also on a terminal.") package var raw = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func validate() throws { try MessageFormat.validate(self.format, with: self.global) }

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let references = References(home.records, environment: context.surroundings.environment)
        let scope = try references.scope(self.channel)
        let now = context.now
        let author = try self.author.map { text throws(CommandError) in
            try references.author(text, of: scope.space, own: home.peerID)
        }
        let words = self.query.joined(separator: " ")
        let query = try self.fts ? SearchQuery(expression: words) : SearchQuery(words: words)
        let filter = MessageQuery(
            space: scope.space.id, channel: scope.channel?.id, author: author, since: self.since?.time(now),
            until: self.until?.time(now), limit: self.number?.count)
        var text = MessageText(context.output, isRaw: self.raw, format: self.format)
        for row in try home.records.search(query, filter) { try text.show(row) }
    }
}
