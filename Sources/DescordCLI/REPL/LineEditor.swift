@preconcurrency import CReadline
import Glibc
import Synchronization

/// GNU readline on a thread of its own, with its callback interface, so that lines which come in from the
/// network stand above what is being typed.
///
/// The library has one global state: everything of it is touched on the editor's thread alone. What other
/// threads hand over (a prompt, lines to print, an interrupt) stands in `state`, and a byte in the pipe says
/// so.
package final class LineEditor: LineSink {
    /// What a prompt came to.
    package enum Event: Sendable, Equatable {
        case line(String)
        /// Ctrl-D, or the terminal is gone.
        case end
    }

    private struct State {
        /// A prompt that the thread has yet to show.
        var prompt: String?
        /// Whether somebody waits for a line, so that output must go through the thread.
        var waiter: CheckedContinuation<Event, Never>?
        var output: [(text: String, stream: Output.Stream)] = []
        var isInterrupted = false
        var isStopped = false
    }

    /// Lines that are kept between sessions.
    private static let historySize: Int32 = 1_000

    private let state = Mutex(State())
    private let readEnd: Int32
    private let writeEnd: Int32
    private let historyPath: String
    private let complete: @Sendable (_ before: String, _ word: String) -> [String]

    /// Makes an editor of the process's terminal; nil when the system refuses a pipe or a thread.
    package init?(
        historyPath: String, complete: @escaping @Sendable (_ before: String, _ word: String) -> [String]
    ) {
        var ends: [Int32] = [-1, -1]
        guard WakePipe.open(&ends), fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 else { return nil }
        (self.readEnd, self.writeEnd) = (ends[0], ends[1])
        self.historyPath = historyPath
        self.complete = complete
        var thread = pthread_t()
        let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            Unmanaged<LineEditor>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }
        let context = Unmanaged.passRetained(self)
        guard pthread_create(&thread, nil, run, context.toOpaque()) == 0 else {
            context.release()
            return nil
        }
        pthread_detach(thread)
    }

    // MARK: - From any thread

    /// Shows a prompt and returns the line that was typed; cancelling the task ends the waiting.
    package func line(prompt: String) async -> Event {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isStopped = self.state.withLock { state in
                    guard !state.isStopped else { return true }
                    state.prompt = prompt
                    state.waiter = continuation
                    return false
                }
                if isStopped { continuation.resume(returning: .end) } else { self.wake() }
            }
        } onCancel: {
            self.stop()
        }
    }

    /// Clears the line that is being typed.
    package func interrupt() {
        self.state.withLock { $0.isInterrupted = true }
        self.wake()
    }

    /// Ends the editor; whoever waits for a line is told that there are no more.
    package func stop() {
        self.state.withLock { $0.isStopped = true }
        self.wake()
    }

    package func write(_ text: String, to stream: Output.Stream) throws(CommandError) {
        let isQueued = self.state.withLock { state in
            guard state.waiter != nil else { return false }
            state.output.append((text, stream))
            return true
        }
        if isQueued { self.wake() } else { try DescriptorSink().write(text, to: stream) }
    }

    private func wake() {
        var byte: UInt8 = 0
        _ = Glibc.write(self.writeEnd, &byte, 1)  // a full pipe wakes the thread as well
    }

    // MARK: - On the editor's thread

    /// The editor whose callbacks readline calls.
    nonisolated(unsafe) private static var current: LineEditor?
    /// What the completion under way offers.
    nonisolated(unsafe) private static var candidates: [String] = []
    nonisolated(unsafe) private static var isPrompting = false

    private func run() {
        Self.current = self
        self.configure()
        var isStopped = false
        while !isStopped {
            var entries = [
                pollfd(fd: self.readEnd, events: Int16(POLLIN), revents: 0),
                pollfd(fd: Self.isPrompting ? 0 : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, -1) >= 0 || errno == EINTR else { break }
            if entries[0].revents != 0 { isStopped = self.takeOrders() }
            if entries[1].revents != 0, Self.isPrompting { rl_callback_read_char() }
        }
        self.finish(.end)
        Self.current = nil
    }

    private func configure() {
        rl_catch_signals = 0
        rl_readline_name = UnsafePointer(strdup("descord"))
        rl_initialize()
        rl_variable_bind("enable-bracketed-paste", "on")
        rl_completer_word_break_characters = UnsafePointer(strdup(" \t\n"))
        rl_attempted_completion_function = { text, start, end in
            LineEditor.current?.candidates(text, start) ?? nil
        }
        using_history()
        stifle_history(Self.historySize)
        history_truncate_file(self.historyPath, Self.historySize)
        read_history(self.historyPath)
    }

    /// Does what other threads asked for; returns whether that was to stop.
    private func takeOrders() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(self.readEnd, &bytes, bytes.count) > 0 {}
        let (prompt, output, isInterrupted, isStopped) = self.state.withLock { state in
            defer {
                state.prompt = nil
                state.output = []
                state.isInterrupted = false
            }
            return (state.prompt, state.output, state.isInterrupted, state.isStopped)
        }
        if let prompt { self.show(prompt) }
        self.printAbove(output)
        if isInterrupted, Self.isPrompting {
            rl_callback_sigcleanup()
            rl_replace_line("", 0)
            rl_crlf()
            rl_on_new_line()
            rl_redisplay()
        }
        return isStopped
    }

    private func show(_ prompt: String) {
        var settings = termios()
        if tcgetattr(0, &settings) == 0 { Interruption.willChangeTerminal(0, from: settings) }
        Self.isPrompting = true
        rl_callback_handler_install(prompt) { line in
            guard let editor = LineEditor.current else { return }
            guard let line else {
                editor.finish(.end)
                return
            }
            let text = String(cString: line)
            free(line)
            editor.remember(text)
            editor.finish(.line(text))
        }
    }

    /// Takes the prompt away and hands the event to whoever waits; output that is still queued goes out
    /// first.
    private func finish(_ event: Event) {
        if Self.isPrompting {
            Self.isPrompting = false
            rl_callback_handler_remove()
            Interruption.didRestoreTerminal()
            if event == .end { _ = StandardStreams.write([0x0a], to: 1) }
        }
        let (waiter, output) = self.state.withLock { state in
            defer {
                state.waiter = nil
                state.output = []
            }
            return (state.waiter, state.output)
        }
        for line in output { _ = StandardStreams.write(Array(line.text.utf8), to: line.stream.rawValue) }
        waiter?.resume(returning: event)
    }

    private func printAbove(_ output: [(text: String, stream: Output.Stream)]) {
        guard !output.isEmpty else { return }
        if Self.isPrompting {
            rl_clear_visible_line()
            fflush(rl_outstream)
        }
        for line in output { _ = StandardStreams.write(Array(line.text.utf8), to: line.stream.rawValue) }
        guard Self.isPrompting else { return }
        rl_on_new_line()
        rl_redisplay()
    }

    // MARK: - History and completion

    /// Keeps a line, unless it holds a secret or is the same as the last one.
    private func remember(_ line: String) {
        guard History.keeps(line) else { return }
        if history_length > 0, let last = history_get(history_base + history_length - 1),
            let text = last.pointee.line, String(cString: text) == line
        {
            return
        }
        add_history(line)
        History.append(line, to: self.historyPath)
    }

    private func candidates(
        _ text: UnsafePointer<CChar>?, _ start: Int32
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        rl_attempted_completion_over = 1
        guard let text, let buffer = rl_line_buffer else { return nil }
        let word = String(cString: text)
        let before = UnsafeRawBufferPointer(start: buffer, count: Int(start))
        let found = self.complete(String(decoding: before, as: UTF8.self), word)
        LineEditor.candidates = found.filter { $0.hasPrefix(word) }.sorted(by: >)
        guard !LineEditor.candidates.isEmpty else { return nil }
        return rl_completion_matches(text) { _, _ in
            LineEditor.candidates.popLast().flatMap { strdup($0) }
        }
    }
}

/// The REPL's memory of lines: a file of the home that nobody else can read, and that never holds a ticket.
package enum History {
    /// Whether a line may be kept: a ticket is a secret, and what has several lines was pasted.
    package static func keeps(_ line: String) -> Bool {
        !line.allSatisfy(\.isWhitespace) && !line.contains("\n")
            && line.range(ofTicketPrefix: "descord1") == nil && !line.contains("--passphrase")
    }

    /// Adds a line to the file, 0600; without the file the REPL forgets, and that is all.
    static func append(_ line: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = fchmod(descriptor, 0o600)
        _ = StandardStreams.write(Array((line + "\n").utf8), to: descriptor)
    }
}

extension String {
    /// Finds a prefix of tickets in either case.
    fileprivate func range(ofTicketPrefix prefix: String) -> Range<String.Index>? {
        self.lowercased().firstRange(of: prefix)
    }
}
