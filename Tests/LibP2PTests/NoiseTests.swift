import DescordCrypto
import LibP2PCore
import Testing

@testable import LibP2P

@Suite struct NoiseTests {
    private func initiator(
        muxers: [String] = ["/yamux/1.0.0"], expecting peer: PeerID? = nil,
        key: Ed25519.PrivateKey = Pair.dialerKey
    ) -> NoiseHandshake {
        NoiseHandshake(
            role: .initiator, identity: key, expectedPeer: peer, muxers: muxers,
            staticKey: Pair.x25519(2), ephemeral: Pair.x25519(1))
    }

    private func responder(
        muxers: [String] = ["/yamux/1.0.0"], expecting peer: PeerID? = nil
    ) -> NoiseHandshake {
        NoiseHandshake(
            role: .responder, identity: Pair.listenerKey, expectedPeer: peer, muxers: muxers,
            staticKey: Pair.x25519(4), ephemeral: Pair.x25519(3))
    }

    private func failure(_ step: NoiseHandshake.Step) -> NoiseFailure? {
        if case .failed(let failure) = step { failure } else { nil }
    }

    /// Fixed keys; the transcript was computed by an independent program over another cryptographic library.
    @Test(arguments: [
        (
            true, "6d53e11128cbeceb4e92552752788ce7aac07fde2ae0cd108ad840a8c4ce3b3a",
            "65ad4fede0f02e74c87708cfe79cef34874978e3b0191c9e2df0ef4ad4abff89",
            "e4013db8fe528eab949458cdb4d1bc219efecedb79cbe6e232ad4e69986b9bab"
        ),
        (
            false, "cc41ccd6cf7195e27f357561cbe360951b1ad49f56f39e743d27d6055ee6b888",
            "b7e86004cb8b73bd73b06ee48d1af3f7d3176b8d37c956b62151607ff0811b51",
            "9c537fc3fc670e881a7169677d1f980dabc63b8db284ab3ca4b3b5345a913626"
        ),
    ])
    func handshakeMatchesTheIndependentTranscript(
        early: Bool, message2Hash: String, message3Hash: String, handshakeHash: String
    ) throws {
        let muxers = early ? ["/yamux/1.0.0"] : []
        var initiator = self.initiator(muxers: muxers, expecting: PeerID(Pair.listenerKey.publicKey))
        var responder = self.responder(muxers: muxers)
        let message1 = initiator.start()
        #expect(Multibase.hex(message1) == "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209")
        guard case .send(let message2) = responder.received(message1[...]) else {
            Issue.record("no message 2")
            return
        }
        #expect(Multibase.hex(SHA256.hash(message2)) == message2Hash)
        guard case .complete(let outcome, let message3?) = initiator.received(message2[...]) else {
            Issue.record("no message 3")
            return
        }
        #expect(Multibase.hex(SHA256.hash(message3)) == message3Hash)
        guard case .complete(let other, nil) = responder.received(message3[...]) else {
            Issue.record("responder did not finish")
            return
        }
        #expect(Multibase.hex(outcome.handshakeHash) == handshakeHash)
        #expect(other.handshakeHash == outcome.handshakeHash)
        #expect(outcome.muxer == (early ? "/yamux/1.0.0" : nil))
        #expect(outcome.peer == PeerID(Pair.listenerKey.publicKey))
        #expect(other.peer == PeerID(Pair.dialerKey.publicKey))

        var cipher = NoiseCipher(key: outcome.sendKey)
        for expected in [
            "7867bc301017f3d491785c728b11a3236fed7e66a2fd47",
            "d5eaae29142654c0fd8a871ca969595beb2c05383866f5",
        ] {
            var frame = [0, 0] + Array("descord".utf8)
            #expect(cipher.sealFrame(in: &frame, from: 0))
            #expect(Multibase.hex(frame) == "0017" + expected)
        }
        #expect(other.receiveKey.isEqual(to: outcome.sendKey))
        #expect(other.sendKey.isEqual(to: outcome.receiveKey))
    }

    @Test func anotherPeerThanExpectedIsRefusedBeforeMessage3() {
        var initiator = self.initiator(expecting: PeerID(Pair.dialerKey.publicKey))
        var responder = self.responder()
        guard case .send(let message2) = responder.received(initiator.start()[...]) else {
            return #expect(Bool(false))
        }
        let step = initiator.received(message2[...])
        #expect(self.failure(step) == .unexpectedPeer(PeerID(Pair.listenerKey.publicKey)))
    }

    @Test func responderRefusesAnotherPeerThanExpected() {
        var initiator = self.initiator()
        var responder = self.responder(expecting: PeerID(Pair.listenerKey.publicKey))
        guard case .send(let message2) = responder.received(initiator.start()[...]),
            case .complete(_, let message3?) = initiator.received(message2[...])
        else { return #expect(Bool(false)) }
        #expect(
            self.failure(responder.received(message3[...]))
                == .unexpectedPeer(PeerID(Pair.dialerKey.publicKey)))
    }

    @Test func everyTamperedByteOfAMessageIsRefused() {
        for index in 0..<216 {
            var initiator = self.initiator()
            var responder = self.responder()
            guard case .send(var message2) = responder.received(initiator.start()[...]) else {
                return #expect(Bool(false))
            }
            message2[index] ^= 0x01
            #expect(self.failure(initiator.received(message2[...])) != nil, "byte \(index) of message 2")
        }
        for index in 0..<184 {
            var initiator = self.initiator()
            var responder = self.responder()
            guard case .send(let message2) = responder.received(initiator.start()[...]),
                case .complete(_, var message3?) = initiator.received(message2[...])
            else { return #expect(Bool(false)) }
            message3[index] ^= 0x80
            #expect(self.failure(responder.received(message3[...])) == .badTag, "byte \(index) of message 3")
        }
    }

    @Test func truncatedMessagesAreRefused() {
        for size in 0..<216 {
            var initiator = self.initiator()
            var responder = self.responder()
            guard case .send(let message2) = responder.received(initiator.start()[...]) else {
                return #expect(Bool(false))
            }
            #expect(self.failure(initiator.received(message2.prefix(size))) != nil)
        }
        for size in 0..<32 {
            var responder = self.responder()
            #expect(
                self.failure(responder.received([UInt8](repeating: 9, count: size)[...])) == .malformedMessage
            )
        }
    }

    @Test(arguments: [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ])
    func pointsOfSmallOrderAreRefused(_ point: String) throws {
        let bytes = try #require(Multibase.decodeHex(point))
        var responder = self.responder()
        #expect(self.failure(responder.received(bytes[...])) == .smallOrderKey)
        var initiator = self.initiator()
        _ = initiator.start()
        #expect(
            self.failure(initiator.received((bytes + [UInt8](repeating: 0, count: 200))[...]))
                == .smallOrderKey)
    }

    @Test func muxersWithoutOverlapFailAndTheInitiatorsOrderDecides() {
        func run(_ first: [String], _ second: [String]) -> (NoiseFailure?, String?) {
            var initiator = self.initiator(muxers: first)
            var responder = self.responder(muxers: second)
            guard case .send(let message2) = responder.received(initiator.start()[...]) else {
                return (nil, nil)
            }
            switch initiator.received(message2[...]) {
            case .failed(let failure): return (failure, nil)
            case .send: return (nil, nil)
            case .complete(let outcome, let message3):
                guard case .complete(let other, _) = responder.received((message3 ?? [])[...]) else {
                    return (nil, "?")
                }
                #expect(other.muxer == outcome.muxer)
                return (nil, outcome.muxer)
            }
        }
        #expect(run(["/yamux/1.0.0"], ["/mplex/6.7.0"]) == (.noSharedMuxer, nil))
        #expect(run(["/b", "/a"], ["/a", "/b"]) == (nil, "/b"))
        #expect(run(["/a"], []) == (nil, nil))
        #expect(run([], ["/a"]) == (nil, nil))
    }

    @Test(arguments: [(100, 100), (101, 0)])
    func overlongListsOfMuxersAreTakenForNone(_ count: Int, _ kept: Int) throws {
        let payload = NoisePayload.encoded(
            identity: Pair.dialerKey, staticKey: [], muxers: (0..<count).map { "/muxer/\($0)" })
        #expect(try NoisePayload(verifying: payload, staticKey: []).muxers.count == kept)
    }

    @Test func aSignatureOverAnotherStaticKeyIsRefused() throws {
        let payload = NoisePayload.encoded(
            identity: Pair.dialerKey, staticKey: Pair.x25519(2).publicKey, muxers: [])
        #expect(throws: Never.self) {
            try NoisePayload(verifying: payload, staticKey: Pair.x25519(2).publicKey)
        }
        #expect(throws: NoiseFailure.badSignature) {
            try NoisePayload(verifying: payload, staticKey: Pair.x25519(4).publicKey)
        }
        let key = PublicKey(Pair.dialerKey.publicKey).encoded
        func built(_ key: [UInt8], _ signed: [UInt8]) -> [UInt8] {
            [0x0a, UInt8(key.count)] + key + [0x12, 64] + Pair.dialerKey.signature(for: signed)
        }
        #expect(throws: NoiseFailure.badSignature) {
            try NoisePayload(
                verifying: built(key, Array("noise-libp2p-static-kez:".utf8) + Pair.x25519(2).publicKey),
                staticKey: Pair.x25519(2).publicKey)
        }
        let good = Array("noise-libp2p-static-key:".utf8) + Pair.x25519(2).publicKey
        // The other's identity with our signature.
        #expect(throws: NoiseFailure.badSignature) {
            try NoisePayload(
                verifying: built(PublicKey(Pair.listenerKey.publicKey).encoded, good),
                staticKey: Pair.x25519(2).publicKey)
        }
        // Unknown fields are ignored.
        let withUnknown = built(key, good) + [0xfa, 0x07, 0x03, 1, 2, 3, 0x18, 0x05]
        #expect(
            try NoisePayload(verifying: withUnknown, staticKey: Pair.x25519(2).publicKey).peer
                == PeerID(Pair.dialerKey.publicKey))
        // A key of another type is named as such.
        #expect(throws: NoiseFailure.unsupportedKey) {
            try NoisePayload(
                verifying: built([0x08, 0x00, 0x12, 0x02, 0x30, 0x00], good),
                staticKey: Pair.x25519(2).publicKey)
        }
        for bytes in [[], [0x0a, 0x00], [0x12, 0x00], [0x0a, 0xff], [0xff]] as [[UInt8]] {
            #expect(throws: NoiseFailure.malformedPayload) {
                try NoisePayload(verifying: bytes, staticKey: [])
            }
        }
    }

    // MARK: - Transport

    private func read(_ receiver: inout NoiseReceiver, _ bytes: [UInt8]) -> [NoiseReceiver.Result] {
        bytes.withUnsafeBytes { buffer in
            var input = buffer
            var results: [NoiseReceiver.Result] = []
            while !input.isEmpty {
                let result = receiver.next(&input)
                results.append(result)
                if case .failed = result { break }
            }
            return results
        }
    }

    @Test(arguments: [0, 1, 1_000, 65_518, 65_519])
    func framesOfEverySizeCrossWholeAndInPieces(_ size: Int) {
        let key = SecretBytes([UInt8](repeating: 7, count: 32))
        var cipher = NoiseCipher(key: key)
        var whole = NoiseReceiver(cipher: NoiseCipher(key: key))
        var pieces = NoiseReceiver(cipher: NoiseCipher(key: key))
        let plaintext = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        var stream: [UInt8] = []
        for _ in 0..<2 {
            let start = stream.count
            stream += [0, 0] + plaintext
            #expect(cipher.sealFrame(in: &stream, from: start))
        }
        let results = self.read(&whole, stream)
        #expect(results.count == 2)
        for case .plaintext(let bytes) in results { #expect(bytes == plaintext) }
        var seen = 0
        for chunk in stride(from: 0, to: stream.count, by: 17) {
            for case .plaintext(let bytes) in self.read(
                &pieces, Array(stream[chunk..<min(chunk + 17, stream.count)]))
            {
                #expect(bytes == plaintext)
                seen += 1
            }
        }
        #expect(seen == 2)
    }

    @Test func shortAndTamperedFramesFail() {
        let key = SecretBytes([UInt8](repeating: 7, count: 32))
        for size in 0..<16 {
            var receiver = NoiseReceiver(cipher: NoiseCipher(key: key))
            guard case .failed(.frameTooShort)? = self.read(&receiver, [0, UInt8(size), 1]).last else {
                return #expect(Bool(false), "length \(size)")
            }
        }
        var cipher = NoiseCipher(key: key)
        var frame: [UInt8] = [0, 0, 1, 2, 3]
        #expect(cipher.sealFrame(in: &frame, from: 0))
        for index in 2..<frame.count {
            var receiver = NoiseReceiver(cipher: NoiseCipher(key: key))
            var bad = frame
            bad[index] ^= 4
            guard case .failed(.badTag)? = self.read(&receiver, bad).last else {
                return #expect(Bool(false), "byte \(index)")
            }
        }
        // A frame replayed under the next nonce.
        var receiver = NoiseReceiver(cipher: NoiseCipher(key: key))
        guard case .failed(.badTag)? = self.read(&receiver, frame + frame).last else {
            return #expect(Bool(false))
        }
    }

    @Test func theReservedNonceIsNeverUsed() {
        let key = SecretBytes([UInt8](repeating: 7, count: 32))
        var cipher = NoiseCipher(key: key, counter: .max - 1)
        var receiver = NoiseReceiver(cipher: NoiseCipher(key: key, counter: .max - 1))
        var frame: [UInt8] = [0, 0, 1]
        #expect(cipher.sealFrame(in: &frame, from: 0))
        guard case .plaintext([1])? = self.read(&receiver, frame).last else { return #expect(Bool(false)) }
        var next: [UInt8] = [0, 0, 1]
        #expect(!cipher.sealFrame(in: &next, from: 0))
        guard case .failed(.nonceExhausted)? = self.read(&receiver, frame).last else {
            return #expect(Bool(false))
        }
    }

    @Test func anUnfinishedFrameHoldsOnlyWhatArrived() {
        var receiver = NoiseReceiver(cipher: NoiseCipher(key: SecretBytes([UInt8](repeating: 7, count: 32))))
        _ = self.read(&receiver, [0xff, 0xff] + [UInt8](repeating: 0, count: 100))
        #expect(receiver.bufferedCount == 102)
    }
}
