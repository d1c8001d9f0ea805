import DescordCore
import LibP2PCore
import LibP2PHost
import NIOCore

/// Drives one `FileService` over one stream. Confined to the event loop; moves bytes and nothing else.
final class FileServiceDriver {
    /// Bytes handed to the stream before more of the file is read.
    private static let writeAhead = 256 << 10
    /// Bytes read of the file at once.
    private static let pieceSize = 64 << 10

    /// Who asks.
    let peer: PeerID
    /// The space, once it is known.
    private(set) var space: SpaceID?
    /// What the session says, in order.
    var onEvent: ((FileServiceDriver, FileService.Event) -> Void)?
    /// The stream is gone; called once.
    var onClosed: ((FileServiceDriver) -> Void)?

    private var session: FileService
    private let stream: Stream
    private let deadline: StreamDeadline
    private var hasFinished = false
    private var isOver = false

    init(
        session: consuming FileService, stream: Stream, on eventLoop: any EventLoop,
        idle: Duration = FileLimits.idleDeadline
    ) {
        self.session = session
        self.stream = stream
        self.peer = stream.peer
        self.deadline = StreamDeadline(stream, on: eventLoop, idle: idle)
    }

    /// Attaches to the stream.
    func start() {
        self.stream.onData = { [weak self] bytes in
            self?.drive { session, events in session.received(bytes, into: &events) }
        }
        self.stream.onFinished = { [weak self] in
            self?.drive { session, events in session.remoteDidFinish(into: &events) }
        }
        self.stream.onWritable = { [weak self] in self?.drive { _, _ in } }
        self.stream.onClosed = { [self] _ in self.closed() }
    }

    /// Gives the stream up.
    func reset() {
        guard !self.isOver else { return }
        self.stream.reset()
    }

    private func drive(_ body: (inout FileService, inout [FileService.Event]) -> Void) {
        guard !self.isOver else { return }
        self.deadline.moved()
        var events: [FileService.Event] = []
        body(&self.session, &events)
        self.report(events)
        self.pump()
    }

    private func report(_ events: [FileService.Event]) {
        for event in events {
            if case .opened(_, let space, let size) = event {
                self.space = space
                self.deadline.bound(FileLimits.deadline(of: size))
            }
            self.onEvent?(self, event)
            if case .failed = event { self.stream.reset() }
        }
    }

    private func pump() {
        while !self.isOver, self.session.hasOutbound, self.stream.pendingBytes < Self.writeAhead {
            var buffer: [UInt8] = []
            var events: [FileService.Event] = []
            self.session.takeOutbound(into: &buffer, maxBytes: Self.pieceSize, events: &events)
            if !buffer.isEmpty { self.stream.write(buffer) }
            self.report(events)
        }
        guard !self.isOver, !self.hasFinished, self.session.isFinished else { return }
        self.hasFinished = true
        self.stream.finish()
    }

    private func closed() {
        guard !self.isOver else { return }
        self.isOver = true
        self.deadline.cancel()
        let closed = self.onClosed
        self.onClosed = nil
        self.onEvent = nil
        closed?(self)
    }
}
