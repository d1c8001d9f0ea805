import DescordCore
import DescordCrypto
import Foundation
import Glibc

/// The directory in which one identity keeps everything: `key`, `descord.db`, `config.json` and `run/`.
///
/// Directories that are made here are 0700, files 0600.
public struct Home: Hashable, Sendable {
    /// The absolute path of the directory.
    public let path: String

    /// The home in this directory, which need not exist.
    public init(path: String) {
        self.path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Finds the home: `option` (`--home`), `DESCORD_HOME`, `XDG_DATA_HOME/descord`,
    /// `~/.local/share/descord`.
    public static func locate(
        option: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(HomeFailure) -> Home {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let path = option ?? value("DESCORD_HOME") { return Home(path: path) }
        // The XDG specification has relative paths ignored.
        if let data = value("XDG_DATA_HOME"), data.hasPrefix("/") { return Home(path: data + "/descord") }
        guard let user = value("HOME") else { throw .noLocation }
        return Home(path: user + "/.local/share/descord")
    }

    /// The secrets.
    public var keyPath: String { self.path + "/key" }
    /// The database.
    public var databasePath: String { self.path + "/descord.db" }
    /// The settings that `config` writes.
    public var configPath: String { self.path + "/config.json" }
    /// The directory of what lives only while a node runs.
    public var runPath: String { self.path + "/run" }
    /// The name of the running node's socket in its directory, which is opened through the directory because
    /// whole paths can exceed what a socket's address holds.
    public static let socketName = "node.sock"
    /// The lock of the running node.
    public var lockPath: String { self.runPath + "/node.lock" }
    /// The running node's socket.
    public var socketPath: String { self.runPath + "/" + Self.socketName }

    /// Whether there is a key file.
    public var hasKey: Bool { access(self.keyPath, F_OK) == 0 }

    /// Makes the directory and `run/` inside it, 0700, with whatever is missing above it.
    public func create() throws(HomeFailure) {
        try HomeFiles.makeDirectory(self.path)
        try HomeFiles.makeDirectory(self.runPath)
    }

    /// Returns whether the key needs a passphrase.
    public func isKeyEncrypted() throws(HomeFailure) -> Bool {
        let bytes = try self.readKeyBytes()
        do { return try KeyFile.isEncrypted(bytes) } catch { throw .key(error) }
    }

    /// Reads and opens the key file, which nobody else may be able to read.
    public func readKey(passphrase: SecretBytes? = nil) throws(HomeFailure) -> KeyFile {
        var bytes = try self.readKeyBytes()
        defer { wipe(&bytes) }
        do { return try KeyFile(decoding: bytes, passphrase: passphrase) } catch { throw .key(error) }
    }

    /// Writes the key file; an existing one is kept as `key.old-N` when it is to be replaced, and refused
    /// otherwise.
    @discardableResult
    public func writeKey(
        _ key: KeyFile, passphrase: SecretBytes? = nil, replacing: Bool = false,
        derivation: KeyFile.Derivation = .interactive
    ) throws(HomeFailure) -> String? {
        try self.create()
        var bytes: [UInt8]
        do {
            bytes = try key.encoded(
                passphrase: passphrase, derivation: derivation, salt: Entropy.bytes(16),
                nonce: Entropy.bytes(24))
        } catch { throw .key(error) }
        defer { wipe(&bytes) }
        guard self.hasKey else {
            try HomeFiles.write(bytes, to: self.keyPath, replacing: false)
            return nil
        }
        guard replacing else { throw .identityExists(path: self.keyPath) }
        let kept = try HomeFiles.keepAside(self.keyPath)
        try HomeFiles.write(bytes, to: self.keyPath, replacing: true)
        return kept
    }

    private func readKeyBytes() throws(HomeFailure) -> [UInt8] {
        guard self.hasKey else { throw .noIdentity(path: self.keyPath) }
        let (bytes, mode) = try HomeFiles.read(self.keyPath, limit: KeyFile.size + 1)
        guard mode & 0o077 == 0 else { throw .looseMode(path: self.keyPath, mode: mode) }
        return bytes
    }
}
