import Dispatch
import Glibc
import Synchronization

/// Lines of a standard input that is no terminal, read as they are asked for; waiting for one can be
/// cancelled.
package final class LineReader: Sendable {
    /// The longest line: a message of the largest size with its command, escaped.
    private static let commandMaxSize = 2_097_152

    private struct State {
        var buffer: [UInt8] = []
        /// Where the next line begins.
        var position = 0
        /// As far as there is no newline from there on.
        var searched = 0
        var isAtEnd = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let descriptor: Int32
    private let maxLineSize: Int
    private let queue = DispatchQueue(label: "descord.input")

    package init(descriptor: Int32 = 0, maxLineSize: Int? = nil) {
        self.descriptor = descriptor
        self.maxLineSize = maxLineSize ?? Self.commandMaxSize
    }

    /// Returns the next line without its newline, or nil at the end and after a cancellation.
    package func next() async throws(CommandError) -> String? {
        while !Task.isCancelled {
            if let line = self.state.withLock({ Self.takeLine(&$0) }) {
                guard let text = String(validating: line, as: UTF8.self) else {
                    throw CommandError(.badInput, .notUTF8, "a line of standard input is not UTF-8")
                }
                return text
            }
            let (isAtEnd, size) = self.state.withLock { ($0.isAtEnd, $0.buffer.count - $0.position) }
            guard !isAtEnd else { return nil }
            guard size <= self.maxLineSize else {
                throw CommandError(
                    .badInput, .textTooLarge,
                    "a line of standard input is longer than \(self.maxLineSize) bytes")
            }
            await self.more()
        }
        return nil
    }

    private static func takeLine(_ state: inout State) -> ArraySlice<UInt8>? {
        let rest = state.buffer[state.position...]
        if let end = rest[max(state.position, state.searched)...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            state.position = end + 1
            return line
        }
        state.searched = state.buffer.count
        guard state.isAtEnd, !rest.isEmpty else { return nil }
        state.position = state.buffer.count
        return rest
    }

    /// Waits for bytes on a thread that may block; a cancelled wait leaves the thread to the end of the
    /// process.
    private func more() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.state.withLock { $0.waiter = continuation }
                if Task.isCancelled { self.resume() }
                self.queue.async { self.read() }
            }
        } onCancel: {
            self.resume()
        }
    }

    private func read() {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var count = Glibc.read(self.descriptor, &chunk, chunk.count)
        while count < 0, errno == EINTR { count = Glibc.read(self.descriptor, &chunk, chunk.count) }
        self.state.withLock { state in
            if count > 0 {
                state.buffer.removeFirst(state.position)
                state.searched = max(0, state.searched - state.position)
                state.position = 0
                state.buffer += chunk[..<count]
            } else {
                state.isAtEnd = true
            }
        }
        self.resume()
    }

    private func resume() {
        let waiter = self.state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
