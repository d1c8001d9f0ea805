import ArgumentParser
import DescordCore
import DescordStore

/// `descord db`
package struct DatabaseCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Check the database, or compute anew what follows from its operations.",
        subcommands: [DatabaseCheckCommand.self, DatabaseRebuildCommand.self])

    package init() {}
}

/// `descord db check`
package struct DatabaseCheckCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify every operation, and that all tables follow from them.",
        discussion: """
            Changes nothing. Every problem is a line on standard output, and the exit code is 74 when there \
            is one; descord db rebuild mends what is derived, and nothing mends a damaged operation but \
            fetching it again.
            """)

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let (count, problems) = try context.home().records.check()
        let output = context.output
        if output.isJSON {
            try output.emit([
                "operations": .integer(Int64(count)), "problems": problems.json,
            ])
        } else {
            for problem in problems { try output.line(output.foreign(problem)) }
            output.note(Count.text(count, "operation") + ", " + Count.text(problems.count, "problem"))
        }
        guard !problems.isEmpty else { return }
        throw CommandError(
            .inputOutput, .databaseUnreadable, "the database has \(Count.text(problems.count, "problem"))",
            hint: "descord db rebuild mends what follows from the operations")
    }
}

/// `descord db rebuild`
package struct DatabaseRebuildCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Compute anew everything that follows from the operations.",
        discussion: "In a sound database every table ends as it was, to the last byte.")

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let progress = Progress(context)
        let changed = try context.home().records.rebuild { done, total in
            progress?.show("judged \(done) of \(total) operations")
        }
        progress?.clear()
        if context.output.isJSON {
            try context.output.emit(["changed": .integer(Int64(changed))])
        } else {
            context.output.note(changed == 0 ? "nothing changed" : Count.text(changed, "row") + " changed")
        }
    }
}

/// `descord why`
package struct WhyCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say what became of an operation, and which others decided it.")

    @Argument(help: ArgumentHelp("The beginning of its id.", valueName: "op")) package var operation: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let found = try context.home().records.explain(self.operation)
        let output = context.output
        if output.isJSON {
            try output.emit([
                "op": .string(found.operation.id.hex), "space": .string(found.operation.space.hex),
                "kind": .string(found.operation.kind.name), "state": .string(found.state.name),
                "reasons": .array(
                    found.reasons.map {
                        ["text": .string($0.text), "op": .optional($0.operation?.hex)]
                    }),
            ])
            return
        }
        try output.line("\(Short.id(found.operation.id))  \(found.operation.kind.name): \(found.state.name)")
        for reason in found.reasons {
            try output.line("  " + reason.text + (reason.operation.map { ": \($0.hex)" } ?? ""))
        }
    }
}
