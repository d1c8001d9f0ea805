import Dispatch
import Glibc
import Synchronization

/// Lines of a standard input that is no terminal, read as they are asked for; waiting for one can be
/// cancelled.
package final class LineReader: Sendable {
    /// The longest line: a message of the largest size with its command, escaped.
    package static let maxLineSize = 2_097_152
    /// What is read at once where nobody minds how far ahead.
    package static let chunkSize = 65_536

    private struct State {
        var buffer: [UInt8] = []
        /// Where the next line begins.
        var position = 0
        /// Up to where no newline was found.
        var searched = 0
        /// Whether what comes belongs to a line that was too long, up to its newline.
        var isSkipping = false
        var isAtEnd = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let descriptor: Int32
    private let chunkSize: Int
    private let maxLineSize: Int
    private let queue = DispatchQueue(label: "descord.input")

    package init(
        descriptor: Int32 = 0, chunkSize: Int = LineReader.chunkSize,
        maxLineSize: Int = LineReader.maxLineSize
    ) {
        self.descriptor = descriptor
        self.chunkSize = chunkSize
        self.maxLineSize = maxLineSize
    }

    /// Returns the next line without its newline, or nil at the end and after a cancellation. A line that is
    /// too long or no text is thrown for, and the next call returns the line behind it.
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
                self.state.withLock { Self.skipLine(&$0) }
                throw CommandError(
                    .badInput, .textTooLarge,
                    "a line of standard input is longer than \(self.maxLineSize) bytes")
            }
            await self.more()
        }
        return nil
    }

    private static func takeLine(_ state: inout State) -> ArraySlice<UInt8>? {
        while true {
            let from = max(state.position, state.searched)
            if let end = state.buffer[from...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = state.buffer[state.position..<end]
                state.position = end + 1
                guard state.isSkipping else { return line }
                state.isSkipping = false
                continue
            }
            state.searched = state.buffer.count
            if state.isSkipping { Self.skipLine(&state) }
            guard state.isAtEnd, state.position < state.buffer.count else { return nil }
            defer { state.position = state.buffer.count }
            return state.buffer[state.position...]
        }
    }

    /// Forgets the line that is being read, as far as it came.
    private static func skipLine(_ state: inout State) {
        state.isSkipping = true
        state.buffer = []
        state.position = 0
        state.searched = 0
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
        var chunk = [UInt8](repeating: 0, count: self.chunkSize)
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
