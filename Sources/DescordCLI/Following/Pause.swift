import Dispatch
import LibP2PCore
import Synchronization

/// A wait for time to pass, where nothing announces the event: another try of what failed.
package final class Pause: Sendable {
    private let waiter = Mutex<CheckedContinuation<Void, Never>?>(nil)

    private init() {}

    /// Returns after `duration`, or at once when the task is cancelled.
    package static func wait(_ duration: Duration) async {
        let pause = Pause()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pause.waiter.withLock { $0 = continuation }
                if Task.isCancelled { pause.end() }
                let nanoseconds = Int(clamping: duration.saturatedNanoseconds)
                DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
                    pause.end()
                }
            }
        } onCancel: {
            pause.end()
        }
    }

    private func end() {
        let waiter = self.waiter.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }
        waiter?.resume()
    }
}
