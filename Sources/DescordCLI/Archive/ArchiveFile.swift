import Glibc

/// Where an export goes: standard output, or a file that is there whole or not at all.
///
/// It is written under a name of its own, `FILE.new-PID`, and locked meanwhile. A process that is killed
/// leaves that one behind, without its lock, and the next export to the same file takes it away.
final class ArchiveFile {
    /// Bytes that are written at once.
    private static let bufferSize = 65_536
    /// How often a file is made that another export takes away at once: twice in a row is unheard of.
    private static let triesMax = 3

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
        Self.removeLeftovers(of: path)
        self.temporary = "\(path).new-\(getpid())"
        self.descriptor = Self.makeLocked(self.temporary)
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

    /// Makes a file that has no name yet, and locks it; returns its descriptor, or a negative number.
    private static func makeLocked(_ path: String) -> Int32 {
        var descriptor: Int32 = -1
        // Another export may take it for a leftover in the moment before it is locked.
        for _ in 0..<Self.triesMax {
            descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            var status = stat()
            guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0, fstat(descriptor, &status) == 0,
                status.st_nlink == 0
            else { break }
            close(descriptor)
        }
        return descriptor
    }

    /// Removes what exports to the same file left behind that were killed.
    private static func removeLeftovers(of path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let prefix = (slash.map { String(path[path.index(after: $0)...]) } ?? path) + ".new-"
        guard let listing = opendir(folder) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix(prefix), Int32(name.dropFirst(prefix.count)) != nil else { continue }
            let leftover = open(folder + name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard leftover >= 0 else { continue }
            if flock(leftover, LOCK_EX | LOCK_NB) == 0 { unlink(folder + name) }
            close(leftover)
        }
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
