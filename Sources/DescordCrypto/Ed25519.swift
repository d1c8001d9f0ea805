import CSodium

/// Ed25519 signatures (RFC 8032), by libsodium.
///
/// There is one verification function for everything that descord verifies, so that two parts of the program
/// can never disagree about a signature: cofactorless, canonical S, no small-order key or R.
public enum Ed25519 {
    /// Bytes in a signature.
    public static let signatureSize = 64

    /// A verification key: 32 bytes, not necessarily a point until a signature verified under it.
    public struct PublicKey: Hashable, Sendable {
        /// The number of bytes in a key.
        public static let size = 32

        /// The encoded point, 32 bytes.
        public let bytes: [UInt8]

        /// Returns nil unless `bytes` are 32.
        public init?(_ bytes: some Collection<UInt8>) {
            guard bytes.count == Self.size else { return nil }
            self.bytes = Array(bytes)
        }

        /// All bytes at once: an array takes them one by one.
        public func hash(into hasher: inout Hasher) {
            self.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }

        /// Returns whether `signature` (64 bytes) over `message` is this key's.
        public func isValid(signature: some Collection<UInt8>, for message: [UInt8]) -> Bool {
            Sodium.ready()
            guard signature.count == Ed25519.signatureSize else { return false }
            let signature = Array(signature)
            return crypto_sign_ed25519_verify_detached(
                signature, message, UInt64(message.count), self.bytes) == 0
        }

        /// Whether this is a canonical point of the main subgroup: what may name an author.
        public var isMainSubgroupPoint: Bool {
            Sodium.ready()
            return crypto_core_ed25519_is_valid_point(self.bytes) == 1
        }
    }

    /// A signing key: the 32-byte seed of RFC 8032 and what follows from it.
    ///
    /// Immutable after it was made, so that it may cross threads.
    public final class PrivateKey: Sendable {
        /// Seed ‖ public key, 64 bytes, as libsodium takes it.
        private let secret: SecretBytes

        /// The matching verification key.
        public let publicKey: PublicKey

        /// Derives the key pair of a 32-byte seed; nil for any other size.
        public init?(seed: SecretBytes) {
            Sodium.ready()
            guard seed.count == 32 else { return nil }
            var publicBytes = [UInt8](repeating: 0, count: 32)
            var secretBytes = [UInt8](repeating: 0, count: 64)
            defer { wipe(&secretBytes) }
            seed.withBytes { bytes in
                _ = crypto_sign_ed25519_seed_keypair(
                    &publicBytes, &secretBytes, bytes.assumingMemoryBound(to: UInt8.self).baseAddress!)
            }
            self.secret = SecretBytes(secretBytes)
            self.publicKey = PublicKey(publicBytes)!
        }

        /// Makes a new key pair from the operating system's randomness.
        public static func generate() -> PrivateKey {
            PrivateKey(seed: .random(32))!
        }

        /// The seed, for the key file alone.
        public var seed: SecretBytes {
            self.secret.withBytes { SecretBytes($0.prefix(32)) }
        }

        /// Returns the 64-byte signature over `message`.
        ///
        /// Callers build `message` with a fixed domain in front; nothing signs raw bytes for anybody else.
        public func signature(for message: [UInt8]) -> [UInt8] {
            var signature = [UInt8](repeating: 0, count: Ed25519.signatureSize)
            self.secret.withBytes { bytes in
                _ = crypto_sign_ed25519_detached(
                    &signature, nil, message, UInt64(message.count),
                    bytes.assumingMemoryBound(to: UInt8.self).baseAddress!)
            }
            return signature
        }
    }
}
