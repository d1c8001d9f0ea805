import DescordCrypto
import LibP2PCore

/// The responder of one stream of `/descord/files/1.0.0`: bytes in, bytes out.
///
/// ```
/// asked ─► (104 bytes) ─► sending ─► (every byte taken) ─► sent ─► (last word) ─► closed
///                      └► refused: one byte, the same for every reason
/// ```
/// Confined to its driver, which half-closes after `isFinished` once everything was taken, and resets the
/// stream after `.failed`. The file is read only as it is taken.
public struct FileService: ~Copyable {
    /// What the driver has to do or know.
    public enum Event: Hashable, Sendable {
        /// A member is to get so many bytes of a file.
        case opened(FileHash, space: SpaceID, size: Int)
        /// It does not get it.
        case refused
        /// The member has stored the whole file durably.
        case kept(FileHash)
        /// Reset the stream.
        case failed(FileFailure)
    }

    private enum Stage { case asked, sending, sent, closed }

    private let directory: any FileDirectory
    private let localKey: Ed25519.PublicKey
    private let remoteKey: Ed25519.PublicKey
    private var stage = Stage.asked
    private var input: [UInt8] = []
    private var outbox: [UInt8] = []
    private var file: (hash: FileHash, offset: Int, size: Int)?

    /// Answers the peer `remoteKey` out of `directory`.
    public init(
        _ directory: any FileDirectory, localKey: Ed25519.PublicKey, remoteKey: Ed25519.PublicKey
    ) {
        self.directory = directory
        self.localKey = localKey
        self.remoteKey = remoteKey
    }

    /// Whether the peer has said what it wants.
    public var isOpen: Bool { self.stage != .asked }
    /// Whether `takeOutbound` has something to give.
    public var hasOutbound: Bool { !self.outbox.isEmpty || self.stage == .sending }
    /// Whether nothing more will be outbound.
    public var isFinished: Bool { !self.hasOutbound && self.isOpen }

    /// Takes bytes that arrived.
    public mutating func received(_ bytes: some Collection<UInt8>, into events: inout [Event]) {
        switch self.stage {
        case .closed: return
        case .sending: self.fail(.unexpected, into: &events)
        case .asked:
            // One byte too many is enough to know.
            self.input += bytes.prefix(FileRequest.size + 1)
            guard self.input.count <= FileRequest.size else { return self.fail(.unexpected, into: &events) }
            guard let request = FileRequest(decoding: self.input) else { return }
            self.input = []
            self.asked(request, into: &events)
        case .sent:
            guard let file, bytes.elementsEqual([FileAnswer.kept]) else {
                return self.fail(.malformed, into: &events)
            }
            self.stage = .closed
            events.append(.kept(file.hash))
        }
    }

    /// The peer half-closed the stream: nothing more will be received.
    public mutating func remoteDidFinish(into events: inout [Event]) {
        switch self.stage {
        case .asked, .sending, .sent: self.fail(.cut, into: &events)
        case .closed: break
        }
    }

    /// Appends at most `maxBytes` for the stream.
    public mutating func takeOutbound(
        into buffer: inout [UInt8], maxBytes: Int, events: inout [Event]
    ) {
        let head = self.outbox.prefix(maxBytes)
        buffer += head
        self.outbox.removeFirst(head.count)
        guard self.stage == .sending, let file else { return }
        let count = min(maxBytes - head.count, file.size - file.offset)
        if count > 0 {
            guard let bytes = self.directory.read(file.hash, from: file.offset, count: count),
                bytes.count == count
            else { return self.fail(.gone, into: &events) }
            buffer += bytes
            self.file?.offset += count
        }
        if file.offset + count == file.size { self.stage = .sent }
    }

    /// Every reason to refuse has the same answer.
    private mutating func asked(_ request: FileRequest, into events: inout [Event]) {
        let space = self.directory.spaces().first {
            FileRequest.blinded(
                $0, initiator: self.remoteKey, responder: self.localKey, nonce: request.nonce)
                == request.blinded
        }
        guard let space, self.directory.isMember(self.remoteKey, of: space),
            let size = self.directory.size(of: request.hash, in: space), request.offset <= UInt64(size)
        else {
            self.outbox = [FileAnswer.absent]
            self.stage = .closed
            return events.append(.refused)
        }
        let offset = Int(request.offset)
        self.outbox = [FileAnswer.follows] + FileAnswer.bytes(UInt64(size))
        self.file = (request.hash, offset, size)
        self.stage = .sending
        events.append(.opened(request.hash, space: space, size: size - offset))
    }

    private mutating func fail(_ failure: FileFailure, into events: inout [Event]) {
        self.stage = .closed
        self.outbox = []
        events.append(.failed(failure))
    }
}
