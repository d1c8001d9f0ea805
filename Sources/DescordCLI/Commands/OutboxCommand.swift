import ArgumentParser
import DescordCore

/// `descord outbox`
package struct OutboxCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Look at what waits for other members.",
        subcommands: [OutboxListCommand.self, OutboxRetryCommand.self, OutboxDropCommand.self])

    package init() {}
}

/// `descord outbox list`
package struct OutboxListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what no other member has stored yet, oldest first.")

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        try OutboxText.show(try context.home().records, context.output) { _ in true }
    }
}

/// `descord outbox retry`
package struct OutboxRetryCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try to deliver now; then list what still waits.")

    @Argument(help: "The beginning of an operation's id; else all.") package var op: [String] = []
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let references = References(home.records, environment: context.surroundings.environment)
        var rows: [OutboxRow] = []
        for reference in self.op { rows.append(try references.queued(reference)) }
        if self.op.isEmpty { rows = try home.records.outbox() }
        guard !rows.isEmpty else {
            context.output.note("nothing is queued")
            return
        }
        try home.records.retryOutbox(rows.map(\.op))
        let session = try await context.session(.oneShot)
        for space in Set(rows.map(\.space)).sorted() {
            let ops = rows.filter { $0.space == space }.map(\.op)
            _ = try await session.publish(ops, in: space, wait: 1, deadline: context.deadline)
        }
        let chosen = Set(rows.map(\.op))
        let left = try OutboxText.show(home.records, context.output) { chosen.contains($0) }
        guard left == 0 else {
            throw CommandError(
                .tryLater, .notStored, "\(Count.text(left, "operation")) of \(rows.count) still queued",
                hint: "try again when a member listens")
        }
    }
}

/// `descord outbox drop`
package struct OutboxDropCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Stop trying to deliver; the messages stay in the history.")

    @Argument(help: "The beginning of an operation's id.") package var op: [String] = []
    @Flag(help: "Everything that is queued.") package var all = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package mutating func validate() throws {
        guard self.all != !self.op.isEmpty else {
            throw ValidationError("give the operations to drop, or --all")
        }
    }

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let references = References(home.records, environment: context.surroundings.environment)
        var rows: [OutboxRow] = self.all ? try home.records.outbox() : []
        for reference in self.op { rows.append(try references.queued(reference)) }
        for row in rows {
            try home.records.dropOutbox([row.op])
            if context.output.isJSON { try context.output.emit(OutboxText.object(row)) }
        }
        context.output.note("dropped \(Count.text(rows.count, "operation"))")
    }
}

/// Queued operations as objects and as text.
enum OutboxText {
    static func object(_ row: OutboxRow) -> JSONValue {
        [
            "op": .string(row.op.hex), "space": .string(row.space.hex),
            "attempts": .integer(Int64(row.attempts)),
            "last_error": .optional(row.lastError),
        ]
    }

    /// Shows those that fit, and returns how many they are.
    @discardableResult
    static func show(
        _ records: Records, _ output: Output, where fits: (OperationID) -> Bool
    ) throws(CommandError) -> Int {
        let rows = try records.outbox().filter { fits($0.op) }
        let names = try records.spaces()
        var table = TextTable()
        for row in rows {
            if output.isJSON {
                try output.emit(self.object(row))
            } else {
                let space = names.first { $0.id == row.space }?.shownName ?? Short.id(row.space)
                table.add(
                    String(row.op.hex.prefix(16)), output.foreign(space), Count.text(row.attempts, "attempt"),
                    output.foreign(row.lastError ?? ""))
            }
        }
        for line in table.lines { try output.line(line) }
        return rows.count
    }
}
