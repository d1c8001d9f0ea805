import DescordCrypto

/// Why the bytes of a key file do not open.
public enum KeyFileFailure: Error, Hashable, Sendable {
    /// It does not begin as a key file does.
    case notAKeyFile
    /// A later version of the format.
    case unsupportedVersion(UInt8)
    /// Cut short, too long, or its secrets are not authentic although no passphrase is involved.
    case damaged
    /// It asks for more than 1 GiB of memory or 8 passes, or for less than Argon2id takes.
    case excessiveParameters
    /// It is encrypted and no passphrase was given.
    case passphraseNeeded
    /// The passphrase does not open it. A file whose encrypted part was damaged looks the same.
    case wrongPassphrase
    /// The memory for Argon2id cannot be had.
    case outOfMemory
}

/// The secrets of one device and their encoding, version 1:
/// magic 7 ‖ version 1 ‖ kdf 1 ‖ operations 4 ‖ memory 8 ‖ salt 16 ‖ nonce 24 ‖ XChaCha20-Poly1305(seed 32 ‖
/// database key 32 ‖ rejoin PSK 32) with tag 16, all 61 bytes before it as associated data; numbers
/// big-endian.
public struct KeyFile: Sendable {
    /// The first bytes of every version.
    public static let magic = Array("DSCDKEY".utf8)
    /// The version that is written.
    public static let version: UInt8 = 1
    /// The size of a file, exactly.
    public static let size = 173
    /// The most memory that a file may ask for: what a hostile one could take from us.
    public static let maxMemoryBytes: UInt64 = 1 << 30
    /// The least memory that Argon2id takes, in libsodium.
    public static let minMemoryBytes: UInt64 = 8_192
    /// The most passes that a file may ask for.
    public static let maxOperations: UInt32 = 8

    private static let headerSize = 61

    /// The seed of the device's Ed25519 key, 32 bytes.
    public let seed: SecretBytes
    /// Wraps what the database keeps secret, 32 bytes.
    public let databaseKey: SecretBytes
    /// Tells a real return after a loss of state from a stolen signing key, 32 bytes.
    public let rejoinPSK: SecretBytes

    /// Makes new secrets from the operating system's randomness.
    public static func generate() -> KeyFile {
        KeyFile(seed: .random(32), databaseKey: .random(32), rejoinPSK: .random(32))
    }

    /// Joins three secrets of 32 bytes each.
    public init(seed: SecretBytes, databaseKey: SecretBytes, rejoinPSK: SecretBytes) {
        precondition(
            seed.count == 32 && databaseKey.count == 32 && rejoinPSK.count == 32, "secrets have 32 bytes")
        self.seed = seed
        self.databaseKey = databaseKey
        self.rejoinPSK = rejoinPSK
    }

    /// The device's signing key.
    public var privateKey: Ed25519.PrivateKey {
        guard let key = Ed25519.PrivateKey(seed: self.seed) else {
            preconditionFailure("the seed has 32 bytes")
        }
        return key
    }

    /// How the key of the file is made.
    public struct Derivation: Hashable, Sendable {
        /// Argon2id's passes, 1…8.
        public var operations: UInt32
        /// Argon2id's memory in bytes, 8 KiB…1 GiB.
        public var memoryBytes: UInt64

        public init(operations: UInt32, memoryBytes: UInt64) {
            self.operations = operations
            self.memoryBytes = memoryBytes
        }

        /// libsodium's INTERACTIVE profile: every command of the shell pays it.
        public static let interactive = Derivation(
            operations: UInt32(Argon2id.interactive.operations),
            memoryBytes: UInt64(Argon2id.interactive.memoryBytes))

        var isWithinBounds: Bool {
            (1...KeyFile.maxOperations).contains(self.operations)
                && (KeyFile.minMemoryBytes...KeyFile.maxMemoryBytes).contains(self.memoryBytes)
        }
    }

    /// Returns the file's bytes; without a passphrase the file's key is 32 zero bytes, which protects
    /// nothing.
    public func encoded(
        passphrase: SecretBytes?, derivation: Derivation = .interactive, salt: [UInt8], nonce: [UInt8]
    ) throws(KeyFileFailure) -> [UInt8] {
        precondition(
            salt.count == 16 && nonce.count == XChaCha20Poly1305.nonceSize, "wrong salt or nonce size")
        guard passphrase == nil || derivation.isWithinBounds else { throw .excessiveParameters }
        var header = Self.magic + [Self.version, passphrase == nil ? 0 : 1]
        Self.append(UInt64(passphrase == nil ? 0 : derivation.operations), bytes: 4, to: &header)
        Self.append(passphrase == nil ? 0 : derivation.memoryBytes, bytes: 8, to: &header)
        header += (passphrase == nil ? [UInt8](repeating: 0, count: 16) : salt) + nonce
        var secrets: [UInt8] = []
        secrets.reserveCapacity(96)
        defer { wipe(&secrets) }
        for secret in [self.seed, self.databaseKey, self.rejoinPSK] {
            secret.withBytes { secrets.append(contentsOf: $0) }
        }
        let key = try Self.key(passphrase: passphrase, salt: salt, derivation: derivation)
        return header
            + XChaCha20Poly1305.seal(SecretBytes(secrets), nonce: nonce, associatedData: header, key: key)
    }

    /// Returns whether the file needs a passphrase.
    public static func isEncrypted(_ bytes: [UInt8]) throws(KeyFileFailure) -> Bool {
        try self.header(of: bytes) != nil
    }

    /// Opens a file; a passphrase that an unencrypted file does not need is not looked at.
    public init(decoding bytes: [UInt8], passphrase: SecretBytes?) throws(KeyFileFailure) {
        let derivation = try Self.header(of: bytes)
        guard derivation == nil || passphrase != nil else { throw .passphraseNeeded }
        let key = try Self.key(
            passphrase: derivation == nil ? nil : passphrase, salt: Array(bytes[21..<37]),
            derivation: derivation ?? .interactive)
        guard
            let secrets = XChaCha20Poly1305.open(
                Array(bytes[Self.headerSize...]), nonce: Array(bytes[37..<61]),
                associatedData: Array(bytes[..<Self.headerSize]), key: key)
        else { throw derivation == nil ? .damaged : .wrongPassphrase }
        func part(_ index: Int) -> SecretBytes {
            secrets.withBytes { SecretBytes($0[index * 32..<index * 32 + 32]) }
        }
        self.init(seed: part(0), databaseKey: part(1), rejoinPSK: part(2))
    }

    /// Reads what stands before the secrets; nil when there is no passphrase.
    private static func header(of bytes: [UInt8]) throws(KeyFileFailure) -> Derivation? {
        guard bytes.starts(with: self.magic), bytes.count > self.magic.count else { throw .notAKeyFile }
        guard bytes[7] == self.version else { throw .unsupportedVersion(bytes[7]) }
        guard bytes.count == self.size else { throw .damaged }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        let derivation = Derivation(operations: UInt32(number(9..<13)), memoryBytes: number(13..<21))
        switch bytes[8] {
        case 0:
            guard derivation == Derivation(operations: 0, memoryBytes: 0) else { throw .damaged }
            return nil
        case 1:
            guard derivation.isWithinBounds else { throw .excessiveParameters }
            return derivation
        default: throw .damaged
        }
    }

    private static func key(
        passphrase: SecretBytes?, salt: [UInt8], derivation: Derivation
    ) throws(KeyFileFailure) -> SecretBytes {
        guard let passphrase else { return SecretBytes([UInt8](repeating: 0, count: 32)) }
        guard
            let key = Argon2id.key(
                passphrase: passphrase, salt: salt, operations: UInt64(derivation.operations),
                memoryBytes: Int(derivation.memoryBytes))
        else { throw .outOfMemory }
        return key
    }

    private static func append(_ value: UInt64, bytes count: Int, to output: inout [UInt8]) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}
