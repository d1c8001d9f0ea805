import Glibc

/// Where an export goes: standard output, or a file that is there whole or not at all.
final class ArchiveFile {
    /// Bytes that are written at once.
    private static let bufferSize = 65_536

    private let path: String?
    private let temporary: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isFinished = false

    /// Opens standard output without a path; a file is made for its owner alone.
    init(_ path: String?) throws(CommandError) {
        self.path = path
        guard let path else {
            self.temporary = ""
            self.descriptor = 1
            return
        }
        self.temporary = "\(path).new-\(getpid())"
        self.descriptor = open(
            self.temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw Self.failure(errno, path) }
    }

    deinit {
        guard self.path != nil, self.descriptor >= 0 else { return }
        close(self.descriptor)
        if !self.isFinished { unlink(self.temporary) }
    }

    func write(_ object: JSONValue) throws(CommandError) {
        self.buffer += Array(object.line.utf8) + [UInt8(ascii: "\n")]
        if self.buffer.count >= Self.bufferSize { try self.flush() }
    }

    /// Writes what is left, and gives the file its name.
    func finish() throws(CommandError) {
        try self.flush()
        guard let path else { return }
        guard fsync(self.descriptor) == 0, rename(self.temporary, path) == 0 else {
            throw Self.failure(errno, path)
        }
        self.isFinished = true
    }

    private func flush() throws(CommandError) {
        let code = StandardStreams.write(self.buffer, to: self.descriptor)
        self.buffer.removeAll(keepingCapacity: true)
        guard code != 0 else { return }
        guard self.path != nil || code != EPIPE else {
            throw CommandError(.brokenPipe, .brokenPipe, "the reader of the output is gone")
        }
        throw Self.failure(code, self.path ?? "-")
    }

    private static func failure(_ code: Int32, _ path: String) -> CommandError {
        CommandError(
            .inputOutput, code == ENOSPC || code == EDQUOT ? .diskFull : .inputOutput,
            "cannot write \"\(path)\": \(SystemText.error(code))")
    }
}
