import ArgumentParser
import DescordCore
import DescordStore

/// `descord files get`
package struct FilesGetCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Fetch the files of a message, and write them to disk.",
        discussion: """
            What is not here is fetched from members that have it. Each file is written under its author's \
            name for it, or file- and its hash when that is not a plain name, in the current folder; its \
            path is printed. Nothing is replaced without --force. The exit code is 75 when no member that \
            was reached has a file.
            """)

    @Argument(help: "The beginning of a message's id.") package var op: String
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Write to this file, or into this folder; - is standard output.", valueName: "path"),
        completion: .file())
    package var output: String?
    @Flag(help: "Replace what is there.") package var force = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let records = try context.home().records
        let (op, space, files) = try records.files(of: self.op)
        let references = files.map(\.reference)
        let outputs = try self.outputs(of: references)
        try await self.fetch(files, of: op, in: space, records, context)
        var missing: [FileReference] = []
        for (file, output) in zip(references, outputs) {
            guard let bytes = try records.bytes(of: file) else {
                missing.append(file)
                continue
            }
            try output.write(bytes, of: file)
            guard let path = output.path else { continue }
            try context.output.result(
                [
                    "op": .string(op.hex), "name": .string(file.name), "path": .string(path),
                    "size": .integer(Int64(file.size)), "hash": .string(file.hash.hex),
                ], path)
        }
        guard let first = missing.first else { return }
        throw CommandError(
            .tryLater, .notFetched,
            missing.count == 1
                ? "no member that was reached has \"\(first.name)\""
                : "no member that was reached has \(missing.count) of the files",
            hint: "try again when a member who has it listens; --timeout gives a slow one more time")
    }

    /// Where each file goes.
    private func outputs(of files: [FileReference]) throws(CommandError) -> [FileOutput] {
        guard !files.isEmpty else {
            throw CommandError(
                .badInput, .noFiles, "the message has no files", hint: "descord log --json shows which have")
        }
        let names = SafeFileName.of(files)
        guard let output else { return names.map { FileOutput(path: $0, replaces: self.force) } }
        if output != "-", FileOutput.isFolder(output) {
            let folder = output.hasSuffix("/") ? output : output + "/"
            return names.map { FileOutput(path: folder + $0, replaces: self.force) }
        }
        guard files.count == 1 else {
            throw CommandError(
                .badInput, .badFile, "the message has \(files.count) files, and \"\(output)\" is no folder",
                hint: "name a folder with -o")
        }
        return [FileOutput(path: output == "-" ? nil : output, replaces: self.force)]
    }

    /// Has the network fetch what is not here.
    private func fetch(
        _ files: [FileRow], of op: OperationID, in space: SpaceID, _ records: Records,
        _ context: CommandContext
    ) async throws {
        let missing = files.filter { !$0.isHeld }.map(\.reference)
        guard let first = missing.first else { return }
        guard try records.hasRoom(for: first, in: space) else {
            throw CommandError(StoreError.filesFull, database: records.store.home.databasePath)
        }
        let session = try await context.session(.oneShot)
        try await session.fetchFiles(of: op, deadline: context.deadline)
    }
}
