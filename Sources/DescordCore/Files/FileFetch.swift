import DescordCrypto
import LibP2PCore

/// The initiator of one stream of `/descord/files/1.0.0`: bytes in, bytes out.
///
/// ```
/// asking ─► (answer) ─► taking ─► (every byte) ─► whole ─► (stored) ─► closed
/// ```
/// Confined to its driver, which writes `request` first, stores what `.whole` says is here, answers with
/// `kept` and half-closes; and resets the stream after `.failed` and `.absent`. What has come stays in
/// `assembly` when the stream ends, so that the next peer is asked for the rest.
public struct FileFetch: ~Copyable {
    /// What the driver has to do or know.
    public enum Event: Hashable, Sendable {
        /// The peer has the file and lets us have it.
        case accepted
        /// Every byte is here and the hash is right: store it, and answer with `kept`.
        case whole
        /// The peer does not have it, or not for us.
        case absent
        /// Reset the stream.
        case failed(FileFailure)
    }

    private enum Stage { case asking, taking, whole, closed }

    /// What has come so far.
    public private(set) var assembly: FileAssembly
    /// The first bytes of the stream.
    public let request: [UInt8]
    private var stage = Stage.asking
    private var head: [UInt8] = []

    /// Asks the peer `responder` for what is missing of `assembly`; `nonce` is 32 unpredictable bytes.
    public init(
        _ assembly: FileAssembly, of space: SpaceID, initiator: Ed25519.PublicKey,
        responder: Ed25519.PublicKey, nonce: [UInt8]
    ) {
        self.assembly = assembly
        self.request =
            FileRequest(
                space: space, hash: assembly.reference.hash, offset: assembly.offset, initiator: initiator,
                responder: responder, nonce: nonce
            ).encoded
    }

    /// Takes bytes that arrived.
    public mutating func received(_ bytes: some Collection<UInt8>, into events: inout [Event]) {
        var rest = Array(bytes)[...]
        if self.stage == .asking {
            let taken = rest.prefix(FileAnswer.headSize - self.head.count)
            self.head += taken
            rest = rest.dropFirst(taken.count)
            self.answered(into: &events)
        }
        guard !rest.isEmpty else { return }
        switch self.stage {
        case .closed: return
        case .asking, .whole: self.fail(.unexpected, into: &events)
        case .taking:
            guard rest.count <= self.assembly.missing else { return self.fail(.unexpected, into: &events) }
            self.assembly.append(rest)
            self.conclude(into: &events)
        }
    }

    /// The peer will send no more.
    public mutating func remoteDidFinish(into events: inout [Event]) {
        switch self.stage {
        case .asking, .taking: self.fail(.cut, into: &events)
        case .whole, .closed: break
        }
    }

    /// Answers `.whole`: the file is durably stored. Returns the last bytes of our side.
    public mutating func kept() -> [UInt8] {
        guard self.stage == .whole else { return [] }
        self.stage = .closed
        return [FileAnswer.kept]
    }

    private mutating func answered(into events: inout [Event]) {
        guard let status = self.head.first else { return }
        switch status {
        case FileAnswer.absent:
            self.stage = .closed
            events.append(.absent)
        case FileAnswer.follows:
            guard self.head.count == FileAnswer.headSize else { return }
            guard FileAnswer.number(self.head[1...]) == UInt64(self.assembly.reference.size) else {
                return self.fail(.wrongSize, into: &events)
            }
            self.stage = .taking
            events.append(.accepted)
            self.conclude(into: &events)
        default: self.fail(.malformed, into: &events)
        }
    }

    private mutating func conclude(into events: inout [Event]) {
        guard self.assembly.isWhole else { return }
        guard self.assembly.isRight else { return self.fail(.wrongHash, into: &events) }
        self.stage = .whole
        events.append(.whole)
    }

    private mutating func fail(_ failure: FileFailure, into events: inout [Event]) {
        self.stage = .closed
        events.append(.failed(failure))
    }
}
