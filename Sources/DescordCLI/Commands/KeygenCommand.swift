import ArgumentParser
import DescordCore
import DescordCrypto
import DescordStore
import Glibc
import LibP2PCore

/// `descord keygen`
package struct KeygenCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make the identity of this home.",
        discussion: """
            One Ed25519 key a device: it signs what you write, and it is your peer id. With a passphrase \
            (from a descriptor, from the file that DESCORD_PASSPHRASE_FILE names, or asked for with \
            --passphrase) the key file is encrypted.
            """)

    @Flag(
        help: "Replace an identity, which is kept as key.old-…; refused while the home holds spaces."
    )
    package var force = false

    @Option(
        name: .customLong("import"),
        help: ArgumentHelp(
            "Take the key of this file: a descord key file or a libp2p private key.", valueName: "file"),
        completion: .file())
    package var importFile: String?

    @Flag(name: .customLong("passphrase"), help: "Ask for a passphrase at the terminal.")
    package var asksForPassphrase = false

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = context.directory
        if home.hasKey {
            guard self.force else { throw CommandError(HomeFailure.identityExists(path: home.keyPath)) }
            try self.checkReplacement(context)
        }
        let source = try context.passphrase()
        let imported = try self.importFile.map { path throws(CommandError) in
            try KeyImport.read(path, passphrase: source)
        }
        let passphrase = try self.passphrase(source)
        let file = imported ?? KeyFile.generate()
        do {
            try home.writeKey(file, passphrase: passphrase, replacing: self.force)
        } catch {
            throw CommandError(error)
        }
        try self.choosePort(home, file.privateKey)
        let key = file.privateKey.publicKey
        if passphrase == nil {
            context.output.warn(
                CommandWarning(
                    .keyNotEncrypted,
                    "the key is not encrypted: whoever can read \"\(home.keyPath)\" can write as you",
                    hint: "--passphrase-fd N encrypts it"))
        }
        let peer = PeerID(key)
        try context.output.result(
            [
                "peer_id": .string(peer.description), "public_key": .string(Multibase.hex(key.bytes)),
                "path": .string(home.keyPath), "encrypted": .bool(passphrase != nil),
            ], peer.description)
    }

    /// Makes the database, and remembers a port that is free now, so that addresses given out stay good.
    private func choosePort(_ home: Home, _ key: Ed25519.PrivateKey) throws(CommandError) {
        do {
            try Records(Store.open(home: home, key: key)).rememberPort(FreePort.choose)
        } catch let error as StoreError {
            throw CommandError(error, database: home.databasePath)
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.unexpected, .unexpected, "\(error)")
        }
    }

    private func passphrase(_ source: PassphraseSource) throws(CommandError) -> SecretBytes? {
        guard source.isNamed || self.asksForPassphrase else { return nil }
        guard let passphrase = try source.passphrase(prompt: "Passphrase for the new key: ") else {
            throw CommandError(
                .notPermitted, .passphraseNeeded, "there is no terminal to ask for a passphrase",
                hint: "--passphrase-fd N, or DESCORD_PASSPHRASE_FILE")
        }
        guard passphrase.count > 0 else {
            throw CommandError(
                .notPermitted, .passphraseNeeded, "the passphrase is empty",
                hint:
                    "without a passphrase option and DESCORD_PASSPHRASE_FILE the key is not encrypted"
            )
        }
        guard !source.isNamed else { return passphrase }
        let repeated = try source.passphrase(prompt: "The same again: ")
        guard let repeated, repeated.isEqual(to: passphrase) else {
            throw CommandError(.notPermitted, .wrongPassphrase, "the two passphrases differ")
        }
        return passphrase
    }

    /// An identity that spaces know cannot be thrown away by accident.
    private func checkReplacement(_ context: CommandContext) throws(CommandError) {
        if context.surroundings.isInteractive,
            TerminalPrompt.confirms("Replace the identity of \"\(context.directory.path)\"?") != true
        {
            throw CommandError(.notPermitted, .notPermitted, "nothing was replaced")
        }
        let home = context.directory
        guard access(home.databasePath, F_OK) == 0 else { return }
        // Looked at with a key that signs nothing, because the old one may not open any more.
        let records: Records
        do {
            records = Records(try Store.open(home: home, key: .generate()))
        } catch {
            throw CommandError(error, database: home.databasePath)
        }
        guard try !records.spaces().isEmpty else { return }
        throw CommandError(
            .notPermitted, .homeHoldsSpaces, "this home holds spaces, which know it by its key",
            hint: "descord space leave SPACE first, or make another home with --home DIR")
    }
}

/// A port to listen on.
enum FreePort {
    /// Below the ports that systems give to outgoing connections, above those of well-known services.
    private static let range = UInt16(15_000)...UInt16(31_999)
    private static let attempts = 50

    /// Returns a port that nothing listens on now, or nil when none was found.
    static func choose() -> UInt16? {
        var chance = PRNG(seed: Entropy.seed())
        for _ in 0..<self.attempts {
            let port = self.range.lowerBound + UInt16(chance.below(self.range.count))
            if self.isFree(port) { return port }
        }
        return nil
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// Reads keys that were made elsewhere.
enum KeyImport {
    private static let maxSize = 4_096
    /// libp2p's `PrivateKey { Type: Ed25519, Data: 64 bytes }`.
    private static let libp2pPrefix: [UInt8] = [0x08, 0x01, 0x12, 0x40]

    static func read(_ path: String, passphrase: PassphraseSource) throws(CommandError) -> KeyFile {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandError(
                .badInput, .corruptImport, "cannot read \"\(path)\": \(SystemText.error(errno))")
        }
        defer { close(descriptor) }
        var bytes = try StandardStreams.read(descriptor, limit: self.maxSize)
        defer { wipe(&bytes) }
        if bytes.starts(with: KeyFile.magic) {
            do {
                return try KeyFile(decoding: bytes, passphrase: nil)
            } catch .passphraseNeeded {
                let secret = try passphrase.passphrase(prompt: "Passphrase of \"\(path)\": ")
                do {
                    return try KeyFile(decoding: bytes, passphrase: secret)
                } catch {
                    throw CommandError(HomeFailure.key(error))
                }
            } catch {
                throw CommandError(.badInput, .corruptImport, "\"\(path)\" is a damaged key file")
            }
        }
        guard bytes.count == 68, bytes.starts(with: self.libp2pPrefix),
            let key = Ed25519.PrivateKey(seed: SecretBytes(bytes[4..<36])),
            key.publicKey.bytes == Array(bytes[36...])
        else {
            throw CommandError(
                .badInput, .corruptImport,
                "\"\(path)\" is neither a descord key file nor a libp2p Ed25519 key")
        }
        return KeyFile(seed: key.seed, databaseKey: .random(32), rejoinPSK: .random(32))
    }
}
