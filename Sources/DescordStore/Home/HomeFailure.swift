import DescordCore

/// Why a home cannot be used.
public enum HomeFailure: Error, Hashable, Sendable {
    /// No variable says where the home is.
    case noLocation
    /// There is no key file.
    case noIdentity(path: String)
    /// A key file is there already.
    case identityExists(path: String)
    /// The key file can be read by others; `mode` is its permission bits.
    case looseMode(path: String, mode: UInt32)
    /// The key file does not open.
    case key(KeyFileFailure)
    /// A system call failed.
    case system(operation: String, path: String, code: Int32)

    /// Whether nothing more fits on the disk.
    public var isFull: Bool {
        if case .system(_, _, let code) = self { return code == 28 || code == 122 }  // ENOSPC, EDQUOT
        return false
    }
}
