import DescordCrypto

/// The `SymmetricState` of the Noise framework (revision 34, §5.2) for `Noise_XX_25519_ChaChaPoly_SHA256`.
struct NoiseSymmetricState: ~Copyable {
    /// Exactly 32 bytes, so that it is the first handshake hash unhashed.
    private static let protocolName = Array("Noise_XX_25519_ChaChaPoly_SHA256".utf8)

    /// The handshake hash `h`, 32 bytes.
    private(set) var hash: [UInt8]
    private var chainingKey: SecretBytes
    private var key: SecretBytes?
    private var counter: UInt64 = 0

    /// Starts with an empty prologue.
    init() {
        self.hash = Self.protocolName
        self.chainingKey = SecretBytes(Self.protocolName)
        self.mixHash([])
    }

    /// Mixes public bytes into the handshake hash.
    mutating func mixHash(_ bytes: some Collection<UInt8>) {
        var state = SHA256()
        state.update(self.hash)
        state.update(bytes)
        self.hash = state.finalize()
    }

    /// Mixes a Diffie-Hellman result into the keys.
    mutating func mixKey(_ shared: SecretBytes) {
        var input = shared.withBytes { Array($0) }
        defer { wipe(&input) }
        let (chainingKey, key) = HKDFSHA256.twoOutputs(chainingKey: self.chainingKey, inputKeyMaterial: input)
        self.chainingKey = chainingKey
        self.key = key
        self.counter = 0
    }

    /// Returns the ciphertext with its tag; before the first key the plaintext itself. Either is mixed into
    /// the hash, also when it is empty.
    mutating func encryptAndHash(_ plaintext: [UInt8]) -> [UInt8] {
        guard let key = self.key else {
            self.mixHash(plaintext)
            return plaintext
        }
        let hash = self.hash
        let counter = self.counter
        let ciphertext = [UInt8](unsafeUninitializedCapacity: plaintext.count + ChaCha20Poly1305.tagSize) {
            buffer, initialized in
            plaintext.withUnsafeBytes { plaintext in
                ChaCha20Poly1305.seal(
                    plaintext, counter: counter, associatedData: hash, key: key,
                    into: UnsafeMutableRawBufferPointer(buffer))
            }
            initialized = plaintext.count + ChaCha20Poly1305.tagSize
        }
        self.counter += 1
        self.mixHash(ciphertext)
        return ciphertext
    }

    /// Returns the plaintext, or nil when the tag is wrong.
    mutating func decryptAndHash(_ ciphertext: ArraySlice<UInt8>) -> [UInt8]? {
        guard let key = self.key else {
            self.mixHash(ciphertext)
            return Array(ciphertext)
        }
        guard ciphertext.count >= ChaCha20Poly1305.tagSize else { return nil }
        let hash = self.hash
        let counter = self.counter
        var isAuthentic = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: ciphertext.count - ChaCha20Poly1305.tagSize) {
            buffer, initialized in
            isAuthentic = ciphertext.withUnsafeBytes { ciphertext in
                ChaCha20Poly1305.open(
                    ciphertext, counter: counter, associatedData: hash, key: key,
                    into: UnsafeMutableRawBufferPointer(buffer))
            }
            initialized = isAuthentic ? ciphertext.count - ChaCha20Poly1305.tagSize : 0
        }
        guard isAuthentic else { return nil }
        self.counter += 1
        self.mixHash(ciphertext)
        return plaintext
    }

    /// Returns the transport keys: the initiator's for sending, then the responder's (§5.2, `Split`).
    func split() -> (initiator: SecretBytes, responder: SecretBytes) {
        HKDFSHA256.twoOutputs(chainingKey: self.chainingKey, inputKeyMaterial: [])
    }
}
