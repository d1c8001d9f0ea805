import DescordCore
import DescordCrypto
import DescordStore
import Glibc
import LibP2PCore

/// The right to be the one process that moves a cursor: an advisory lock (`flock`) on a file in `run/`.
///
/// The kernel releases it when the process ends, however it ends. Who comes second is told to try later, for
/// a job of cron that starts before the last one has ended has nothing to do.
package final class CursorLock {
    private let descriptor: Int32

    /// Takes the lock of a cursor; 75 when somebody holds it.
    package init(_ key: CursorKey, of home: Home) throws(CommandError) {
        do {
            try HomeFiles.makeDirectory(home.runPath)
        } catch {
            throw CommandError(error)
        }
        let path = Self.path(key, of: home)
        self.descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard self.descriptor >= 0 else {
            throw CommandError(HomeFailure.system(operation: "open", path: path, code: errno))
        }
        guard flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandError(
                .tryLater, .cursorBusy, "another process follows with the cursor \"\(key.name)\"",
                hint: "let it end first, or take another name")
        }
    }

    deinit {
        if self.descriptor >= 0 { close(self.descriptor) }
    }

    /// Hashed, because a name of 64 letters can be longer than a file's name may be.
    private static func path(_ key: CursorKey, of home: Home) -> String {
        var hash = SHA256()
        for part in [Array(key.name.utf8), key.space.bytes, key.channel?.bytes ?? []] {
            hash.update(Varint.encode(UInt64(part.count)))
            hash.update(part)
        }
        return "\(home.runPath)/cursor-\(Multibase.hex(hash.finalize().prefix(16))).lock"
    }
}
