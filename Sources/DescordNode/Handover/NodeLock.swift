import Glibc

/// The right to be the one node of a home: an advisory lock (`flock`) on `run/node.lock`.
///
/// Every invocation that wants the network either takes the lock or hands its work to the holder. The kernel
/// releases the lock when the holder ends, however it ends, so that a stale one cannot exist.
///
/// A value of the process: it holds a file descriptor and is confined to whoever made it.
package final class NodeLock {
    /// Why the lock could not even be tried.
    package struct Failure: Error {
        /// The file.
        package let path: String
        /// `errno`.
        package let code: Int32
    }

    private let descriptor: Int32
    /// Whether this process holds the lock.
    package private(set) var isHeld = false

    /// Opens the lock file without taking the lock.
    package init(path: String) throws(Failure) {
        self.descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if self.descriptor < 0 { throw Failure(path: path, code: errno) }
    }

    deinit {
        close(self.descriptor)
    }

    /// Takes the lock if nobody holds it; returns whether it is held now.
    package func tryAcquire() -> Bool {
        if !self.isHeld { self.isHeld = flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 }
        return self.isHeld
    }

    /// Gives the lock up; waiting invocations see the file close or a later change in the folder.
    package func release() {
        guard self.isHeld else { return }
        self.isHeld = false
        flock(self.descriptor, LOCK_UN)
    }
}

/// Reports changes in the folder that holds the lock and the socket, so that an invocation that found the
/// lock taken and no socket waits for the event instead of asking again and again.
package final class RunFolderWatch {
    private let descriptor: Int32

    /// Starts watching `folder`; nil when the kernel has no watches left.
    package init?(folder: String) {
        self.descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard self.descriptor >= 0 else { return nil }
        let mask = UInt32(IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_TO)
        guard inotify_add_watch(self.descriptor, folder, mask) >= 0 else { return nil }
    }

    deinit {
        if self.descriptor >= 0 { close(self.descriptor) }
    }

    /// Blocks until something changed or `milliseconds` passed; returns whether something changed.
    package func wait(milliseconds: Int32) -> Bool {
        var poller = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, milliseconds) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while read(self.descriptor, &buffer, buffer.count) > 0 {}
        return true
    }
}
