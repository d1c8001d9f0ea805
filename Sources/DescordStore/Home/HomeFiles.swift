import Glibc

/// Files and directories of a home, by system calls, because modes and syncing matter.
package enum HomeFiles {
    /// Makes a directory and those above it, 0700; existing ones stay as they are.
    package static func makeDirectory(_ path: String) throws(HomeFailure) {
        if mkdir(path, 0o700) == 0 { return }
        switch errno {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR
            else { throw .system(operation: "mkdir", path: path, code: ENOTDIR) }
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex
            else { throw .system(operation: "mkdir", path: path, code: ENOENT) }
            try self.makeDirectory(String(path[..<slash]))
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw self.failure("mkdir", path) }
        default: throw self.failure("mkdir", path)
        }
    }

    /// Reads a file of at most `limit` bytes, and returns its permission bits with it.
    package static func read(_ path: String, limit: Int) throws(HomeFailure) -> (bytes: [UInt8], mode: UInt32)
    {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.failure("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw self.failure("stat", path) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + count, limit - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw self.failure("read", path) }
            if got == 0 { break }
            count += got
        }
        return (Array(bytes.prefix(count)), status.st_mode & 0o7777)
    }

    /// Writes a file of mode 0600 so that after a power cut the old one, the new one or none is there, never
    /// a part: a temporary file made anew, synced, renamed (or linked, when nothing may be replaced).
    package static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws(HomeFailure) {
        let temporary = "\(path).new-\(getpid())"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure("open", temporary) }
        do throws(HomeFailure) {
            defer { close(descriptor) }
            try self.writeAll(bytes, descriptor, temporary)
            guard fsync(descriptor) == 0 else { throw self.failure("fsync", temporary) }
        } catch {
            unlink(temporary)
            throw error
        }
        defer { unlink(temporary) }
        if replacing {
            guard rename(temporary, path) == 0 else { throw self.failure("rename", path) }
        } else if link(temporary, path) != 0 {
            if errno == EEXIST { throw .identityExists(path: path) }
            throw self.failure("link", path)
        }
        try self.syncDirectory(of: path)
    }

    /// Gives a file a second name, `PATH.old-N`, that nothing has, and returns it.
    static func keepAside(_ path: String) throws(HomeFailure) -> String {
        for number in 1...10_000 {
            let kept = "\(path).old-\(number)"
            if link(path, kept) == 0 { return kept }
            guard errno == EEXIST else { throw self.failure("link", kept) }
        }
        throw .system(operation: "link", path: path, code: EEXIST)
    }

    /// Whether a file is there and holds anything.
    static func hasContent(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_size > 0
    }

    /// Makes an empty file of mode 0600 unless there is one.
    static func touch(_ path: String) throws(HomeFailure) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure("open", path) }
        close(descriptor)
    }

    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(HomeFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw self.failure("write", path) }
            written += count
        }
    }

    private static func syncDirectory(of path: String) throws(HomeFailure) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.failure("open", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw self.failure("fsync", directory) }
    }

    private static func failure(_ operation: String, _ path: String) -> HomeFailure {
        .system(operation: operation, path: path, code: errno)
    }
}
