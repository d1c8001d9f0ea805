import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// `descord thread`
package struct ThreadCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "thread", abstract: "Begin and list threads.",
        discussion: "descord post --thread writes in one, and descord log --thread shows it.",
        subcommands: [ThreadListCommand.self, ThreadCreateCommand.self])

    package init() {}
}

/// `descord thread list`
package struct ThreadListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List threads, those with the newest messages first.")

    @Option(
        name: .shortAndLong, help: "CHANNEL or SPACE/CHANNEL; else every channel of the current space.",
        completion: Completions.channels)
    package var channel: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let scope = try References(home.records, environment: context.surroundings.environment)
            .scope(channel)
        var table = TextTable()
        for thread in try home.records.threads(of: scope.space.id, channel: scope.channel?.id) {
            if context.output.isJSON {
                try context.output.emit([
                    "thread": .string(thread.id.hex), "space": .string(thread.space.hex),
                    "channel": .string(thread.channel.hex), "title": .optional(thread.title),
                    "root": .optional(thread.root?.hex),
                    "author": .string(PeerID(thread.author).description), "time": thread.time.json,
                    "messages": .integer(Int64(thread.messages)), "latest": thread.latest.json,
                ])
            } else {
                table.add(
                    Short.id(thread.id), Timestamp.format(thread.latest),
                    Count.text(thread.messages, "message"), context.output.foreign(thread.title ?? ""))
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

/// `descord thread create`
package struct ThreadCreateCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Begin a thread that hangs on no message.",
        discussion: "A thread on a message is begun by the first descord post --thread OP.")

    @Argument(help: "What it is about.") package var title: String
    @Option(
        name: .shortAndLong, help: ArgumentHelp("CHANNEL or SPACE/CHANNEL; else the current one."),
        completion: Completions.channels)
    package var channel: String?
    @OptionGroup package var options: MessageActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try MessageAct(options, in: context)
        let (space, channel) = try References(
            act.home.records, environment: context.surroundings.environment
        ).channel(channel)
        let title = try NameText.title(title)
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.createThread(title, channel: channel.id, in: space.id, at: now)
        }
        try await act.conclude(op, in: space.id, about: ("channel", channel.id.hex))
    }
}
