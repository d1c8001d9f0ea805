/// What went wrong, in the one form that becomes an exit code, a line for people and an object for programs.
package struct CommandError: Error, Equatable, Sendable {
    /// The family of a failure, which decides the exit code (sysexits).
    package enum Kind: Int32, CaseIterable, Sendable {
        /// A bug of ours.
        case unexpected = 1
        /// Unknown option or command, or a value that does not parse.
        case usage = 64
        /// Unknown or ambiguous reference, or input that cannot be used.
        case badInput = 65
        /// Nobody could be reached.
        case unavailable = 69
        /// Disk full, database unreadable.
        case inputOutput = 74
        /// Committed here, and not yet where it should be.
        case tryLater = 75
        /// Role, ban, ticket, passphrase, file mode.
        case notPermitted = 77
        /// No identity, bad configuration, newer database, forked key.
        case configuration = 78
        case interrupted = 130
        case brokenPipe = 141
        case terminated = 143
    }

    package var kind: Kind
    /// The stable word of `--json`; `docs/json.md` lists all.
    package var code: ErrorCode
    /// Lower case, no full stop.
    package var message: String
    /// What to do about it, when that is known.
    package var hint: String?
    /// Further lines for people: candidates of an ambiguous reference, the usage line.
    package var details: [String]

    package init(
        _ kind: Kind, _ code: ErrorCode, _ message: String, hint: String? = nil, details: [String] = []
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details
    }

    /// The process's exit code.
    package var exitCode: Int32 { self.kind.rawValue }

    /// Whether anything is said about it: a closed pipe or an interrupt is the user's own doing.
    package var isSilent: Bool {
        switch self.kind {
        case .interrupted, .terminated, .brokenPipe: true
        default: false
        }
    }
}
