import ArgumentParser
import DescordCore
import DescordNode

/// `descord space join`
package struct SpaceJoinCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Join a space by a ticket, or a public one by its id.",
        discussion: "Returns when the space is readable. Give - to read the ticket from standard input.")

    @Argument(help: "A ticket, - for standard input, or the 64 digits of a public space.")
    package var ticket: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        _ = try context.home()
        var text = self.ticket
        if text == "-" {
            text = try TextInput(context).standardInput(limit: Ticket.maxTextSize)
        }
        let target = try Self.target(text)
        let session = try await context.session(.oneShot)
        let deadline = context.deadline
        let outcome = try await ReceivingProgress.during(session, context) {
            try await session.join(target, deadline: deadline)
        }
        switch outcome {
        case .joined(let report): try Self.show(report, context.output)
        case .admittedNotFetched(let report):
            try Self.show(report, context.output)
            throw CommandError(
                .tryLater, .notFetched, "you are a member, but not everything was fetched",
                hint: "descord sync")
        case .unreachable:
            throw CommandError(
                .unavailable, .noPeers, "nobody who could admit you was reached; the ticket stays good",
                hint: "try again when a member listens, or name one with --connect MULTIADDR")
        case .refused(let refusal): throw Self.explain(refusal)
        }
    }

    private static func target(_ text: String) throws(CommandError) -> JoinTarget {
        let trimmed = text.filter { !$0.isWhitespace }
        if let space = SpaceID(hex: trimmed) { return .space(space) }
        do {
            return .ticket(try Ticket(parsing: text))
        } catch {
            switch error {
            case .notATicket:
                throw CommandError(
                    .badInput, .damagedTicket, "this is neither a ticket nor the 64 digits of a space",
                    hint: "a ticket begins with descord1")
            case .damaged:
                throw CommandError(
                    .badInput, .damagedTicket, "the ticket is damaged: characters are missing or changed",
                    hint: "copy it again, whole")
            case .unsupportedVersion:
                throw CommandError(
                    .badInput, .damagedTicket, "the ticket was made by a newer descord",
                    hint: "install a newer one")
            }
        }
    }

    private static func show(_ report: JoinReport, _ output: Output) throws(CommandError) {
        let name = try? SpaceName(parsing: report.name).text  // a bad name is shown by the id
        if output.isJSON {
            try output.emit([
                "space": .string(report.space), "name": .optional(name),
                "ops_received": .integer(Int64(report.operationsReceived)),
                "peers": .integer(Int64(report.peers)),
            ])
        } else {
            try output.line(report.space)
            output.note(
                "joined \"\(name ?? report.space)\": "
                    + Count.text(report.operationsReceived, "operation") + " from "
                    + Count.text(report.peers, "member"))
        }
    }

    private static func explain(_ refusal: JoinRefusal) -> CommandError {
        let ask = "ask a member for another ticket"
        return switch refusal {
        case .expired: CommandError(.notPermitted, .ticketExpired, "the ticket has expired", hint: ask)
        case .usedUp: CommandError(.notPermitted, .ticketUsedUp, "the ticket is used up", hint: ask)
        case .revoked: CommandError(.notPermitted, .ticketRevoked, "the ticket was revoked", hint: ask)
        case .banned: CommandError(.notPermitted, .banned, "this key is not admitted to the space")
        case .unknown:
            CommandError(
                .notPermitted, .ticketRefused,
                "the members that were reached know neither the space nor the ticket",
                hint: ask)
        }
    }
}
