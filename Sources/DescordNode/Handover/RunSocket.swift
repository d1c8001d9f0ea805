import Glibc
import NIOCore

/// Names the hand-over socket through its folder.
///
/// A Unix socket's address holds 107 bytes and homes can be deeper, so both sides open the folder and say
/// `/proc/self/fd/N/node.sock`. The folder is 0700 and ours, which keeps other users from putting a socket
/// there.
final class RunSocket: Sendable {
    /// The socket's name in the run folder.
    static let name = "node.sock"

    /// The address to bind or connect.
    let path: String
    private let folder: Int32

    /// Opens `folder`; nil when it cannot be opened.
    init?(folder: String, name: String) {
        self.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard self.folder >= 0 else { return nil }
        self.path = "/proc/self/fd/\(self.folder)/\(name)"
    }

    deinit {
        if self.folder >= 0 { close(self.folder) }
    }

    /// Removes the socket; only the lock's holder may.
    func unlink() {
        _ = Glibc.unlink(self.path)
    }

    /// Makes the socket ours alone.
    func restrict() {
        _ = chmod(self.path, 0o600)
    }

    /// Returns whether the process at the other end of `channel` runs as `user`.
    static func isPeer(of channel: any Channel, _ user: uid_t) -> EventLoopFuture<Bool> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(false)
        }
        let credentials: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED))
        return credentials.map { $0.user == user }
    }

    /// The kernel's `struct ucred`, which Glibc's module hides.
    private struct PeerCredentials: Sendable {
        var process: pid_t
        var user: uid_t
        var group: gid_t
    }
}
