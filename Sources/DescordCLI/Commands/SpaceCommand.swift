import ArgumentParser
import DescordCore
import LibP2PCore

/// `descord space`
package struct SpaceCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "space", abstract: "Create, join and look at spaces.",
        subcommands: [
            SpaceCreateCommand.self, SpaceListCommand.self, SpaceInviteCommand.self, SpaceJoinCommand.self,
            SpaceUseCommand.self, SpaceInfoCommand.self, SpaceMembersCommand.self, SpaceLeaveCommand.self,
            SpaceRoleCommand.self, SpaceKickCommand.self, SpaceBanCommand.self, SpaceUnbanCommand.self,
            SpaceMuteCommand.self, SpaceAuditCommand.self,
        ])

    package init() {}
}

/// `descord space create`
package struct SpaceCreateCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a space; you are its creator for ever.")

    @Argument(help: "Its name.") package var name: String
    @Flag(name: .customLong("public"), help: "Announce it, and admit everybody without a ticket.")
    package var isPublic = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let name = try NameText.space(self.name)
        let taken = try home.records.spaces().contains { $0.name == name.text }
        let id = try home.records.createSpace(name, isPublic: self.isPublic, now: context.now)
        await context.surroundings.network.notifyRunningNode(of: [id], in: id, home: home)
        if taken {
            context.output.warn(
                CommandWarning(
                    .nameTaken, "another space is called \"\(name)\" too", hint: "name it by its id"))
        }
        let row = SpaceRow(id: id, name: name.text, isPublic: self.isPublic, memberCount: 1, channelCount: 0)
        try context.output.result(
            ["space": .string(id.hex), "name": .string(name.text), "topic": .string(row.topic)], id.hex)
    }
}

/// `descord space list`
package struct SpaceListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the spaces of this home.")

    @Flag(help: "Also announced public spaces that this home has not joined.") package var discover = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let rows = try home.records.spaces()
        let current =
            rows.isEmpty
            ? nil : try References(home.records, environment: context.surroundings.environment).space(nil).id
        var found: [DiscoveredSpace] = []
        if self.discover {
            let session = try await context.session(.oneShot)
            found = try await session.discoveredSpaces(deadline: context.deadline)
                .filter { announced in !rows.contains { $0.id == announced.space } }
        }
        try Self.show(rows, current: current, found: found, context.output)
    }

    private static func show(
        _ rows: [SpaceRow], current: SpaceID?, found: [DiscoveredSpace], _ output: Output
    ) throws(CommandError) {
        var table = TextTable()
        for row in rows {
            if output.isJSON {
                try output.emit([
                    "space": .string(row.id.hex), "name": .optional(row.name), "topic": .string(row.topic),
                    "members": .integer(Int64(row.memberCount)),
                    "channels": .integer(Int64(row.channelCount)),
                    "current": .bool(row.id == current), "joined": true,
                ])
            } else {
                table.add(
                    row.id == current ? "*" : " ", Short.id(row.id), output.foreign(row.shownName),
                    Count.text(row.memberCount, "member"), Count.text(row.channelCount, "channel"))
            }
        }
        for announced in found {
            let name = try? SpaceName(parsing: announced.name).text  // a bad name is shown by the id
            if output.isJSON {
                let topic = "space/" + announced.space.hex.prefix(16)
                try output.emit([
                    "space": .string(announced.space.hex), "name": .optional(name), "topic": .string(topic),
                    "members": nil, "channels": nil, "current": false, "joined": false,
                ])
            } else {
                // Whole, because joining a space that is not ours takes the whole id.
                table.add("+", announced.space.hex, output.foreign(name ?? ""), "not joined")
            }
        }
        for line in table.lines { try output.line(line) }
    }
}

/// `descord space use`
package struct SpaceUseCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "use", abstract: "Choose the current space.")

    @Argument(help: "A name or the beginning of an id.", completion: Completions.spaces) package var space:
        String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let row = try References(home.records, environment: [:]).space(self.space)
        try home.records.useSpace(row.id)
        if context.output.isJSON {
            try context.output.emit([
                "space": .string(row.id.hex), "name": .optional(row.name), "topic": .string(row.topic),
            ])
        } else {
            context.output.note("the current space is \"\(row.shownName)\"")
        }
        if let name = context.surroundings.environment["DESCORD_SPACE"], !name.isEmpty {
            context.output.warn(
                CommandWarning(
                    .variableWins, "DESCORD_SPACE is set, and wins", hint: "unset DESCORD_SPACE"))
        }
    }
}

/// `descord space info`
package struct SpaceInfoCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show what is known of a space: who can read it, counts, heads.")

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let row = try References(home.records, environment: context.surroundings.environment).space(
            self.space)
        let info = try home.records.info(of: row.id)
        let readers = row.isPublic ? "everyone" : "members"
        let output = context.output
        if output.isJSON {
            try output.emit([
                "space": .string(row.id.hex), "name": .optional(row.name), "topic": .string(row.topic),
                "public": .bool(row.isPublic), "encryption": "none", "readable_by": .string(readers),
                "creator": .optional(info.creator?.description), "created": .optional(info.created),
                "rank": .integer(Int64(info.rank)), "members": .integer(Int64(row.memberCount)),
                "channels": .integer(Int64(row.channelCount)), "operations": .integer(Int64(info.operations)),
                "waiting": .integer(Int64(info.waiting)), "held": .integer(Int64(info.held)),
                "invalid": .integer(Int64(info.invalid)), "void": .integer(Int64(info.void)),
                "revoked": .integer(Int64(info.revoked)),
                "heads": info.heads.map(\.hex).json,
                "forks": info.forks.map(\.description).json,
            ])
            return
        }
        var table = TextTable()
        table.add("space", row.id.hex)
        table.add("name", output.foreign(row.shownName))
        table.add("topic", row.topic)
        table.add("encryption", "none: every peer that carries the space can read it")
        table.add(
            "readable by",
            row.isPublic ? "everyone: the space is public" : "its members, and whoever they pass it on to")
        table.add("creator", info.creator.map(\.description) ?? "unknown")
        table.add("created", info.created.map(Timestamp.format) ?? "unknown")
        table.add("your rank", String(info.rank))
        table.add("members", String(row.memberCount))
        table.add("channels", String(row.channelCount))
        table.add(
            "operations",
            "\(info.operations) (\(info.waiting) waiting, \(info.held) held, \(info.invalid) invalid, "
                + "\(info.void) void, \(info.revoked) revoked)")
        table.add("heads", info.heads.map(Short.id).joined(separator: " "))
        for fork in info.forks { table.add("forked key", fork.description) }
        for line in table.lines { try output.line(line) }
    }
}

/// `descord space members`
package struct SpaceMembersCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "members", abstract: "List the members of a space, and their roles.")

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let row = try References(home.records, environment: context.surroundings.environment).space(
            self.space)
        let roles = try home.records.rolesByMember(of: row.id)
        var table = TextTable()
        for member in try home.records.members(of: row.id) {
            let held = roles[member.peer] ?? []
            if context.output.isJSON {
                try context.output.emit([
                    "peer": .string(member.peer.description), "name": .optional(member.name),
                    "rank": .integer(Int64(member.rank)), "roles": held.json,
                    "since": .optional(member.since),
                    "self": .bool(member.isSelf), "over_limit": .bool(member.isOverLimit),
                    "space": .string(row.id.hex),
                ])
            } else {
                let isCreator = member.rank > PayloadLimits.maxRank
                table.add(
                    member.isSelf ? "*" : " ", member.peer.description,
                    context.output.foreign(member.name ?? ""),
                    isCreator ? "creator" : context.output.foreign(held.joined(separator: ", ")),
                    isCreator ? "" : "rank \(member.rank)",
                    member.since.map(Timestamp.format) ?? "", member.isOverLimit ? "over the limit" : ""
                )
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

/// Numbers with their nouns.
enum Count {
    static func text(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// Bytes in a unit that reads well.
    static func bytes(_ count: Int) -> String {
        if count < 1_000 { return "\(count) bytes" }
        let units = ["kB", "MB", "GB", "TB"]
        var value = Double(count)
        var unit = -1
        while value >= 1_000, unit + 1 < units.count {
            value /= 1_000
            unit += 1
        }
        return "\((value * 10).rounded() / 10) \(units[unit])"
    }
}

/// Names as they are typed.
enum NameText {
    static func space(_ text: String) throws(CommandError) -> SpaceName {
        do {
            return try SpaceName(parsing: text)
        } catch {
            throw self.explain(error, text, "space")
        }
    }

    static func channel(_ text: String) throws(CommandError) -> ChannelName {
        do {
            return try ChannelName(parsing: text)
        } catch {
            throw self.explain(error, text, "channel")
        }
    }

    static func member(_ text: String) throws(CommandError) -> MemberName {
        do {
            return try MemberName(parsing: text)
        } catch {
            throw self.explain(error, text, "member")
        }
    }

    /// What a thread is about: a line that keeps the rules of names.
    static func title(_ text: String) throws(CommandError) -> String {
        do {
            return try SpaceName(parsing: text).text
        } catch {
            throw self.explain(error, text, "thread")
        }
    }

    private static func explain(_ failure: NameFailure, _ text: String, _ kind: String) -> CommandError {
        let rule =
            switch failure {
            case .empty: "it is empty"
            case .tooLong: "it is longer than 64 characters"
            case .surroundedBySpace: "it begins or ends with white space"
            case .leadingHyphen: "it begins with a hyphen"
            case .forbidden(let scalar):
                "it holds U+\(String(scalar.value, radix: 16, uppercase: true).leftPadded(to: 4))"
            }
        let hint =
            kind == "channel" ? "channel names are letters, digits, dots, underscores and hyphens" : nil
        return CommandError(
            .badInput, .badName, "\"\(TerminalText.clean(text))\" is no name for a \(kind): \(rule)",
            hint: hint)
    }
}

extension String {
    func leftPadded(to width: Int) -> String {
        String(repeating: "0", count: max(0, width - self.count)) + self
    }
}
