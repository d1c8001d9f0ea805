import CSodium

/// SHA-256 (FIPS 180-4).
public struct SHA256: Sendable {
    /// Bytes in a digest.
    public static let size = 32

    private var state = crypto_hash_sha256_state()

    /// Starts a hash.
    public init() {
        Sodium.ready()
        crypto_hash_sha256_init(&self.state)
    }

    /// Adds `bytes`.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            if buffer.count > 0 {
                crypto_hash_sha256_update(&self.state, buffer.baseAddress!, UInt64(buffer.count))
            }
        }
        if done == nil {
            let copy = Array(bytes)
            crypto_hash_sha256_update(&self.state, copy, UInt64(copy.count))
        }
    }

    /// Returns the 32-byte digest and ends the hash.
    public consuming func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.size)
        crypto_hash_sha256_final(&self.state, &digest)
        return digest
    }

    /// Returns the digest of `bytes`.
    public static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }
}

/// HMAC-SHA-256 (RFC 2104).
public enum HMACSHA256 {
    /// Returns the 32-byte authentication code of `parts`, one after another, under `key` of any size.
    public static func code(of parts: [UInt8]..., key: SecretBytes) -> [UInt8] {
        Sodium.ready()
        var state = crypto_auth_hmacsha256_state()
        var code = [UInt8](repeating: 0, count: 32)
        key.withBytes { bytes in
            _ = crypto_auth_hmacsha256_init(
                &state, bytes.assumingMemoryBound(to: UInt8.self).baseAddress!, bytes.count)
        }
        for part in parts {
            crypto_auth_hmacsha256_update(&state, part, UInt64(part.count))
        }
        crypto_auth_hmacsha256_final(&state, &code)
        return code
    }
}

/// HKDF-SHA-256 (RFC 5869) with an empty `info`, as Noise uses it.
public enum HKDFSHA256 {
    /// Returns two 32-byte outputs of `inputKeyMaterial` under `chainingKey` (Noise §4.3, `HKDF` with two
    /// outputs).
    public static func twoOutputs(
        chainingKey: SecretBytes, inputKeyMaterial: [UInt8]
    ) -> (SecretBytes, SecretBytes) {
        var temporary = HMACSHA256.code(of: inputKeyMaterial, key: chainingKey)
        defer { wipe(&temporary) }
        let key = SecretBytes(temporary)
        var first = HMACSHA256.code(of: [1], key: key)
        defer { wipe(&first) }
        var second = HMACSHA256.code(of: first, [2], key: key)
        defer { wipe(&second) }
        return (SecretBytes(first), SecretBytes(second))
    }
}
