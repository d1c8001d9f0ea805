import ArgumentParser
import DescordCore
import LibP2PCore

/// `descord log`
package struct LogCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Print stored messages, oldest first.",
        discussion: "Reads the disk alone: no network. T is RFC 3339 or an age such as 10m or 7d.")

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
    @Option(
        help: ArgumentHelp(
            "Only this thread, or the one on this message; the beginning of an id.", valueName: "op"))
    package var thread: String?
    @Flag(help: "Only what is pinned.") package var pinned = false
    @Option(help: MessageFormat.help) package var format: MessageFormat?
    @Flag(help: "Show text as it is, also on a terminal.") package var raw = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func validate() throws { try MessageFormat.validate(self.format, with: self.global) }

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let references = References(home.records, environment: context.surroundings.environment)
        let thread = try self.thread.map { text throws(CommandError) in try home.records.thread(text) }
        // A thread knows its space.
        let scope = try references.scope(
            self.channel ?? thread.map { "\($0.space.hex)/\($0.channel.hex)" })
        let now = context.now
        let author = try self.author.map { text throws(CommandError) in
            try references.author(text, of: scope.space, own: home.peerID)
        }
        let query = MessageQuery(
            space: scope.space.id, channel: scope.channel?.id, thread: thread?.id, author: author,
            isPinned: self.pinned, since: self.since?.time(now),
            until: self.until?.time(now), limit: self.number?.count)
        var text = MessageText(context.output, isRaw: self.raw, format: self.format)
        for row in try home.records.messages(query) { try text.show(row) }
    }
}

/// A number of messages, 0 or more.
package struct CountArgument: ExpressibleByArgument, Hashable, Sendable {
    package let count: Int

    package init?(argument: String) {
        guard let count = Int(argument), count >= 0 else { return nil }
        self.count = count
    }
}

/// A time: RFC 3339, or how long ago.
package enum TimeArgument: ExpressibleByArgument, Equatable, Sendable {
    case at(WallTime)
    case ago(Duration)

    package init?(argument: String) {
        if let age = Timestamp.parseAge(argument) {
            self = .ago(age)
        } else if let time = Timestamp.parse(argument) {
            self = .at(time)
        } else {
            return nil
        }
    }

    /// The time itself.
    package func time(_ now: WallTime) -> WallTime {
        switch self {
        case .at(let time): time
        case .ago(let age): now - age
        }
    }
}
