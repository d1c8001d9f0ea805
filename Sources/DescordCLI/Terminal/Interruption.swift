import Glibc
import Synchronization

/// SIGINT and SIGTERM: at once while nothing but local work is done, and through the command's cancellation
/// while a session of the network has to be left properly. A second signal never waits.
///
/// The state is a few process-wide atomics, because a signal handler may touch nothing else.
package enum Interruption {
    /// The first signal that came, 0 before.
    private static let first = Atomic<Int32>(0)
    /// The writing end of the pipe that wakes the watcher, -1 while signals end the process at once.
    private static let wakeDescriptor = Atomic<Int32>(-1)
    /// The terminal whose settings were changed and must be put back before the process ends, or -1.
    private static let changedTerminal = Atomic<Int32>(-1)
    nonisolated(unsafe) private static var savedTerminal = termios()

    /// Takes the signals over; SIGPIPE becomes an error of the write.
    package static func install() {
        signal(SIGPIPE, SIG_IGN)
        // Touched before a handler may: what is made by its first use must not be made in a handler.
        _ = (
            self.first.load(ordering: .relaxed), self.wakeDescriptor.load(ordering: .relaxed),
            self.changedTerminal.load(ordering: .relaxed), self.savedTerminal
        )
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in Interruption.received(number) }
        sigemptyset(&action.sa_mask)
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
    }

    /// The failure that a command ends with after its cancellation, when a signal was the reason.
    package static var failure: CommandError? {
        switch self.first.load(ordering: .acquiring) {
        case SIGINT: CommandError(.interrupted, .interrupted, "interrupted")
        case SIGTERM: CommandError(.terminated, .terminated, "terminated")
        default: nil
        }
    }

    /// Yields the number of each signal, once `watch` was called.
    package static let signals = Self.stream.stream
    private static let stream = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(4))
    /// Who is asked first about a signal: the interactive shell.
    private static let receiver = Mutex<(@Sendable (Int32) -> Bool)?>(nil)

    /// Hands signals to `receiver` from now on: those that it takes are forgotten and end nothing.
    package static func divert(to receiver: (@Sendable (Int32) -> Bool)?) {
        self.receiver.withLock { $0 = receiver }
    }

    /// From now on a signal is yielded by `signals` instead of ending the process; further calls do nothing.
    package static func watch() {
        var ends: [Int32] = [-1, -1]
        guard self.wakeDescriptor.load(ordering: .acquiring) == -1, WakePipe.open(&ends) else { return }
        let watcher = Unmanaged.passRetained(SignalWatcher(descriptor: ends[0]))
        var thread = pthread_t()
        let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            Unmanaged<SignalWatcher>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }
        guard pthread_create(&thread, nil, run, watcher.toOpaque()) == 0 else {
            watcher.release()
            return
        }
        pthread_detach(thread)
        self.wakeDescriptor.store(ends[1], ordering: .releasing)
    }

    /// Runs on the watcher's thread.
    fileprivate static func deliver(_ number: Int32) {
        let receiver = self.receiver.withLock { $0 }
        if let receiver, receiver(number) {
            self.first.store(0, ordering: .releasing)
        } else {
            self.stream.continuation.yield(number)
        }
    }

    /// Notes the settings of a terminal whose echo is about to be turned off.
    package static func willChangeTerminal(_ descriptor: Int32, from settings: termios) {
        self.savedTerminal = settings
        self.changedTerminal.store(descriptor, ordering: .releasing)
    }

    /// The settings were put back.
    package static func didRestoreTerminal() { self.changedTerminal.store(-1, ordering: .releasing) }

    /// Runs as a signal handler: atomics, `write`, `tcsetattr` and `_exit` alone.
    private static func received(_ number: Int32) {
        let (isFirst, _) = self.first.compareExchange(
            expected: 0, desired: number, ordering: .acquiringAndReleasing)
        let descriptor = self.wakeDescriptor.load(ordering: .acquiring)
        if isFirst, descriptor >= 0 {
            var byte = UInt8(truncatingIfNeeded: number)
            if write(descriptor, &byte, 1) == 1 { return }
        }
        let terminal = self.changedTerminal.load(ordering: .acquiring)
        if terminal >= 0 { _ = tcsetattr(terminal, TCSANOW, &self.savedTerminal) }
        _exit(128 + number)
    }
}

/// Waits on a thread of its own for the byte that a signal handler writes.
private final class SignalWatcher: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    func run() {
        var byte: UInt8 = 0
        while true {
            let count = read(self.descriptor, &byte, 1)
            if count == 1 { Interruption.deliver(Int32(byte)) }
            if count == 0 || (count < 0 && errno != EINTR) { return }
        }
    }
}
