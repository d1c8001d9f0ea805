import DescordCore
import DescordCrypto
import Glibc
import LibP2PCore

/// The key file of a home: its mode, its passphrase, and writing it without ever losing one.
package struct KeyStore: Sendable {
    /// Where it is.
    package let path: String
    private let directory: String

    package init(_ home: HomeDirectory) {
        self.path = home.key
        self.directory = home.path
    }

    /// Whether there is an identity; what cannot be looked at is no reason to make another one.
    package func exists() throws(CommandError) -> Bool {
        var status = stat()
        if lstat(self.path, &status) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw CommandError(
                .inputOutput, .inputOutput, "cannot look at \"\(self.path)\": \(SystemText.error(errno))")
        }
        return false
    }

    /// Opens the identity: 78 when there is none, 77 when others can read it or it stays locked.
    package func open(_ passphrase: PassphraseSource) throws(CommandError) -> Ed25519.PrivateKey {
        let descriptor = Glibc.open(self.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR {
                throw CommandError(
                    .configuration, .noIdentity, "there is no identity in \"\(self.directory)\"",
                    hint: "descord keygen")
            }
            throw CommandError(
                .inputOutput, .inputOutput, "cannot read \"\(self.path)\": \(SystemText.error(errno))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw CommandError(
                .notPermitted, .keyFileMode, "others can read the key file \"\(self.path)\"",
                hint: "chmod 600 \(Self.quoted(self.path))")
        }
        var bytes = try StandardStreams.read(descriptor, limit: KeyFile.size)
        defer { wipe(&bytes) }
        do {
            guard try KeyFile.isEncrypted(bytes) else {
                return try KeyFile(decoding: bytes, passphrase: nil).privateKey
            }
        } catch {
            throw Self.explain(error, self.path)
        }
        guard let secret = try passphrase.passphrase(prompt: "Passphrase of \"\(self.path)\": ") else {
            throw Self.explain(.passphraseNeeded, self.path)
        }
        do {
            return try KeyFile(decoding: bytes, passphrase: secret).privateKey
        } catch {
            throw Self.explain(error, self.path)
        }
    }

    /// Writes a key file, 0600: complete and on the disk before it gets its name; an older one gets another name.
    package func write(
        _ file: KeyFile, passphrase: SecretBytes?, replacing: Bool, now: WallTime
    ) throws(CommandError) {
        var bytes: [UInt8]
        do {
            bytes = try file.encoded(
                passphrase: passphrase, salt: Entropy.bytes(16), nonce: Entropy.bytes(XChaCha20Poly1305.nonceSize))
        } catch {
            throw Self.explain(error, self.path)
        }
        defer { wipe(&bytes) }
        let temporary = "\(self.path).new-\(getpid())"
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw self.failure(errno) }
        var number = StandardStreams.write(bytes, to: descriptor)
        if number == 0, fsync(descriptor) != 0 { number = errno }
        close(descriptor)
        if number == 0 { number = self.install(temporary, replacing: replacing, now: now) }
        unlink(temporary)
        guard number != EEXIST else {
            throw CommandError(
                .notPermitted, .identityExists, "there is an identity already: \"\(self.path)\"",
                hint: "descord id shows it; descord keygen --force replaces it")
        }
        guard number == 0 else { throw self.failure(number) }
    }

    /// A link fails when the name is taken, so that two processes never overwrite each other's key.
    private func install(_ temporary: String, replacing: Bool, now: WallTime) -> Int32 {
        if replacing {
            let stamp = Timestamp.format(now).filter { $0.isNumber || $0 == "T" || $0 == "Z" }
            if rename(self.path, "\(self.path).old-\(stamp)") != 0, errno != ENOENT { return errno }
        }
        guard link(temporary, self.path) == 0 else { return errno }
        let directory = Glibc.open(self.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return errno }
        defer { close(directory) }
        return fsync(directory) == 0 ? 0 : errno
    }

    private func failure(_ number: Int32) -> CommandError {
        CommandError(
            .inputOutput, number == ENOSPC || number == EDQUOT ? .diskFull : .inputOutput,
            "cannot write \"\(self.path)\": \(SystemText.error(number))")
    }

    /// Turns what is wrong with a key file into what to do about it.
    static func explain(_ failure: KeyFileFailure, _ path: String) -> CommandError {
        switch failure {
        case .passphraseNeeded:
            CommandError(
                .notPermitted, .passphraseNeeded, "the key \"\(path)\" is encrypted, and there is nobody to ask",
                hint: "--passphrase-fd N, or DESCORD_PASSPHRASE_FILE")
        case .wrongPassphrase:
            CommandError(.notPermitted, .wrongPassphrase, "the passphrase does not open \"\(path)\"")
        case .outOfMemory:
            CommandError(
                .inputOutput, .inputOutput, "there is not enough memory to unlock \"\(path)\"",
                hint: "the key asks for as much as the parameters in the file say")
        case .unsupportedVersion(let version):
            CommandError(
                .configuration, .badKeyFile, "\"\(path)\" is of version \(version), which is newer than this descord",
                hint: "install a newer descord")
        case .notAKeyFile, .damaged, .excessiveParameters:
            CommandError(
                .configuration, .badKeyFile, "\"\(path)\" is not a sound key file",
                hint: "put a copy of it back; descord keygen --force makes another identity")
        }
    }

    /// The path as a shell takes it.
    static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                || "/._-+,@:".utf8.contains($0)
        }
        return isPlain ? path : "'" + path.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }
}
