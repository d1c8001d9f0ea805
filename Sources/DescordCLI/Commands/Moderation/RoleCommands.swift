import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// `descord space role`
package struct SpaceRoleCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "role", abstract: "List, define, grant and take roles.",
        discussion: """
            A role has a rank, 0 to 1000, and permissions. Every space has the roles admin (800), moderator \
            (400) and member (0); its creator outranks all, for ever. Who acts on a member or a role needs a \
            rank above it.
            """,
        subcommands: [
            RoleListCommand.self, RoleDefineCommand.self, RoleGrantCommand.self, RoleTakeCommand.self,
        ])

    package init() {}
}

/// `descord space role list`
package struct RoleListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the roles of a space, and who holds them.")

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let space = try References(home.records, environment: context.surroundings.environment)
            .space(self.space)
        var table = TextTable()
        for role in try home.records.roles(of: space.id) {
            let holders = role.holders.map { PeerID($0).description }.sorted()
            let name = Records.shownRole(role.name)
            if context.output.isJSON {
                try context.output.emit([
                    "role": .string(role.id.hex), "name": .optional(name), "rank": .integer(Int64(role.rank)),
                    "permissions": role.permissions.names.json, "members": holders.json,
                    "space": .string(space.id.hex),
                ])
            } else {
                table.add(
                    context.output.foreign(name ?? Short.id(role.id)), "rank \(role.rank)",
                    role.permissions.names.joined(separator: ","), Count.text(holders.count, "member"))
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

/// `descord space role define`
package struct RoleDefineCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "define", abstract: "Make a role, or give one other permissions.",
        discussion: """
            A role that exists by this name is defined anew, and keeps its rank. Permissions are send, \
            react, thread, invite, kick, ban, manage-channels, manage-roles, moderate, create-channels and \
            manage-space, separated by commas; nobody gives what they have not.
            """)

    @Argument(help: "Its name.") package var name: String
    @Option(help: "Its rank, 0 to 1000 and below yours; needed for a new role.") package var rank: UInt32?
    @Option(help: ArgumentHelp("What it permits, separated by commas.", valueName: "list"))
    package var permissions: PermissionList
    @OptionGroup package var options: AuthorityActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package mutating func validate() throws {
        if let rank, rank > PayloadLimits.maxRank { throw ValidationError("--rank is 0 to 1000") }
    }

    package func run(in context: CommandContext) async throws {
        let act = try AuthorityAct(self.options, in: context)
        let name = try NameText.space(self.name).text
        let known = try act.home.records.roles(of: act.space.id).first { $0.name == name }
        guard let rank = self.rank ?? known?.rank else {
            throw CommandError(.usage, .usage, "a new role needs --rank")
        }
        if let known, known.rank != rank {
            throw CommandError(
                .badInput, .badValue, "the role \"\(name)\" has rank \(known.rank) for ever",
                hint: "define one by another name")
        }
        let permissions = self.permissions.permissions
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.defineRole(
                known?.id, name: name, rank: rank, permissions: permissions, in: act.space.id, at: now)
        }
        try await act.conclude(
            op, "define",
            ["role": .string((known?.id ?? op).hex), "name": .string(name), "rank": .integer(Int64(rank))])
    }
}

/// `descord space role grant`
package struct RoleGrantCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Give a role to somebody.",
        discussion: "Somebody who was removed is a member again by it, but not while a ban stands.")

    @Argument(help: "A peer id, or its end.", completion: Completions.members) package var member: String
    @Argument(help: "The role, by its name or the beginning of its id.") package var role: String
    @OptionGroup package var options: AuthorityActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try AuthorityAct(self.options, in: context)
        let key = try act.key(of: self.member)
        let role = try act.home.records.role(self.role, in: act.space.id)
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.grant(role.id, to: key, in: act.space.id, at: now)
        }
        try await act.conclude(
            op, "grant", ["member": .string(PeerID(key).description), "role": .string(role.id.hex)])
    }
}

/// `descord space role take`
package struct RoleTakeCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "take", abstract: "Take a role from somebody.")

    @Argument(help: "A peer id, or its end.", completion: Completions.members) package var member: String
    @Argument(help: "The role, by its name or the beginning of its id.") package var role: String
    @OptionGroup package var lastGood: LastGoodOptions
    @OptionGroup package var options: AuthorityActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try AuthorityAct(self.options, in: context)
        let key = try act.key(of: self.member)
        let role = try act.home.records.role(self.role, in: act.space.id)
        let good = try self.lastGood.value(of: act.space, act.home.records)
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.take(role.id, from: key, lastGood: good, in: act.space.id, at: now)
        }
        try await act.conclude(
            op, "take", ["member": .string(PeerID(key).description), "role": .string(role.id.hex)])
    }
}

/// Permissions as they are typed: names, separated by commas; nothing for none.
package struct PermissionList: ExpressibleByArgument, Equatable, Sendable {
    package var permissions: Permissions

    package init?(argument: String) {
        var permissions: Permissions = []
        for name in argument.split(separator: ",") {
            guard let known = Permissions.names.first(where: { $0.name == name }) else { return nil }
            permissions.insert(known.permission)
        }
        self.permissions = permissions
    }
}
