import DescordCore
import LibP2PCore
import LibP2PHost
import NIOCore

/// Drives one `FileFetch` over one stream. Confined to the event loop; moves bytes and nothing else.
final class FileFetchDriver {
    /// Who was asked.
    let peer: PeerID
    /// What the session says, in order.
    var onEvent: ((FileFetchDriver, FileFetch.Event) -> Void)?
    /// The stream is gone; called once.
    var onClosed: ((FileFetchDriver) -> Void)?

    private var session: FileFetch
    private let stream: Stream
    private let deadline: StreamDeadline
    private var isOver = false

    init(
        session: consuming FileFetch, stream: Stream, on eventLoop: any EventLoop,
        idle: Duration = FileLimits.idleDeadline
    ) {
        self.deadline = StreamDeadline(stream, on: eventLoop, idle: idle)
        self.deadline.bound(FileLimits.deadline(of: session.assembly.missing))
        self.session = session
        self.stream = stream
        self.peer = stream.peer
    }

    /// What has come so far.
    var assembly: FileAssembly { self.session.assembly }

    /// Attaches to the stream and asks: at once of a peer that is known to speak the protocol, else when it
    /// has agreed to it, for some implementations take what follows a refused proposal for another.
    func start(awaitsAgreement: Bool) {
        self.stream.onData = { [weak self] bytes in
            self?.drive { session, events in session.received(bytes, into: &events) }
        }
        self.stream.onFinished = { [weak self] in
            self?.drive { session, events in session.remoteDidFinish(into: &events) }
        }
        self.stream.onClosed = { [self] _ in self.closed() }
        if awaitsAgreement {
            self.stream.onNegotiated = { [weak self] in
                guard let self else { return }
                self.stream.write(self.session.request)
            }
        } else {
            self.stream.write(self.session.request)
        }
    }

    /// Answers `.whole`: the file is durably stored.
    func kept() {
        guard !self.isOver else { return }
        self.stream.write(self.session.kept())
        self.stream.finish()
    }

    /// Gives the stream up.
    func reset() {
        guard !self.isOver else { return }
        self.stream.reset()
    }

    private func drive(_ body: (inout FileFetch, inout [FileFetch.Event]) -> Void) {
        guard !self.isOver else { return }
        self.deadline.moved()
        var events: [FileFetch.Event] = []
        body(&self.session, &events)
        for event in events {
            self.onEvent?(self, event)
            switch event {
            case .failed, .absent: self.stream.reset()
            case .accepted, .whole: break
            }
        }
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
