import DescordCrypto
import Testing

private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.map {
        $0 <= UInt8(ascii: "9") ? $0 - UInt8(ascii: "0") : $0 - UInt8(ascii: "a") + 10
    }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

@Suite struct CryptoTests {
    // MARK: - Ed25519

    /// RFC 8032, section 7.1, tests 1 to 3.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
                + "701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
                + "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
                + "60984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ])
    func signaturesMatchTheRFC(_ seed: String, _ key: String, _ message: String, _ signature: String) throws {
        let privateKey = try #require(Ed25519.PrivateKey(seed: SecretBytes(bytes(seed))))
        #expect(privateKey.publicKey.bytes == bytes(key))
        #expect(privateKey.signature(for: bytes(message)) == bytes(signature))
        #expect(privateKey.publicKey.isValid(signature: bytes(signature), for: bytes(message)))
        #expect(privateKey.seed.isEqual(to: SecretBytes(bytes(seed))))
    }

    @Test func everyChangedBitOfASignatureIsNoticed() throws {
        let key = try #require(Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 1, count: 32))))
        let signature = key.signature(for: [1, 2, 3])
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 0x10
            #expect(!key.publicKey.isValid(signature: changed, for: [1, 2, 3]))
        }
        #expect(!key.publicKey.isValid(signature: signature, for: [1, 2, 4]))
        #expect(!key.publicKey.isValid(signature: signature.dropLast(), for: [1, 2, 3]))
        #expect(!key.publicKey.isValid(signature: signature + [0], for: [1, 2, 3]))
    }

    /// S and S + L are the same number to a careless verifier: the signature would not be unique.
    @Test func signaturesWithAnUnreducedScalarAreRefused() throws {
        let key = try #require(Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 1, count: 32))))
        var signature = key.signature(for: [7])
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var carry = 0
        for index in 0..<32 {
            carry += Int(signature[32 + index]) + Int(order[index])
            signature[32 + index] = UInt8(carry & 0xff)
            carry >>= 8
        }
        #expect(carry == 0)
        #expect(!key.publicKey.isValid(signature: signature, for: [7]))
    }

    /// A key of small order verifies R = identity, S = 0 for every message under a careless verifier.
    @Test(arguments: [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ])
    func keysOfSmallOrderSignNothing(_ hex: String) throws {
        let key = try #require(Ed25519.PublicKey(bytes(hex)))
        let identity = [UInt8](arrayLiteral: 1) + [UInt8](repeating: 0, count: 63)
        #expect(!key.isValid(signature: identity, for: [1]))
        #expect(!key.isMainSubgroupPoint)
    }

    @Test func keysHaveTheirSizes() {
        #expect(Ed25519.PublicKey([UInt8](repeating: 0, count: 31)) == nil)
        #expect(Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 0, count: 33))) == nil)
        #expect(X25519.PrivateKey(scalar: SecretBytes([UInt8](repeating: 0, count: 31))) == nil)
        #expect(Ed25519.PrivateKey.generate().publicKey != Ed25519.PrivateKey.generate().publicKey)
    }

    // MARK: - X25519

    /// Computed by an independent library.
    @Test func sharedSecretsMatch() throws {
        let one = try #require(X25519.PrivateKey(scalar: SecretBytes([UInt8](repeating: 1, count: 32))))
        let two = try #require(X25519.PrivateKey(scalar: SecretBytes([UInt8](repeating: 2, count: 32))))
        #expect(one.publicKey == bytes("a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209"))
        let expected = SecretBytes(bytes("2ed76ab549b1e73c031eb49c9448f0798aea81b698279a0c3dc3e49fbfc4b953"))
        #expect(one.sharedSecret(with: two.publicKey)?.isEqual(to: expected) == true)
        #expect(two.sharedSecret(with: one.publicKey)?.isEqual(to: expected) == true)
        #expect(one.sharedSecret(with: [UInt8](repeating: 0, count: 32)) == nil)
        #expect(one.sharedSecret(with: two.publicKey.dropLast()) == nil)
    }

    // MARK: - Ciphers

    /// Computed by an independent library; the nonce is a little-endian counter.
    @Test func theCipherMatchesAndWorksInPlace() {
        let key = SecretBytes(Array(0..<32))
        let counter: UInt64 = 0x0102_0304_0506_0708
        var buffer = Array("plaintext".utf8) + [UInt8](repeating: 0, count: 16)
        buffer.withUnsafeMutableBytes { all in
            ChaCha20Poly1305.seal(
                UnsafeRawBufferPointer(rebasing: all[..<9]), counter: counter,
                associatedData: Array("ad".utf8),
                key: key, into: all)
        }
        #expect(buffer == bytes("8025cc8dc54d8f60103e7e819eb0bd7038589e31a887feb4fd"))
        var opened = buffer
        let isAuthentic = opened.withUnsafeMutableBytes { all in
            ChaCha20Poly1305.open(
                UnsafeRawBufferPointer(all), counter: counter, associatedData: Array("ad".utf8), key: key,
                into: all)
        }
        #expect(isAuthentic && opened.prefix(9).elementsEqual("plaintext".utf8))
        for (changed, data) in [(0, "ad"), (24, "ad"), (nil, "a")] as [(Int?, String)] {
            var bad = buffer
            if let changed { bad[changed] ^= 1 }
            var output = [UInt8](repeating: 0, count: 9)
            let isAuthentic = bad.withUnsafeBytes { bad in
                output.withUnsafeMutableBytes { output in
                    ChaCha20Poly1305.open(
                        bad, counter: counter, associatedData: Array(data.utf8), key: key, into: output)
                }
            }
            #expect(!isAuthentic)
        }
    }

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    @Test func theLongNonceCipherMatchesItsDraft() throws {
        let plaintext =
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
            + "future, sunscreen would be it."
        let key = SecretBytes(Array(0x80..<0xa0))
        let nonce = [UInt8](0x40..<0x58)
        let data = bytes("50515253c0c1c2c3c4c5c6c7")
        let sealed = XChaCha20Poly1305.seal(
            SecretBytes(Array(plaintext.utf8)), nonce: nonce, associatedData: data, key: key)
        #expect(sealed.suffix(16) == bytes("c0875924c1c7987947deafd8780acf49")[...])
        let opened = try #require(
            XChaCha20Poly1305.open(sealed, nonce: nonce, associatedData: data, key: key))
        #expect(opened.isEqual(to: SecretBytes(Array(plaintext.utf8))))
        #expect(XChaCha20Poly1305.open(sealed, nonce: nonce, associatedData: [], key: key) == nil)
        #expect(XChaCha20Poly1305.open([], nonce: nonce, associatedData: data, key: key) == nil)
    }

    // MARK: - Hashes

    @Test func hashesMatchTheirStandards() {
        #expect(SHA256.hash([]) == bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
        #expect(
            SHA256.hash(Array("abc".utf8))
                == bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        var parts = SHA256()
        parts.update(Array("a".utf8))
        parts.update(Array("xbcx".utf8)[1..<3])
        #expect(parts.finalize() == SHA256.hash(Array("abc".utf8)))
        #expect(
            HMACSHA256.code(of: Array("a".utf8), Array("b".utf8), key: SecretBytes(Array("key".utf8)))
                == bytes("5c1c0c948cbef5ad7d191e46e5901fa0395f85f694fa4633f665a1a637017b65"))
    }

    /// Computed by an independent library.
    @Test func derivationsMatch() throws {
        let (first, second) = HKDFSHA256.twoOutputs(
            chainingKey: SecretBytes([UInt8](repeating: UInt8(ascii: "k"), count: 32)),
            inputKeyMaterial: Array("input".utf8))
        #expect(
            first.isEqual(
                to: SecretBytes(bytes("61c93dd9dd7d96648858eac7fee4230bac4c34639830a42522a49037afe42d9f"))))
        #expect(
            second.isEqual(
                to: SecretBytes(bytes("71105ccb509076beb6c961f32ec19cdb0e97dd0ee0a921567c8bcef1ccf08fae"))))
        let key = try #require(
            Argon2id.key(
                passphrase: SecretBytes(Array("password".utf8)), salt: Array(0..<16), operations: 2,
                memoryBytes: 8 << 20))
        #expect(
            key.isEqual(
                to: SecretBytes(bytes("937638fd13ac494fa6fd1cc6b6e8006c577546db9fc516ecfd8dd6a982b1c2eb"))))
        #expect(
            Argon2id.key(passphrase: SecretBytes([]), salt: [1], operations: 2, memoryBytes: 8 << 20) == nil)
        #expect(
            Argon2id.key(
                passphrase: SecretBytes([]), salt: Array(0..<16), operations: 1, memoryBytes: 8 << 20) != nil)
    }

    @Test func secretsAreComparedByTheirBytes() {
        #expect(SecretBytes([1, 2]).isEqual(to: SecretBytes([1, 2])))
        #expect(!SecretBytes([1, 2]).isEqual(to: SecretBytes([1, 3])))
        #expect(!SecretBytes([1, 2]).isEqual(to: SecretBytes([1])))
        #expect(SecretBytes([]).isEqual(to: SecretBytes([])))
        #expect(constantTimeEqual([1], [1]) && !constantTimeEqual([1], [2]) && !constantTimeEqual([1], []))
        var secret: [UInt8] = [1, 2, 3]
        wipe(&secret)
        #expect(secret == [0, 0, 0])
    }
}
