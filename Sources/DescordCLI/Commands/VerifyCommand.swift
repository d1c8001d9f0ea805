import ArgumentParser
import DescordCore

/// `descord verify`
package struct VerifyCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check an exported space: signatures, ids, and that nothing is missing.",
        discussion: """
            Needs no identity and no home, and tells nobody. Every signature and id, the canonical form, the \
            space of every operation, that each comes after all that it links to with a later clock, and \
            that there are as many as the first line says. It does not judge who was permitted to write what.
            """)

    @Argument(help: "A file, or - for standard input.", completion: .file()) package var file: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package static var toleratesBadSettings: Bool { true }
    package static var needsProfile: Bool { false }
    package static var needsHome: Bool { false }

    package func run(in context: CommandContext) async throws {
        let reader = try ArchiveReader(self.file, inputIsTaken: context.surroundings.inputIsTaken)
        let header = try await reader.header()
        let progress = Progress(context)
        var check = ArchiveCheck()
        while let operation = try await reader.next(of: header.space) {
            if let wrong = check.take(operation) { throw reader.corrupt(wrong) }
            progress?.show("verified \(check.count) of \(header.count) operations")
        }
        progress?.clear()
        guard check.count == header.count else {
            throw CommandError(
                .badInput, .corruptImport,
                "the file holds \(check.count) operations and says \(header.count)",
                hint: "export it again; a download may have been cut")
        }
        try context.output.result(
            [
                "space": .string(header.space.hex), "operations": .integer(Int64(check.count)),
                "authors": .integer(Int64(check.authorCount)),
                "without_content": .integer(Int64(check.headerOnlyCount)),
            ],
            "\(Count.text(check.count, "operation")) by \(Count.text(check.authorCount, "author")) verified, "
                + "\(check.headerOnlyCount) without content")
    }
}
