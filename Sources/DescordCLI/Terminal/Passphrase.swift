import DescordCrypto
import Glibc

/// Where a passphrase comes from: a descriptor, a file, or the person at the terminal; never an argument.
package struct PassphraseSource: Sendable {
    /// The longest passphrase, in bytes.
    package static let maxSize = 4_096

    /// `--passphrase-fd`.
    package var descriptor: Int32?
    /// `DESCORD_PASSPHRASE_FILE`.
    package var file: String?

    /// Whether the person may be asked.
    package var asksAtTerminal: Bool

    package init(descriptor: Int32?, file: String?, asksAtTerminal: Bool = true) {
        self.descriptor = descriptor
        self.file = file
        self.asksAtTerminal = asksAtTerminal
    }

    /// Whether one was named.
    package var isNamed: Bool { self.descriptor != nil || self.file != nil }

    /// Returns the passphrase of the named source, or asks at the terminal; nil when there is neither.
    package func passphrase(prompt: String) throws(CommandError) -> SecretBytes? {
        if let descriptor {
            guard fcntl(descriptor, F_GETFD) != -1 else {
                throw CommandError(
                    .usage, .badValue, "descriptor \(descriptor) of --passphrase-fd is not open")
            }
            return try self.line(of: descriptor)
        }
        if let file {
            let opened = open(file, O_RDONLY | O_CLOEXEC)
            guard opened >= 0 else {
                throw CommandError(
                    .notPermitted, .passphraseNeeded,
                    "cannot read the passphrase file \"\(file)\": \(SystemText.error(errno))",
                    hint: "check DESCORD_PASSPHRASE_FILE")
            }
            defer { close(opened) }
            return try self.line(of: opened)
        }
        return self.asksAtTerminal ? TerminalPrompt.secret(prompt) : nil
    }

    /// The first line, without its end.
    private func line(of descriptor: Int32) throws(CommandError) -> SecretBytes {
        var bytes = try StandardStreams.read(descriptor, limit: Self.maxSize + 2)
        defer { wipe(&bytes) }
        var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard line.count <= Self.maxSize else {
            throw CommandError(
                .badInput, .passphraseNeeded, "the passphrase is longer than \(Self.maxSize) bytes")
        }
        return SecretBytes(line)
    }
}

/// Asks the person at the controlling terminal, whatever the standard streams are.
package enum TerminalPrompt {
    /// Reads a line with the echo off; nil when there is no terminal.
    package static func secret(_ prompt: String) -> SecretBytes? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else { return nil }
        Interruption.willChangeTerminal(terminal, from: settings)
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        silent.c_lflag |= tcflag_t(ECHONL)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        defer {
            tcsetattr(terminal, TCSAFLUSH, &settings)
            Interruption.didRestoreTerminal()
        }
        _ = StandardStreams.write(Array(prompt.utf8), to: terminal)
        var line: [UInt8] = []
        defer { wipe(&line) }
        line.reserveCapacity(PassphraseSource.maxSize)
        var byte: UInt8 = 0
        while read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n"), line.count < PassphraseSource.maxSize
        {
            line.append(byte)
        }
        return SecretBytes(line)
    }

    /// Asks a question that only `yes` answers; nil when there is no terminal.
    package static func confirms(_ question: String) -> Bool? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        _ = StandardStreams.write(Array((question + " (yes/no) ").utf8), to: terminal)
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n"), line.count < 16 { line.append(byte) }
        return line == Array("yes".utf8)
    }
}
