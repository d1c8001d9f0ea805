import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// `descord space kick`
package struct SpaceKickCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "kick", abstract: "Remove a member from a space.",
        discussion: """
            Needs the permission to kick, and a rank above the member's. What the member wrote after the \
            operation that is named as its last good one, or beside it, is void. A ticket never brings a \
            removed member back; granting a role does.
            """)

    @Argument(help: "A peer id, or its end.", completion: Completions.members) package var member: String
    @Option(help: "Why; everybody can read it.") package var reason: String?
    @OptionGroup package var lastGood: LastGoodOptions
    @OptionGroup package var options: AuthorityActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try AuthorityAct(self.options, in: context)
        let key = try act.key(of: self.member)
        let good = try self.lastGood.value(of: act.space, act.home.records)
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.kick(key, lastGood: good, reason: self.reason, in: act.space.id, at: now)
        }
        try await act.conclude(op, "kick", ["member": .string(PeerID(key).description)])
    }
}

/// `descord space ban`
package struct SpaceBanCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ban", abstract: "Remove somebody from a space, and keep the key out.",
        discussion: """
            Needs the permission to ban, and a rank above the member's. Also bans a key that was never a \
            member, by its whole peer id.
            """)

    @Argument(help: "A peer id, or its end.", completion: Completions.members) package var member: String
    @Option(help: "Why; everybody can read it.") package var reason: String?
    @OptionGroup package var lastGood: LastGoodOptions
    @OptionGroup package var options: AuthorityActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try AuthorityAct(self.options, in: context)
        let key = try act.key(of: self.member)
        let good = try self.lastGood.value(of: act.space, act.home.records)
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.ban(key, lastGood: good, reason: self.reason, in: act.space.id, at: now)
        }
        try await act.conclude(op, "ban", ["member": .string(PeerID(key).description)])
    }
}

/// `descord space unban`
package struct SpaceUnbanCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "unban", abstract: "Lift the bans of a key.",
        discussion: """
            Makes nobody a member again: grant a role for that (descord space role grant MEMBER member). \
            Who never was a member can join with a ticket.
            """)

    @Argument(help: "The peer id.") package var member: String
    @OptionGroup package var options: AuthorityActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try AuthorityAct(self.options, in: context)
        let key = try act.key(of: self.member)
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.unban(key, in: act.space.id, at: now)
        }
        try await act.conclude(op, "unban", ["member": .string(PeerID(key).description)])
    }
}

/// `descord space mute`
package struct SpaceMuteCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "mute", abstract: "Keep a member from posting and reacting, or let it again.",
        discussion: "Needs the permission to moderate, and a rank above the member's.")

    @Argument(help: "A peer id, or its end.", completion: Completions.members) package var member: String
    @Flag(help: "Lift the mutes of the member.") package var lift = false
    @OptionGroup package var lastGood: LastGoodOptions
    @OptionGroup package var options: AuthorityActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try AuthorityAct(self.options, in: context)
        let key = try act.key(of: self.member)
        let good = try self.lastGood.value(of: act.space, act.home.records)
        let op = try act.home.records.write(now: context.now) { store, now throws(StoreError) in
            try store.mute(key, isLifted: self.lift, lastGood: good, in: act.space.id, at: now)
        }
        try await act.conclude(
            op, self.lift ? "unmute" : "mute", ["member": .string(PeerID(key).description)])
    }
}
