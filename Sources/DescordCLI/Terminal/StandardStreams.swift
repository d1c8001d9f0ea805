import Glibc

/// The three streams of a process as the system has them.
package enum StandardStreams {
    /// The most that is read of a stream at once.
    private static let chunkSize = 65_536

    /// Makes sure that descriptors 0 to 2 are taken, so that no file that we open becomes our standard
    /// output.
    ///
    /// A stream that the caller closed reads as empty, and writing to it fails as it would have.
    package static func reserve() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 {
            _ = Glibc.open("/dev/null", O_RDONLY)
        }
    }

    /// Closes every descriptor but the three streams in programs that we start: what the caller left open for
    /// us, a passphrase's above all, is not theirs. What we open ourselves is marked when it is opened.
    package static func keepOthersFromChildren() { _ = self.othersAreKept }

    private static let othersAreKept: Bool = {
        let limit = max(0, min(sysconf(Int32(_SC_OPEN_MAX)), StandardStreams.inheritedMax))
        for descriptor in 3..<Int32(max(3, limit)) {
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0, flags & FD_CLOEXEC == 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
        }
        return true
    }()

    /// Descriptors that are looked at: no shell leaves a file open above these.
    private static let inheritedMax = 4_096

    /// Whether the descriptor is a terminal.
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Writes all of `bytes`, returning 0 or the error number.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: buffer[offset...]).baseAddress,
                    buffer.count - offset)
            }
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    /// Reads a descriptor to its end, or until more than `limit` bytes came: the result is then longer than
    /// it.
    package static func read(_ descriptor: Int32, limit: Int) throws(CommandError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: self.chunkSize)
        while bytes.count <= limit {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes += chunk[..<count]
            } else if count == 0 {
                return bytes
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&entry, 1, -1)
            } else if errno != EINTR {
                throw CommandError(
                    .inputOutput, .inputOutput, "cannot read standard input: \(SystemText.error(errno))")
            }
        }
        return bytes
    }
}

/// A pipe by which one thread wakes another one that waits in `poll`.
enum WakePipe {
    /// Makes the two ends, closed in child processes; the writing one never blocks.
    static func open(_ ends: inout [Int32]) -> Bool {
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0
    }
}

/// Texts of the operating system.
package enum SystemText {
    /// Returns what an error number means.
    package static func error(_ number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text)
    }
}
