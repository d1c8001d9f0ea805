import DescordCore
import DescordCrypto
import Glibc
import LibP2PCore

/// Writes a file that was fetched: under its name it is there whole and right, or not at all.
///
/// Nothing that stands in the way is followed or replaced, unless replacing was asked for; a link is then
/// replaced itself, and not what it leads to.
struct FileOutput {
    /// Where it goes: `nil` is standard output.
    let path: String?
    let replaces: Bool

    /// Writes the bytes, after their hash was checked.
    func write(_ bytes: [UInt8], of file: FileReference) throws(CommandError) {
        guard bytes.count == file.size, FileHash(of: bytes) == file.hash else {
            throw CommandError(
                .inputOutput, .databaseUnreadable, "the stored file \(file.hash.hex) is damaged",
                hint: "descord db check")
        }
        guard let path else { return try self.writeOut(bytes) }
        // A name that nobody can know or left behind: a process id comes again, in containers soon.
        let temporary = Self.folder(of: path) + ".descord-\(Multibase.hex(Entropy.bytes(16)))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure(errno, path) }
        defer {
            close(descriptor)
            unlink(temporary)  // it has its name by then, or is of no use
        }
        let code = StandardStreams.write(bytes, to: descriptor)
        guard code == 0 else { throw self.failure(code, path) }
        guard fsync(descriptor) == 0 else { throw self.failure(errno, path) }
        // `link` never replaces what is there, not even a link that leads nowhere.
        guard (self.replaces ? rename(temporary, path) : link(temporary, path)) == 0 else {
            throw self.failure(errno, path)
        }
    }

    private func writeOut(_ bytes: [UInt8]) throws(CommandError) {
        let code = StandardStreams.write(bytes, to: 1)
        guard code != EPIPE else {
            throw CommandError(.brokenPipe, .brokenPipe, "the reader of the output is gone")
        }
        guard code == 0 else { throw self.failure(code, "-") }
    }

    /// The folder of a path with its final slash; empty for the current one.
    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// Whether a path leads to a folder.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private func failure(_ code: Int32, _ path: String) -> CommandError {
        if code == EEXIST {
            return CommandError(
                .inputOutput, .fileExists, "\"\(path)\" is there already",
                hint: "-o names another place, and --force replaces it")
        }
        return CommandError(
            .inputOutput, code == ENOSPC || code == EDQUOT ? .diskFull : .inputOutput,
            "cannot write \"\(path)\": \(SystemText.error(code))")
    }
}
