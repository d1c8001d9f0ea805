import ArgumentParser
import DescordCore

/// `descord channel`
package struct ChannelCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "channel", abstract: "Create, list, choose and manage channels.",
        subcommands: [
            ChannelCreateCommand.self, ChannelListCommand.self, ChannelUseCommand.self,
            ChannelUpdateCommand.self, ChannelArchiveCommand.self, ChannelModeratorCommand.self,
        ])

    package init() {}
}

/// `descord channel create`
package struct ChannelCreateCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a channel in the current space, or in another one as SPACE/NAME.")

    @Argument(help: "Its name: letters, digits, dots, underscores and hyphens.") package var name: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let slash = self.name.lastIndex(of: "/")
        let name = try NameText.channel(
            slash.map { String(self.name[self.name.index(after: $0)...]) } ?? self.name)
        let space = try References(home.records, environment: context.surroundings.environment)
            .space(slash.map { String(self.name[..<$0]) })
        let taken = try home.records.channels(of: space.id).contains { $0.name == name.text }
        let id = try home.records.createChannel(name, in: space.id, now: context.now)
        await context.surroundings.network.notifyRunningNode(of: [id], in: space.id, home: home)
        if taken {
            context.output.warn(
                CommandWarning(
                    .nameTaken, "another channel is called \"\(name)\" too", hint: "name it by its id"))
        }
        try context.output.result(
            ["channel": .string(id.hex), "name": .string(name.text), "space": .string(space.id.hex)], id.hex)
    }
}

/// `descord channel list`
package struct ChannelListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the channels of a space.")

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let references = References(home.records, environment: context.surroundings.environment)
        let space = try references.space(self.space)
        let channels = try home.records.channels(of: space.id)
        let current = try references.currentChannelIfAny(of: space, among: channels)
        var table = TextTable()
        for channel in channels {
            if context.output.isJSON {
                try context.output.emit([
                    "channel": .string(channel.id.hex), "name": .optional(channel.name),
                    "space": .string(channel.space.hex), "current": .bool(channel.id == current),
                    "archived": .bool(channel.isArchived), "read_only": .bool(channel.isReadOnly),
                    "purpose": .optional(channel.purpose),
                ])
            } else {
                table.add(
                    channel.id == current ? "*" : " ", Short.id(channel.id),
                    context.output.foreign(channel.shownName),
                    channel.isArchived ? "archived" : channel.isReadOnly ? "read-only" : "",
                    context.output.foreign(channel.purpose ?? ""))
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

/// `descord channel use`
package struct ChannelUseCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "use", abstract: "Choose the current channel of a space.")

    @Argument(help: "CHANNEL or SPACE/CHANNEL.", completion: Completions.channels) package var channel: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let (space, channel) = try References(home.records, environment: context.surroundings.environment)
            .channel(self.channel)
        try home.records.useChannel(channel.id, of: space.id)
        if context.output.isJSON {
            try context.output.emit([
                "channel": .string(channel.id.hex), "name": .optional(channel.name),
                "space": .string(space.id.hex),
            ])
        } else {
            context.output.note("the current channel of \"\(space.shownName)\" is \"\(channel.shownName)\"")
        }
    }
}
