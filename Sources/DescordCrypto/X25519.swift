import CSodium

/// X25519 key agreement (RFC 7748), by libsodium.
public enum X25519 {
    /// Bytes in a public key, a private key and a shared secret.
    public static let size = 32

    /// An ephemeral or static Diffie-Hellman key.
    public final class PrivateKey: Sendable {
        private let scalar: SecretBytes

        /// The matching public key, 32 bytes.
        public let publicKey: [UInt8]

        /// Takes a 32-byte scalar (clamped in use); nil for any other size.
        public init?(scalar: SecretBytes) {
            Sodium.ready()
            guard scalar.count == X25519.size else { return nil }
            var point = [UInt8](repeating: 0, count: X25519.size)
            scalar.withBytes { bytes in
                _ = crypto_scalarmult_curve25519_base(
                    &point, bytes.assumingMemoryBound(to: UInt8.self).baseAddress!)
            }
            self.scalar = scalar
            self.publicKey = point
        }

        /// Makes a fresh key from the operating system's randomness.
        public static func generate() -> PrivateKey {
            PrivateKey(scalar: .random(X25519.size))!
        }

        /// Returns the shared secret with `publicKey`, or nil when it is not 32 bytes or the result is all
        /// zero (a point of small order).
        public func sharedSecret(with publicKey: some Collection<UInt8>) -> SecretBytes? {
            guard publicKey.count == X25519.size else { return nil }
            let point = Array(publicKey)
            var shared = [UInt8](repeating: 0, count: X25519.size)
            defer { wipe(&shared) }
            let status = self.scalar.withBytes { bytes in
                crypto_scalarmult_curve25519(
                    &shared, bytes.assumingMemoryBound(to: UInt8.self).baseAddress!, point)
            }
            return status == 0 ? SecretBytes(shared) : nil
        }
    }
}
