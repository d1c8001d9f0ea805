import ArgumentParser
import DescordCore
import DescordStore

/// `descord files`
package struct FilesCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "files", abstract: "Get the files of a message.",
        subcommands: [FilesListCommand.self, FilesGetCommand.self])

    package init() {}
}

/// `descord files list`
package struct FilesListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the files of a message, and whether they are here.")

    @Argument(help: "The beginning of a message's id.") package var op: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let (op, _, files) = try context.home().records.files(of: self.op)
        let output = context.output
        var table = TextTable()
        for file in files {
            if output.isJSON {
                try output.emit([
                    "op": .string(op.hex), "name": .string(file.reference.name),
                    "size": .integer(Int64(file.reference.size)), "hash": .string(file.reference.hash.hex),
                    "held": .bool(file.isHeld),
                ])
            }
            table.add(
                String(file.reference.hash.hex.prefix(8)), String(file.reference.size),
                file.isHeld ? "here" : "elsewhere", output.foreign(file.reference.name))
        }
        guard !output.isJSON else { return }
        for line in table.lines { try output.line(line) }
    }
}
