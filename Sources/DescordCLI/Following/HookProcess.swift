import Dispatch
import Glibc
import Synchronization

/// One run of a hook: `/bin/sh -c COMMAND` in a process group of its own, with a line on its standard input.
///
/// Its other streams are ours. Cancelling the task sends SIGTERM to the group and waits for the shell to end.
package final class HookProcess: Sendable {
    /// How a hook ended.
    package enum Outcome: Equatable, Sendable {
        case succeeded
        case exited(Int32)
        case killed(signal: Int32)
        case notStarted(code: Int32)

        /// What is said of a failure; nil when it succeeded.
        package var failure: String? {
            switch self {
            case .succeeded: nil
            case .exited(let code): "exit \(code)"
            case .killed(let signal): "signal \(signal)"
            case .notStarted(let code): "cannot start /bin/sh: \(SystemText.error(code))"
            }
        }
    }

    private struct State {
        var pid: pid_t = 0
        var isOver = false
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let command: String
    private let environment: [String]

    private init(_ command: String, environment: [String]) {
        self.command = command
        self.environment = environment
    }

    /// Runs a hook to its end; throws `CancellationError` when the task was cancelled meanwhile, whatever the
    /// hook made of that.
    package static func run(
        _ command: String, input: String, environment: [String: String]
    ) async throws -> Outcome {
        let entries = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let process = HookProcess(command, environment: entries)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // The thread may block: it waits for the child.
                DispatchQueue(label: "descord.hook").async {
                    continuation.resume(returning: process.runToItsEnd(Array(input.utf8)))
                }
            }
        } onCancel: {
            process.terminate()
        }
        try Task.checkCancellation()
        return outcome
    }

    private func terminate() {
        self.state.withLock { state in
            state.isCancelled = true
            guard state.pid > 0, !state.isOver else { return }
            kill(-state.pid, SIGTERM)
        }
    }

    private func runToItsEnd(_ input: [UInt8]) -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard WakePipe.open(&ends) else { return .notStarted(code: errno) }
        let pid: pid_t
        switch self.start(reading: ends[0]) {
        case .success(let started): pid = started
        case .failure(let failure):
            for end in ends { close(end) }
            return .notStarted(code: failure.code)
        }
        close(ends[0])
        let writer = InputWriter(input, to: ends[1])
        writer.begin()
        var information = siginfo_t()
        // Not reaped yet: until then nobody else gets its number, and a signal meets nobody else.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        var status: Int32 = 0
        self.state.withLock { state in
            state.isOver = true
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        }
        writer.end()
        let signal = status & 0x7f
        if signal != 0 { return .killed(signal: signal) }
        let code = status >> 8 & 0xff
        return code == 0 ? .succeeded : .exited(code)
    }

    private struct StartFailure: Error {
        let code: Int32
    }

    /// Starts the shell with nothing of ours open but the three streams, and signals as a program expects
    /// them.
    private func start(reading input: Int32) -> Result<pid_t, StartFailure> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        StandardStreams.keepOthersFromChildren()
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGQUIT] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        let words = ["/bin/sh", "-c", self.command]
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let environment: [UnsafeMutablePointer<CChar>?] = self.environment.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        return self.state.withLock { state in
            guard !state.isCancelled else { return .failure(StartFailure(code: ECANCELED)) }
            var pid: pid_t = 0
            let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environment)
            guard code == 0 else { return .failure(StartFailure(code: code)) }
            state.pid = pid
            return .success(pid)
        }
    }
}

/// Writes a hook's input to its pipe, as far as the hook reads it, and closes the pipe.
private final class InputWriter: Sendable {
    private let bytes: [UInt8]
    private let descriptor: Int32
    private let wake: Mutex<[Int32]>
    private let isDone = DispatchSemaphore(value: 0)

    init(_ bytes: [UInt8], to descriptor: Int32) {
        self.bytes = bytes
        self.descriptor = descriptor
        self.wake = Mutex([])
    }

    /// Writes what the pipe takes at once, and the rest on a thread of its own.
    func begin() {
        var offset = 0
        if self.write(&offset) {
            self.close()
            return
        }
        var ends: [Int32] = [-1, -1]
        guard WakePipe.open(&ends) else { return self.close() }
        self.wake.withLock { $0 = ends }
        let (wakeEnd, position) = (ends[0], offset)
        DispatchQueue(label: "descord.hook.input").async {
            var offset = position
            while !self.write(&offset) {
                var entries = [
                    pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0),
                    pollfd(fd: wakeEnd, events: Int16(POLLIN), revents: 0),
                ]
                _ = poll(&entries, 2, -1)
                if entries[1].revents != 0 { break }
            }
            self.close()
            self.isDone.signal()
        }
    }

    /// Gives up on what the hook, which has ended, did not read.
    func end() {
        let ends = self.wake.withLock { $0 }
        guard ends.count == 2 else { return }
        var byte: UInt8 = 0
        _ = Glibc.write(ends[1], &byte, 1)
        self.isDone.wait()
        for end in ends { Glibc.close(end) }
    }

    /// Returns whether everything is written, or nobody reads any more.
    private func write(_ offset: inout Int) -> Bool {
        while offset < self.bytes.count {
            let count = self.bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    self.descriptor, UnsafeRawBufferPointer(rebasing: buffer[offset...]).baseAddress,
                    buffer.count - offset)
            }
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                return false
            } else if errno != EINTR {
                return true
            }
        }
        return true
    }

    private func close() { Glibc.close(self.descriptor) }
}
