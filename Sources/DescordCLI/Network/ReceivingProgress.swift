import DescordCore

/// Says on a terminal how many operations a session has brought while something waits for them.
enum ReceivingProgress {
    private enum Event<Value: Sendable>: Sendable {
        case received(upTo: Int64)
        case ended(Result<Value, any Error>)
    }

    /// Does `body`; where nobody would see a progress, nothing else.
    static func during<Value: Sendable>(
        _ session: any NetworkSession, _ context: CommandContext,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let progress = Progress(context) else { return try await body() }
        let start = try context.home().records.lastArrival()
        let (events, continuation) = AsyncStream<Event<Value>>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    continuation.yield(.ended(.success(try await body())))
                } catch {
                    continuation.yield(.ended(.failure(error)))
                }
                continuation.finish()
            }
            group.addTask {
                for try await arrival in session.arrivals(deadline: nil) {
                    continuation.yield(.received(upTo: arrival.upTo))
                }
            }
            defer { group.cancelAll() }
            for await event in events {
                switch event {
                case .received(let newest): progress.show("received \(newest - start) operations")
                case .ended(let result):
                    progress.clear()
                    return try result.get()
                }
            }
            throw CancellationError()
        }
    }
}
