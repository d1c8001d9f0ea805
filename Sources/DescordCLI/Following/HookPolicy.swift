/// How often a hook that fails is tried for one message, and when again.
package struct HookPolicy: Equatable, Sendable {
    /// Tries without `--tries`: with the waits between them half a minute, which a restart of what the hook
    /// talks to takes.
    package static let triesDefault = 5
    /// The most tries: with the longest wait between them an hour and a half.
    package static let triesMax = 100
    /// The wait after the first failure; each further one is twice as long.
    package static let firstWait = Duration.seconds(2)
    /// The longest wait.
    package static let longestWait = Duration.seconds(60)

    /// Tries in all, at least one.
    package let tries: Int

    package init(tries: Int = Self.triesDefault) {
        precondition((1...Self.triesMax).contains(tries), "the option was parsed")
        self.tries = tries
    }

    /// How long to wait after this many failed tries; nil: give up.
    package func wait(afterTry count: Int) -> Duration? {
        guard count < self.tries else { return nil }
        // Beyond 16 doublings the wait is the longest one anyway.
        return min(Self.firstWait * (1 << min(count - 1, 16)), Self.longestWait)
    }
}
