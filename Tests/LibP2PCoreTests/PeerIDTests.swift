import DescordCrypto
import LibP2PCore
import Testing

@Suite struct PeerIDTests {
    private let ed25519 = "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"

    /// The keys of the libp2p specification's test vectors; ids computed by an independent program.
    @Test(arguments: [
        (
            "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e",
            PublicKey.KeyType.ed25519,
            "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
        ),
        (
            "08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99", .secp256k1,
            "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY"
        ),
        (
            "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d53089"
                + "9d83abab44abf3161f162a4bc901d8e6ecda020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4d"
                + "cec034e9f77c409e62",
            .ecdsa, "QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk"
        ),
    ])
    func keysOfTheSpecificationHaveTheirIds(_ hex: String, _ type: PublicKey.KeyType, _ text: String) throws {
        let bytes = try #require(Multibase.decodeHex(hex))
        let key = try #require(PublicKey(encoded: bytes))
        #expect(key.type == type && key.encoded == bytes)
        let peer = PeerID(key)
        #expect(peer.description == text)
        #expect(PeerID(parsing: text) == peer)
        #expect(PeerID(bytes: peer.bytes) == peer)
        #expect(peer.publicKey == (text.hasPrefix("Qm") ? nil : key))
    }

    @Test func thePrivateKeyOfTheSpecificationBelongsToItsPublicKey() throws {
        let seed = try #require(
            Multibase.decodeHex("7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d"))
        let key = try #require(Ed25519.PrivateKey(seed: SecretBytes(seed)))
        #expect(Multibase.hex(PublicKey(key.publicKey).encoded) == self.ed25519)
        #expect(PeerID(key.publicKey).ed25519 == key.publicKey)
    }

    @Test func bothTextFormsNameTheSamePeer() throws {
        let base58 = try #require(PeerID(parsing: "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"))
        #expect(PeerID(parsing: "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe") == base58)
    }

    @Test func otherCodecsAndGarbageAreRefused() throws {
        let peer = try #require(PeerID(parsing: "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"))
        #expect(PeerID(parsing: "b" + Multibase.base32([0x01, 0x70] + peer.bytes)) == nil)
        #expect(PeerID(parsing: "b" + Multibase.base32([0x00, 0x72] + peer.bytes)) == nil)
        for text in [
            "", "1", "Qm", "12D3KooW", "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3p0", "zz", "hello",
        ] {
            #expect(PeerID(parsing: text) == nil, "\(text)")
        }
        #expect(PeerID(bytes: peer.bytes.dropLast()) == nil)
        #expect(PeerID(bytes: peer.bytes + [0]) == nil)
        #expect(PeerID(bytes: [0x00, 0x03, 1, 2, 3]) == nil)
        #expect(PeerID(bytes: []) == nil)
    }

    @Test func onlyTheCanonicalEncodingOfAKeyIsRead() throws {
        let bytes = try #require(Multibase.decodeHex(self.ed25519))
        #expect(PublicKey(encoded: bytes) != nil)
        #expect(PublicKey(encoded: bytes + [0x1a, 0x00]) == nil)
        #expect(PublicKey(encoded: bytes[2...] + bytes[..<2]) == nil)
        #expect(PublicKey(encoded: [0x08, 0x81, 0x00] + bytes[2...]) == nil)
        #expect(PublicKey(encoded: [0x08, 0x04] + bytes[2...]) == nil)
        #expect(PublicKey(encoded: [0x08, 0x01, 0x12, 0x1f] + bytes[4..<35]) == nil)
        for size in 0..<bytes.count { #expect(PublicKey(encoded: bytes.prefix(size)) == nil) }
        #expect(
            PublicKey(encoded: [0x08, 0x00, 0x12, 0xff, 0x0f] + [UInt8](repeating: 1, count: 2_047)) == nil)
    }

    // MARK: - Envelopes

    private let key = Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 3, count: 32)))!

    @Test func envelopesVerifyUnderTheirDomainAlone() throws {
        let envelope = SignedEnvelope(signing: [1, 2, 3], type: [9], domain: "one", by: self.key)
        let decoded = try SignedEnvelope(decoding: envelope.encoded)
        #expect(decoded == envelope)
        #expect(decoded.isValid(domain: "one") && !decoded.isValid(domain: "two"))
        #expect(decoded.signer == PeerID(self.key.publicKey))
    }

    @Test func everyChangedBitOfAnEnvelopeIsNoticed() {
        let bytes = SignedEnvelope(signing: [1, 2, 3], type: [9], domain: "d", by: self.key).encoded
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                let decoded = try? SignedEnvelope(decoding: changed)  // either refusal will do
                #expect(decoded?.isValid(domain: "d") != true, "bit \(bit) of byte \(index)")
            }
        }
        for size in bytes.indices {
            #expect(throws: SignedEnvelope.Failure.self) {
                try SignedEnvelope(decoding: Array(bytes.prefix(size)))
            }
        }
        #expect(throws: SignedEnvelope.Failure.notCanonical) {
            try SignedEnvelope(decoding: bytes + [0x30, 0x00])
        }
    }

    @Test func recordsNameTheirSigner() throws {
        let address = try #require(Multiaddr(parsing: "/ip4/10.1.2.3/tcp/4001"))
        let mine = PeerRecord(peer: PeerID(self.key.publicKey), sequence: 5, addresses: [address])
        let sealed = mine.sealed(by: self.key)
        let read = try #require(PeerRecord(envelope: sealed))
        #expect(read.sequence == 5 && read.addresses == [address] && read.peer == mine.peer)
        let other = try #require(Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 4, count: 32))))
        #expect(PeerRecord(envelope: mine.sealed(by: other)) == nil)
        #expect(PeerRecord(envelope: []) == nil)
        #expect(PeerRecord(envelope: [UInt8](repeating: 0, count: PeerRecord.maxEnvelopeSize + 1)) == nil)
        let many = PeerRecord(
            peer: mine.peer, sequence: 1, addresses: [Multiaddr](repeating: address, count: 100)
        ).sealed(by: self.key)
        #expect(PeerRecord(envelope: many)?.addresses.count == PeerRecord.maxAddressCount)
    }
}
