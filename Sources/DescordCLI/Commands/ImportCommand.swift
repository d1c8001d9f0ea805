import ArgumentParser
import DescordCore
import DescordStore

/// `descord import`
package struct ImportCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take in an exported space that this home is a member of.",
        discussion: """
            Every operation is verified and judged as one that a member sent, within the same budgets. \
            What is stored already is passed over, so that an import that was interrupted goes on when it is \
            run again; a damaged line ends it with 65, and everything before it stays.

            A home that lost its database and kept its key gets its spaces back this way: the file itself \
            shows that it is a member. A space that this home is no member of is not taken (77), a public \
            one neither: join it first.
            """)

    @Argument(help: "A file, or - for standard input.", completion: .file()) package var file: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let reader = try ArchiveReader(self.file, inputIsTaken: context.surroundings.inputIsTaken)
        let header = try await reader.header()
        do {
            let isHeld = try home.store.holds(header.space)
            if !isHeld { try home.store.beginJoin(header.space) }
            var importation = Importation(into: home.store)
            var failure: (any Error)?
            do {
                try await self.read(reader, header, &importation, Progress(context))
            } catch {
                failure = error
            }
            let isMember = try home.store.holds(header.space)
            if !isHeld, !isMember { try home.store.abandonJoin(header.space) }
            if let failure { throw failure }
            guard isMember else { throw Self.refusal(header.space, isPublic: importation.isPublic) }
            try self.conclude(importation, header, home, context.output)
        } catch let failure as StoreError {
            throw CommandError(failure, database: home.store.home.databasePath)
        }
    }

    /// Reads to the end or to the first damaged line; what was read before it is committed.
    private func read(
        _ reader: ArchiveReader, _ header: ArchiveLine.Header, _ importation: inout Importation,
        _ progress: Progress?
    ) async throws {
        var damage: CommandError?
        while true {
            do throws(CommandError) {
                guard let operation = try await reader.next(of: header.space) else { break }
                do throws(StoreError) {
                    if try importation.take(operation) {
                        progress?.show("imported \(importation.read) of \(header.count) operations")
                    }
                } catch {
                    throw CommandError(error)
                }
            } catch {
                damage = error
                break
            }
        }
        progress?.clear()
        try importation.commit()
        if let damage { throw damage }
        guard importation.read >= header.count else {
            throw CommandError(
                .badInput, .corruptImport,
                "the file ends after \(importation.read) of \(header.count) operations, which were taken",
                hint: "export it again; a download may have been cut")
        }
    }

    private func conclude(
        _ importation: Importation, _ header: ArchiveLine.Header, _ home: OpenHome, _ output: Output
    ) throws {
        let name = try home.records.spaces().first { $0.id == header.space }?.name
        try output.result(
            [
                "space": .string(header.space.hex), "name": .optional(name),
                "read": .integer(Int64(importation.read)), "stored": .integer(Int64(importation.stored)),
                "duplicates": .integer(Int64(importation.duplicates)),
                "waiting": .integer(Int64(importation.waiting)), "void": .integer(Int64(importation.void)),
                "ignored": .integer(Int64(importation.ignored)),
            ],
            "\(importation.stored) stored, \(importation.duplicates) known already"
                + (importation.waiting > 0 ? ", \(importation.waiting) waiting" : "")
                + (importation.void > 0 ? ", \(importation.void) void" : "")
                + (importation.ignored > 0 ? ", \(importation.ignored) not taken" : ""))
        guard importation.postponed > 0 else { return }
        throw CommandError(
            .tryLater, .overBudget,
            "\(Count.text(importation.postponed, "operation")) over what their authors may write for now",
            hint: "run it again later: it goes on where it ended")
    }

    private static func refusal(_ space: SpaceID, isPublic: Bool) -> CommandError {
        CommandError(
            .notPermitted, .notPermitted,
            "this home is no member of the space \(space.hex) and nothing of it was kept",
            hint: isPublic
                ? "descord space join \(space.hex)" : "ask a member for a ticket, and join with it")
    }
}
