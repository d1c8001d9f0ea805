import DescordCore
import DescordCrypto
import LibP2PCore
import LibP2PHost
import NIOCore

/// Drives one `SyncSession` over one stream.
///
/// Confined to the event loop. Moves bytes and nothing else: what an event means for the node is its owner's
/// to say, who answers through the methods below.
final class SyncDriver {
    /// Bytes handed to the stream before the session is asked for more.
    private static let writeAhead = 256 << 10
    /// Bytes taken from the session at once: one chunk of operations.
    private static let chunkSize = 64 << 10

    /// Who is at the other end.
    let peer: PeerID
    /// The connection that carries the stream.
    let connection: Connection
    /// Whether we opened the stream.
    let isInitiator: Bool

    /// What the session says, in order; the last event is `ended`, `refused` or `failed`.
    var onEvent: ((SyncDriver, SyncSession.Event) -> Void)?
    /// The stream is gone; called once.
    var onClosed: ((SyncDriver) -> Void)?

    private var session: SyncSession
    private let stream: Stream
    private var wantsFinish = false
    /// Whether nothing is written before the peer agreed to the protocol.
    private var awaitsAgreement: Bool
    /// The stream is gone.
    private(set) var isOver = false
    /// Whether everything was exchanged once.
    var hasReconciled = false
    /// Whether the owner counts the session among those that are still at work.
    var isUnsettled = false

    init(session: consuming SyncSession, stream: Stream, isInitiator: Bool, awaitsAgreement: Bool) {
        self.session = session
        self.stream = stream
        self.peer = stream.peer
        self.connection = stream.connection
        self.isInitiator = isInitiator
        self.awaitsAgreement = awaitsAgreement
    }

    /// The space, once it is known.
    var space: SpaceID? { self.session.space }
    /// Whether operations can be pushed: everything else was exchanged.
    var isOpen: Bool { !self.isOver && self.session.isOpen }
    /// What the session moved.
    var report: DescordCore.SyncReport { self.session.report }

    /// Attaches to the stream and, as initiator, sends the first flight.
    func start() {
        self.stream.onData = { [weak self] bytes in
            self?.drive { session, events in session.received(bytes, into: &events) }
        }
        self.stream.onFinished = { [weak self] in
            self?.drive { session, events in session.remoteDidFinish(into: &events) }
        }
        self.stream.onWritable = { [weak self] in self?.pump() }
        self.stream.onNegotiated = { [weak self] in
            self?.awaitsAgreement = false
            self?.pump()
        }
        self.stream.onClosed = { [self] _ in self.closed() }
        if self.isInitiator {
            self.drive { session, events in session.start(into: &events) }
        }
    }

    /// Answers `.store`.
    func stored(durable: [OperationID], refused: [OperationID]) {
        self.drive { session, events in session.stored(durable: durable, refused: refused, into: &events) }
    }

    /// Answers `.store` when an operation is wrong in every state.
    func rejected(_ failure: OperationFailure) {
        self.drive { session, events in session.rejected(failure, into: &events) }
    }

    /// Answers `.joinNeeded`.
    func joined(_ operation: Operation) {
        self.drive { session, events in session.joined(operation, into: &events) }
    }

    /// Answers `.admit`.
    func admitted(_ admission: Operation) {
        self.drive { session, events in session.admitted(admission, into: &events) }
    }

    /// Answers `.admit` with a no.
    func admissionRefused(_ verdict: JoinVerdict) {
        self.drive { session, events in session.admissionRefused(verdict, into: &events) }
    }

    /// Tells the session of operations that were committed by another way: receipts may be due.
    func committed(_ operations: [(id: OperationID, author: Ed25519.PublicKey)]) {
        self.drive { session, _ in
            for operation in operations { session.committed(operation.id, author: operation.author) }
        }
    }

    /// Sends operations over an open session.
    func push(_ ids: [OperationID]) {
        self.drive { session, _ in session.push(ids) }
    }

    /// Asks for receipts of operations that travel by gossip.
    func ask(_ ids: [OperationID]) {
        self.drive { session, _ in session.ask(ids) }
    }

    /// Ends an open session in good order.
    func leave() {
        self.drive { session, events in session.leave(into: &events) }
    }

    /// Gives the stream up.
    func reset() {
        guard !self.isOver else { return }
        self.stream.reset()
    }

    private func drive(_ body: (inout SyncSession, inout [SyncSession.Event]) -> Void) {
        guard !self.isOver else { return }
        var events: [SyncSession.Event] = []
        body(&self.session, &events)
        for event in events {
            if case .finish = event { self.wantsFinish = true }
            self.onEvent?(self, event)
            switch event {
            // Told first: once the stream is gone nobody hears why.
            case .failed, .refused: self.stream.reset()
            default: break
            }
        }
        self.pump()
    }

    private func pump() {
        guard !self.isOver, !self.awaitsAgreement else { return }
        while self.session.hasOutbound, self.stream.pendingBytes < Self.writeAhead {
            var buffer: [UInt8] = []
            self.session.takeOutbound(into: &buffer, maxBytes: Self.chunkSize)
            if buffer.isEmpty { break }
            self.stream.write(buffer)
        }
        if self.wantsFinish, !self.session.hasOutbound {
            self.wantsFinish = false
            self.stream.finish()
        }
        if self.session.wantsInput { self.stream.resumeReading() } else { self.stream.pauseReading() }
    }

    private func closed() {
        guard !self.isOver else { return }
        self.isOver = true
        let closed = self.onClosed
        self.onClosed = nil
        self.onEvent = nil
        closed?(self)
    }
}
