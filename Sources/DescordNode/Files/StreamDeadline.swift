import LibP2PHost
import NIOCore

/// Resets a stream on which nothing moves, or which takes too long altogether. Confined to the event loop.
final class StreamDeadline {
    private let stream: Stream
    private let eventLoop: any EventLoop
    private let idle: TimeAmount
    private var idleTimer: Scheduled<Void>?
    private var totalTimer: Scheduled<Void>?

    /// Begins to watch; `idle` is from one `moved` to the next.
    init(_ stream: Stream, on eventLoop: any EventLoop, idle: Duration) {
        self.stream = stream
        self.eventLoop = eventLoop
        self.idle = TimeAmount(idle)
        self.moved()
    }

    /// Something moved.
    func moved() {
        self.idleTimer?.cancel()
        self.idleTimer = self.schedule(self.idle)
    }

    /// The whole of it may take so long from now on.
    func bound(_ total: Duration) {
        self.totalTimer?.cancel()
        self.totalTimer = self.schedule(TimeAmount(total))
    }

    /// The stream is gone.
    func cancel() {
        self.idleTimer?.cancel()
        self.totalTimer?.cancel()
    }

    private func schedule(_ time: TimeAmount) -> Scheduled<Void> {
        self.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.stream.reset() }
    }
}
