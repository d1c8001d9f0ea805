import DescordCore
import Foundation
import Glibc

/// Reads an exported space line by line; what is wrong is said with the number of its line.
final class ArchiveReader {
    private let lines: LineReader
    private let descriptor: Int32
    /// The number of the line that was read last, from 1.
    private(set) var number = 0

    /// Opens a file, or standard input for `-`.
    init(_ path: String, inputIsTaken: Bool) throws(CommandError) {
        if path == "-" {
            guard !inputIsTaken else {
                throw CommandError(.usage, .usage, "standard input holds the commands here; name a file")
            }
            self.descriptor = 0
        } else {
            self.descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard self.descriptor >= 0 else {
                throw CommandError(
                    errno == ENOENT ? .badInput : .inputOutput,
                    errno == ENOENT ? .unknownReference : .inputOutput,
                    "cannot read \"\(path)\": \(SystemText.error(errno))")
            }
        }
        self.lines = LineReader(descriptor: self.descriptor)
    }

    deinit {
        if self.descriptor > 0 { close(self.descriptor) }
    }

    /// Reads the first line.
    func header() async throws(CommandError) -> ArchiveLine.Header {
        guard let line = try await self.line(),
            let header = try? JSONDecoder().decode(ArchiveLine.Header.self, from: Data(line.utf8))
        else {
            throw self.corrupt("it is no header of an exported space")
        }
        guard header.version == ArchiveLine.version else {
            throw CommandError(
                .badInput, .corruptImport,
                "the file is of format \(header.version), and this descord knows \(ArchiveLine.version)",
                hint: "use the descord that wrote it, or a newer one")
        }
        return header
    }

    /// Reads and verifies the next operation of the header's space; nil at the end.
    func next(of space: SpaceID) async throws(CommandError) -> DescordCore.Operation? {
        guard let line = try await self.line() else { return nil }
        do {
            let operation = try ArchiveLine.operation(line)
            guard operation.space == space else { throw self.corrupt("the operation is of another space") }
            return operation
        } catch let failure as ArchiveLine.Failure {
            throw self.corrupt(failure.text)
        } catch let error as CommandError {
            throw error
        } catch {
            preconditionFailure("nothing else is thrown")
        }
    }

    /// Explains what is wrong with the line that was read last.
    func corrupt(_ what: String) -> CommandError {
        CommandError(
            .badInput, .corruptImport, "line \(self.number) is damaged: \(what)",
            hint: "export it again; a download may have been cut")
    }

    private func line() async throws(CommandError) -> String? {
        self.number += 1
        do throws(CommandError) {
            return try await self.lines.next()
        } catch {
            throw self.corrupt(
                error.code == .notUTF8
                    ? "it is no text" : "it is longer than \(LineReader.maxLineSize) bytes")
        }
    }
}
