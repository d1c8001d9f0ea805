import NIOCore
import NIOPosix

/// The event loop that hosts are confined to, as a global actor: what is measured runs on it like the
/// callbacks of a node.
@globalActor actor NetworkLoop {
    static let shared = NetworkLoop()
    static let eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        Self.eventLoop.executor.asUnownedSerialExecutor()
    }
}

/// Carries a value between two pieces of code on the loop, past a compiler that cannot know it.
private struct Confined<Value>: @unchecked Sendable {
    let value: Value
}

/// Awaits a future of the loop.
@NetworkLoop func value<Value>(_ future: EventLoopFuture<Value>) async throws -> Value {
    try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Confined<Value>, any Error>) in
        future.assumeIsolated().whenComplete { continuation.resume(with: $0.map { Confined(value: $0) }) }
    }.value
}

/// A queue of events that somebody on the loop awaits. Confined to the loop.
final class EventQueue<Event> {
    private var waiting: [Event] = []
    private var waiter: CheckedContinuation<Void, Never>?

    func send(_ event: Event) {
        self.waiting.append(event)
        self.waiter?.resume()
        self.waiter = nil
    }

    @NetworkLoop func next() async -> Event {
        while self.waiting.isEmpty {
            await withCheckedContinuation { self.waiter = $0 }
        }
        return self.waiting.removeFirst()
    }
}
