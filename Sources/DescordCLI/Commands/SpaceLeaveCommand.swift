import ArgumentParser
import DescordCore

/// `descord space leave`
package struct SpaceLeaveCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Leave a space.")

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let row = try References(home.records, environment: context.surroundings.environment).space(
            self.space)
        if context.surroundings.isInteractive,
            TerminalPrompt.confirms("Leave \"\(TerminalText.clean(row.shownName))\"?") != true
        {
            throw CommandError(.notPermitted, .notPermitted, "the space was not left")
        }
        let hasOthers = try home.records.hasMetOthers(in: row.id)
        let op = try home.records.leave(row.id, now: context.now)
        var told = 0
        if hasOthers {
            let session = try await context.session(.oneShot)
            let outcome = try await session.publish([op], in: row.id, wait: 1, deadline: context.deadline)
            told = outcome.storedBy[op] ?? 0
            if told == 0 {
                context.output.warn(
                    CommandWarning(
                        .leaveQueued, "no other member has heard it yet; it is queued",
                        hint: "descord sync, or any other command that meets a member, delivers it"))
            }
        } else {
            await context.surroundings.network.notifyRunningNode(of: [op], in: row.id, home: home)
        }
        if context.output.isJSON {
            try context.output.emit([
                "space": .string(row.id.hex), "name": .optional(row.name), "op": .string(op.hex),
                "stored_by": .integer(Int64(told)),
            ])
        } else {
            context.output.note("left \"\(row.shownName)\"")
        }
    }
}
