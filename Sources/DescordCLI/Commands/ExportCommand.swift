import ArgumentParser
import DescordCore
import DescordStore

/// `descord export`
package struct ExportCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a space's signed operations to a file.",
        discussion: """
            One JSON object a line: the first names the format, the space and how many operations follow; \
            each further one has an operation's id (op) and its signed bytes in base64 (data), after \
            everything that it links to. Who has the file can read the space and check every signature \
            (descord verify); a member can take it in (descord import).
            """)

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"),
        completion: .file())
    package var output: String?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let space = try References(home.records, environment: context.surroundings.environment).space(
            self.space)
        let path = self.output == "-" ? nil : self.output
        let file = try ArchiveFile(path)
        let progress = Progress(context)
        var (count, expected) = (0, 0)
        do {
            try home.store.archive(space.id) { part in
                switch part {
                case .beginning(_, let total):
                    expected = total
                    try file.write(
                        ArchiveLine.Header(space: space.id, name: space.name, count: total).line)
                case .operation(let operation):
                    count += 1
                    try file.write(ArchiveLine.line(operation))
                    progress?.show("exported \(count) of \(expected) operations")
                }
            }
            try file.finish()
        } catch let failure as StoreError {
            throw CommandError(failure, database: home.store.home.databasePath)
        }
        progress?.clear()
        if let path, context.output.isJSON {
            try context.output.emit([
                "space": .string(space.id.hex), "name": .optional(space.name),
                "operations": .integer(Int64(count)), "file": .string(path),
            ])
        } else {
            context.output.note("exported \(Count.text(count, "operation"))")
        }
    }
}
