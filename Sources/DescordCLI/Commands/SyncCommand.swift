import ArgumentParser
import DescordCore
import DescordNode

/// `descord sync`
package struct SyncCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Exchange what is missing with every member who is there.",
        discussion: """
            Delivers what is queued, and fetches what others have. The exit code is 75 when there are \
            other members and none of them answered, or none of those who did handed over all that it has.
            """)

    @Argument(help: "A name or the beginning of an id; else every space.", completion: Completions.spaces)
    package var space: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let space = try self.space.map { reference throws(CommandError) in
            try References(home.records, environment: context.surroundings.environment).space(reference).id
        }
        let session = try await context.session(.oneShot)
        let deadline = context.deadline
        let outcome = try await ReceivingProgress.during(session, context) {
            try await session.sync(space, deadline: deadline)
        }
        let names = try home.records.spaces()
        for report in outcome.reports {
            try self.show(report, name: names.first { $0.id.hex == report.space }?.shownName, context.output)
        }
        let spaces = Dictionary(grouping: outcome.reports, by: \.space)
        guard spaces.values.allSatisfy({ $0.contains(where: \.completed) }) else {
            throw CommandError(
                .tryLater, .notFetched, "no member handed over all that it has",
                hint: "what came is kept; run it again")
        }
        guard outcome.reports.isEmpty else { return }
        guard outcome.unanswered.isEmpty else {
            throw CommandError(
                .tryLater, .noPeers, "no other member answered",
                hint: "try again when one listens, or name one with --connect MULTIADDR")
        }
        context.output.note(names.isEmpty ? "this home holds no space" : "there is no other member yet")
    }

    private func show(_ report: DescordNode.SyncReport, name: String?, _ output: Output) throws(CommandError)
    {
        let who = output.foreign(name ?? String(report.space.prefix(8))) + "  …" + report.peer.suffix(8)
        try output.result(
            [
                "space": .string(report.space), "peer": .string(report.peer),
                "sent": .integer(Int64(report.sent)),
                "received": .integer(Int64(report.received)),
                "round_trips": .integer(Int64(report.roundTrips)),
                "bytes": .integer(Int64(report.bytes)), "completed": .bool(report.completed),
            ],
            "\(who)  sent \(report.sent)  received \(report.received)  "
                + "\(Count.text(report.roundTrips, "round trip"))  \(Count.bytes(report.bytes))"
                + (report.completed ? "" : "  (not finished)"))
    }
}
