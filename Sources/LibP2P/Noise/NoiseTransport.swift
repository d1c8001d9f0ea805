import DescordCrypto

/// One direction of a Noise transport: a key and the counter that is its nonce.
struct NoiseCipher: ~Copyable {
    /// The largest frame after its length (libp2p specs, "noise", "Wire Format").
    static let maxFrameSize = 65_535
    /// The largest plaintext of a frame.
    static let maxPlaintextSize = maxFrameSize - ChaCha20Poly1305.tagSize
    /// The length in front of each frame: big-endian, 2 bytes.
    static let lengthSize = 2

    private let key: SecretBytes
    private var counter: UInt64

    /// Starts at `counter`, which is zero except in tests of its end.
    init(key: SecretBytes, counter: UInt64 = 0) {
        self.key = key
        self.counter = counter
    }

    /// Whether the counter reached 2⁶⁴ − 1, which Noise reserves.
    var isExhausted: Bool { self.counter == .max }

    /// Seals in place the frame that starts at `start` and reaches to the end of `buffer`: 2 bytes for the
    /// length, then the plaintext. Returns false when no nonce is left, and leaves the plaintext to the
    /// caller to discard.
    mutating func sealFrame(in buffer: inout [UInt8], from start: Int) -> Bool {
        let plaintextSize = buffer.count - start - Self.lengthSize
        precondition(
            plaintextSize >= 0 && plaintextSize <= Self.maxPlaintextSize, "a frame holds at most 65,519 bytes"
        )
        guard !self.isExhausted else { return false }
        let frameSize = plaintextSize + ChaCha20Poly1305.tagSize
        buffer[start] = UInt8(frameSize >> 8)
        buffer[start + 1] = UInt8(frameSize & 0xff)
        for _ in 0..<ChaCha20Poly1305.tagSize { buffer.append(0) }
        let key = self.key
        let counter = self.counter
        buffer.withUnsafeMutableBytes { bytes in
            let frame = UnsafeMutableRawBufferPointer(rebasing: bytes[(start + Self.lengthSize)...])
            ChaCha20Poly1305.seal(
                UnsafeRawBufferPointer(rebasing: frame[..<plaintextSize]), counter: counter, key: key,
                into: frame)
        }
        self.counter += 1
        return true
    }

    /// Returns the plaintext of a frame (without its length), or nil when it is not authentic.
    mutating func open(_ frame: UnsafeRawBufferPointer) -> [UInt8]? {
        let key = self.key
        let counter = self.counter
        var isAuthentic = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: frame.count - ChaCha20Poly1305.tagSize) {
            buffer, initialized in
            isAuthentic = ChaCha20Poly1305.open(
                frame, counter: counter, key: key, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = isAuthentic ? frame.count - ChaCha20Poly1305.tagSize : 0
        }
        guard isAuthentic else { return nil }
        self.counter += 1
        return plaintext
    }
}

/// Cuts received bytes into Noise frames and opens them.
///
/// A frame that arrived whole is opened out of the caller's buffer, so that its ciphertext is never copied.
/// What is kept of a frame is what arrived of it, never what its length promises.
struct NoiseReceiver: ~Copyable {
    /// What reading came to.
    enum Result {
        /// The frame is not complete; all input was taken.
        case needMore
        /// One frame's plaintext, possibly empty.
        case plaintext([UInt8])
        /// The connection cannot be read any further.
        case failed(NoiseFailure)
    }

    private var cipher: NoiseCipher
    private var partial: [UInt8] = []

    init(cipher: consuming NoiseCipher) {
        self.cipher = cipher
    }

    /// The bytes of an incomplete frame that are held, at most 65,537.
    var bufferedCount: Int { self.partial.count }

    /// Takes one frame, or what there is of one, off the front of `input`.
    mutating func next(_ input: inout UnsafeRawBufferPointer) -> Result {
        if self.partial.isEmpty, input.count >= NoiseCipher.lengthSize {
            let size = Int(input[0]) << 8 | Int(input[1])
            guard size >= ChaCha20Poly1305.tagSize else { return .failed(.frameTooShort) }
            let end = NoiseCipher.lengthSize + size
            if input.count >= end {
                let frame = UnsafeRawBufferPointer(rebasing: input[NoiseCipher.lengthSize..<end])
                input = UnsafeRawBufferPointer(rebasing: input[end...])
                return self.open(frame)
            }
        }
        self.take(upTo: NoiseCipher.lengthSize, from: &input)
        guard self.partial.count >= NoiseCipher.lengthSize else { return .needMore }
        let size = Int(self.partial[0]) << 8 | Int(self.partial[1])
        guard size >= ChaCha20Poly1305.tagSize else { return .failed(.frameTooShort) }
        self.take(upTo: NoiseCipher.lengthSize + size, from: &input)
        guard self.partial.count == NoiseCipher.lengthSize + size else { return .needMore }
        var frame: [UInt8] = []
        swap(&frame, &self.partial)
        let result = frame.withUnsafeBytes {
            self.open(UnsafeRawBufferPointer(rebasing: $0[NoiseCipher.lengthSize...]))
        }
        frame.removeAll(keepingCapacity: true)
        swap(&frame, &self.partial)
        return result
    }

    private mutating func take(upTo count: Int, from input: inout UnsafeRawBufferPointer) {
        let taken = min(max(count - self.partial.count, 0), input.count)
        guard taken > 0 else { return }
        self.partial.append(contentsOf: input[..<taken])
        input = UnsafeRawBufferPointer(rebasing: input[taken...])
    }

    private mutating func open(_ frame: UnsafeRawBufferPointer) -> Result {
        guard !self.cipher.isExhausted else { return .failed(.nonceExhausted) }
        guard let plaintext = self.cipher.open(frame) else { return .failed(.badTag) }
        return .plaintext(plaintext)
    }
}
