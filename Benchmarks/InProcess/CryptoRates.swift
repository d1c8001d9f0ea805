import DescordCrypto
import LibP2P

/// The bare rates of the cryptography that everything else is bounded by, one core each.
enum CryptoRates {
    /// How long each rate is measured.
    private static let span = Duration.milliseconds(500)
    /// The plaintext of a full Noise frame.
    private static let frameSize = 65_519
    /// Calls between two looks at the clock.
    private static let batch = 64

    /// ChaCha20-Poly1305 over full Noise frames, sealed and opened in place.
    static func cipher() -> [(String, Double)] {
        // Also has libsodium choose the code for this processor.
        let key = SecretBytes.random(ChaCha20Poly1305.keySize)
        var frame = [UInt8](repeating: 7, count: Self.frameSize + ChaCha20Poly1305.tagSize)
        var counter: UInt64 = 0
        let sealed = Self.rate {
            frame.withUnsafeMutableBytes { bytes in
                let plaintext = UnsafeRawBufferPointer(rebasing: bytes[..<Self.frameSize])
                ChaCha20Poly1305.seal(plaintext, counter: counter, key: key, into: bytes)
            }
            counter += 1
        }
        counter -= 1
        var opened = frame
        let open = Self.rate {
            frame.withUnsafeBytes { ciphertext in
                opened.withUnsafeMutableBytes { output in
                    let isAuthentic = ChaCha20Poly1305.open(
                        ciphertext, counter: counter, key: key, into: output)
                    precondition(isAuthentic, "what was sealed opens")
                }
            }
        }
        let megabytes = Double(Self.frameSize) / 1e6
        return [("seal_mb_per_s", sealed * megabytes), ("open_mb_per_s", open * megabytes)]
    }

    /// Signing and verifying messages of `size` bytes: the bare signature, and the whole pubsub message.
    static func signatures(size: Int) -> [(String, Double)] {
        let key = Ed25519.PrivateKey.generate()
        let data = [UInt8](repeating: 7, count: size)
        let signature = key.signature(for: data)
        let sign = Self.rate { _ = key.signature(for: data) }
        let verify = Self.rate {
            precondition(key.publicKey.isValid(signature: signature, for: data), "the signature is good")
        }
        let message = Message.signed(topic: MessageFlood.topic, data: data, seqno: 1, by: key)
        let verifyMessage = Self.rate { precondition(message.verify() == nil, "the message is good") }
        return [
            ("sign_per_s", sign), ("verify_per_s", verify), ("verify_message_per_s", verifyMessage),
        ]
    }

    /// Calls of `body` a second.
    private static func rate(_ body: () -> Void) -> Double {
        for _ in 0..<Self.batch { body() }
        let start = ContinuousClock.now
        var count = 0
        var elapsed = Duration.zero
        while elapsed < Self.span {
            for _ in 0..<Self.batch { body() }
            count += Self.batch
            elapsed = .now - start
        }
        return Double(count) / elapsed.seconds
    }
}

extension Duration {
    /// Seconds as a number.
    var seconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}
