import CSodium

/// ChaCha20-Poly1305 with a 96-bit nonce (RFC 8439), by libsodium.
public enum ChaCha20Poly1305 {
    /// Bytes in a key, a nonce and an authentication tag.
    public static let keySize = 32
    public static let nonceSize = 12
    public static let tagSize = 16

    /// Seals `plaintext` into `output`, which must have room for `plaintext.count + 16` bytes; the buffers
    /// may be the same. `nonce` is the 64-bit counter of Noise: four zero bytes, then little-endian.
    public static func seal(
        _ plaintext: UnsafeRawBufferPointer, counter: UInt64, associatedData: [UInt8] = [],
        key: SecretBytes, into output: UnsafeMutableRawBufferPointer
    ) {
        precondition(output.count >= plaintext.count + Self.tagSize, "no room for the tag")
        withNonce(counter) { nonce in
            key.withBytes { key in
                _ = crypto_aead_chacha20poly1305_ietf_encrypt(
                    output.assumingMemoryBound(to: UInt8.self).baseAddress!, nil,
                    plaintext.assumingMemoryBound(to: UInt8.self).baseAddress, UInt64(plaintext.count),
                    associatedData, UInt64(associatedData.count), nil,
                    nonce, key.assumingMemoryBound(to: UInt8.self).baseAddress!)
            }
        }
    }

    /// Opens `ciphertext` (tag at its end) into `output`, which must have room for `ciphertext.count - 16`
    /// bytes; the buffers may be the same. Returns whether it was authentic.
    public static func open(
        _ ciphertext: UnsafeRawBufferPointer, counter: UInt64, associatedData: [UInt8] = [],
        key: SecretBytes, into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard ciphertext.count >= Self.tagSize else { return false }
        precondition(output.count >= ciphertext.count - Self.tagSize, "no room for the plaintext")
        return withNonce(counter) { nonce in
            key.withBytes { key in
                crypto_aead_chacha20poly1305_ietf_decrypt(
                    output.assumingMemoryBound(to: UInt8.self).baseAddress, nil, nil,
                    ciphertext.assumingMemoryBound(to: UInt8.self).baseAddress!, UInt64(ciphertext.count),
                    associatedData, UInt64(associatedData.count),
                    nonce, key.assumingMemoryBound(to: UInt8.self).baseAddress!) == 0
            }
        }
    }

    private static func withNonce<R>(_ counter: UInt64, _ body: (UnsafePointer<UInt8>) -> R) -> R {
        var packed = (
            UInt32(0), UInt32(truncatingIfNeeded: counter).littleEndian,
            UInt32(truncatingIfNeeded: counter >> 32).littleEndian
        )
        return withUnsafeBytes(of: &packed) { body($0.assumingMemoryBound(to: UInt8.self).baseAddress!) }
    }
}

/// XChaCha20-Poly1305 with a 192-bit nonce, for the key file.
public enum XChaCha20Poly1305 {
    /// Bytes in a key, a nonce and an authentication tag.
    public static let keySize = 32
    public static let nonceSize = 24
    public static let tagSize = 16

    /// Returns ciphertext and tag.
    public static func seal(
        _ plaintext: SecretBytes, nonce: [UInt8], associatedData: [UInt8], key: SecretBytes
    ) -> [UInt8] {
        Sodium.ready()
        precondition(nonce.count == Self.nonceSize && key.count == Self.keySize, "wrong nonce or key size")
        var output = [UInt8](repeating: 0, count: plaintext.count + Self.tagSize)
        plaintext.withBytes { plaintext in
            key.withBytes { key in
                _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                    &output, nil, plaintext.assumingMemoryBound(to: UInt8.self).baseAddress,
                    UInt64(plaintext.count), associatedData, UInt64(associatedData.count), nil, nonce,
                    key.assumingMemoryBound(to: UInt8.self).baseAddress!)
            }
        }
        return output
    }

    /// Returns the plaintext, or nil when it is not authentic.
    public static func open(
        _ ciphertext: [UInt8], nonce: [UInt8], associatedData: [UInt8], key: SecretBytes
    ) -> SecretBytes? {
        Sodium.ready()
        guard ciphertext.count >= Self.tagSize, nonce.count == Self.nonceSize, key.count == Self.keySize
        else { return nil }
        var output = [UInt8](repeating: 0, count: ciphertext.count - Self.tagSize)
        defer { wipe(&output) }
        let status = key.withBytes { key in
            crypto_aead_xchacha20poly1305_ietf_decrypt(
                &output, nil, nil, ciphertext, UInt64(ciphertext.count), associatedData,
                UInt64(associatedData.count), nonce, key.assumingMemoryBound(to: UInt8.self).baseAddress!)
        }
        return status == 0 ? SecretBytes(output) : nil
    }
}

/// Argon2id 1.3 (RFC 9106), by libsodium.
public enum Argon2id {
    /// libsodium's INTERACTIVE profile: 2 passes over 64 MiB.
    public static let interactive = (operations: UInt64(2), memoryBytes: 64 << 20)

    /// Returns a 32-byte key, or nil when the memory cannot be had.
    public static func key(
        passphrase: SecretBytes, salt: [UInt8], operations: UInt64, memoryBytes: Int
    ) -> SecretBytes? {
        Sodium.ready()
        guard salt.count == 16 else { return nil }
        var key = [UInt8](repeating: 0, count: 32)
        defer { wipe(&key) }
        let status = passphrase.withBytes { bytes in
            crypto_pwhash(
                &key, 32, bytes.assumingMemoryBound(to: CChar.self).baseAddress ?? nonNullEmpty,
                UInt64(bytes.count), salt, operations, memoryBytes, crypto_pwhash_ALG_ARGON2ID13)
        }
        return status == 0 ? SecretBytes(key) : nil
    }

    /// An address for an empty passphrase: libsodium's prototype wants a pointer.
    private nonisolated(unsafe) static let nonNullEmpty: UnsafePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return UnsafePointer(pointer)
    }()
}
