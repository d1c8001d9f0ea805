import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// `descord profile`
package struct ProfileCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "Say who you are in a space, and see what others say.",
        discussion: "Names are what people call themselves: two may have one. A peer id says who it is.",
        subcommands: [ProfileShowCommand.self, ProfileSetCommand.self],
        defaultSubcommand: ProfileShowCommand.self)

    package init() {}
}

/// `descord profile show`
package struct ProfileShowCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print what a member says of itself; without a name, what you say.")

    @Argument(help: "A member's name, peer id, or its end.", completion: Completions.members)
    package var member: String?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A name or the beginning of an id; else the current space.", valueName: "space"),
        completion: Completions.spaces)
    package var space: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let references = References(home.records, environment: context.surroundings.environment)
        let space = try references.space(space)
        let peer = try references.author(member ?? "me", of: space, own: home.peerID)
        let profile = try home.records.profile(of: peer, in: space.id)
        let output = context.output
        if output.isJSON {
            try output.emit([
                "peer": .string(peer.description), "space": .string(space.id.hex),
                "name": .optional(profile.name), "about": .optional(profile.about),
            ])
            return
        }
        var table = TextTable()
        table.add("peer", peer.description)
        table.add("name", output.foreign(profile.name ?? "-"))
        table.add("about", output.foreign(profile.about ?? "-"))
        for line in table.lines { try output.line(line) }
    }
}

/// `descord profile set`
package struct ProfileSetCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Say what you want to be called in a space, or what there is to know.",
        discussion: "What is not given stays as it was.")

    @Option(help: "What you want to be called.") package var name: String?
    @Option(help: "A sentence about you; empty takes it away.") package var about: String?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A name or the beginning of an id; else the current space.", valueName: "space"),
        completion: Completions.spaces)
    package var space: String?
    @OptionGroup package var options: MessageActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func validate() throws {
        guard name != nil || about != nil else { throw ValidationError("give --name, --about or both") }
    }

    package func run(in context: CommandContext) async throws {
        let act = try MessageAct(options, in: context)
        let space = try References(act.home.records, environment: context.surroundings.environment)
            .space(space)
        let current = try act.home.records.profile(of: act.home.peerID, in: space.id)
        guard
            let name = try name.map({ text throws(CommandError) in try NameText.member(text).text })
                ?? current.name
        else {
            throw CommandError(
                .badInput, .badName, "you have no name in the space \"\(space.shownName)\" yet",
                hint: "give --name too")
        }
        let about = about.map { $0.isEmpty ? nil : $0 } ?? current.about
        guard about.map({ $0.utf8.count <= PayloadLimits.maxNoteSize }) ?? true else {
            throw CommandError(
                .badInput, .textTooLarge, "--about has more than \(PayloadLimits.maxNoteSize) bytes")
        }
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.setProfile(Profile(name: name, about: about), in: space.id, at: now)
        }
        try await act.conclude(op, in: space.id, about: ("name", name))
    }
}
