/// One line on the terminal of standard error that says how far a long work has come, and goes away with it.
///
/// Confined to the task of the command that shows it.
final class Progress {
    /// Between two looks of a person nothing has to change: ten a second.
    private static let interval = Duration.milliseconds(100)

    private let output: Output
    private var last: ContinuousClock.Instant?
    private var isShown = false

    /// Nil where nobody would see it: no terminal, `-q`, `--json`, and within the interactive shell, which
    /// has the terminal to itself.
    init?(_ context: CommandContext) {
        guard context.output.showsProgress, !context.surroundings.isInteractive else { return nil }
        self.output = context.output
    }

    /// Says how far it is, unless that was said just now.
    func show(_ text: @autoclosure () -> String) {
        let now = ContinuousClock.now
        if let last, now - last < Self.interval { return }
        self.last = now
        self.isShown = true
        self.output.overwrite(text())
    }

    /// Takes the line away.
    func clear() {
        guard self.isShown else { return }
        self.isShown = false
        self.output.overwrite("")
    }

    deinit { self.clear() }
}
