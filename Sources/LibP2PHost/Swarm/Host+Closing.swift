import LibP2PCore
import NIOCore

extension Host {
    /// Stops listening and dialling, lets every written byte reach its socket, says goodbye to every peer and
    /// closes; what takes longer than the drain deadline is cut off. Completes when every socket is closed.
    public func close() -> EventLoopFuture<Void> {
        if let drain { return drain.future }
        let drain = Drain(host: self)
        self.drain = drain
        return drain.start()
    }
}

/// The end of a host. Confined to its loop.
final class Drain {
    private let host: Host
    private let promise: EventLoopPromise<Void>
    private var timer: Scheduled<Void>?
    private var pendingListeners = 0
    private var isDone = false

    init(host: Host) {
        self.host = host
        self.promise = host.eventLoop.makePromise()
    }

    var future: EventLoopFuture<Void> { self.promise.futureResult }

    func start() -> EventLoopFuture<Void> {
        let loop = self.host.eventLoop.assumeIsolated()
        for dial in Array(self.host.dials.values) { dial.cancel() }
        for listener in self.host.listeners {
            self.pendingListeners += 1
            listener.close().assumeIsolated().whenComplete { _ in
                self.pendingListeners -= 1
                self.progressed()
            }
        }
        self.host.listeners = []
        for handler in Array(self.host.channels.values) where handler.isHalfOpen { handler.abort() }
        self.timer = loop.scheduleTask(in: TimeAmount(self.host.configuration.deadlines.drain)) {
            for handler in Array(self.host.channels.values) { handler.abort() }
        }
        self.progressed()
        return self.future
    }

    /// Closes the connections that have nothing left to send, and completes when none is left.
    func progressed() {
        guard !self.isDone else { return }
        for handler in Array(self.host.channels.values) where !handler.hasUnsentBytes { handler.close() }
        guard self.host.channels.isEmpty, self.pendingListeners == 0, self.host.stopServices() else { return }
        self.isDone = true
        self.timer?.cancel()
        self.promise.succeed()
    }
}
