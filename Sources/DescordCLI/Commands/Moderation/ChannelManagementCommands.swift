import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// `descord channel update`
package struct ChannelUpdateCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Rename a channel, say what it is for, or let only moderators post.")

    @Argument(help: "CHANNEL or SPACE/CHANNEL.", completion: Completions.channels) package var channel: String
    @Option(help: "Its new name.") package var name: String?
    @Option(help: "What it is for.") package var purpose: String?
    @Flag(inversion: .prefixedNo, help: "Whether only those who moderate it post in it.")
    package var readOnly: Bool?
    @Option(
        help: ArgumentHelp(
            "Wait until so many other members have stored it; 0 does not wait.", valueName: "n"))
    package var wait: UInt32 = 1
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package mutating func validate() throws {
        guard self.name != nil || self.purpose != nil || self.readOnly != nil else {
            throw ValidationError("nothing to change: give --name, --purpose, --read-only or --no-read-only")
        }
    }

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let (space, channel) = try References(home.records, environment: context.surroundings.environment)
            .channel(self.channel)
        let name = try self.name.map { name throws(CommandError) in try NameText.channel(name).text }
        let update = ChannelUpdate(name: name, purpose: self.purpose, isReadOnly: self.readOnly)
        let op = try home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.author(update, in: space.id, channel: channel.id, at: now)
        }
        try await AuthorityAct(space, wait: self.wait, home, in: context)
            .conclude(op, "update", ["channel": .string(channel.id.hex)])
    }
}

/// `descord channel archive`
package struct ChannelArchiveCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Close a channel for posting, or open it again.")

    @Argument(help: "CHANNEL or SPACE/CHANNEL.", completion: Completions.channels) package var channel: String
    @Flag(help: "Open it again.") package var undo = false
    @Option(
        help: ArgumentHelp(
            "Wait until so many other members have stored it; 0 does not wait.", valueName: "n"))
    package var wait: UInt32 = 1
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let (space, channel) = try References(home.records, environment: context.surroundings.environment)
            .channel(self.channel)
        let op = try home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.author(
                ChannelArchive(archived: !self.undo), in: space.id, channel: channel.id, at: now)
        }
        try await AuthorityAct(space, wait: self.wait, home, in: context)
            .conclude(op, self.undo ? "unarchive" : "archive", ["channel": .string(channel.id.hex)])
    }
}

/// `descord channel moderator`
package struct ChannelModeratorCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "moderator", abstract: "Make a member a moderator of one channel, or end that.")

    @Argument(help: "CHANNEL or SPACE/CHANNEL.", completion: Completions.channels) package var channel: String
    @Argument(help: "A peer id, or its end.", completion: Completions.members) package var member: String
    @Flag(help: "End it.") package var remove = false
    @Option(
        help: ArgumentHelp(
            "Wait until so many other members have stored it; 0 does not wait.", valueName: "n"))
    package var wait: UInt32 = 1
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let (space, channel) = try References(home.records, environment: context.surroundings.environment)
            .channel(self.channel)
        let act = AuthorityAct(space, wait: self.wait, home, in: context)
        let key = try act.key(of: self.member)
        let op = try home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.author(
                ChannelModerator(member: key, isModerator: !self.remove), in: space.id, channel: channel.id,
                at: now)
        }
        try await act.conclude(
            op, self.remove ? "unmoderator" : "moderator",
            ["channel": .string(channel.id.hex), "member": .string(PeerID(key).description)])
    }
}
