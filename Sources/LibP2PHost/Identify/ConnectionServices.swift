import LibP2PCore
import NIOCore

/// What identify and ping remember of a connection.
struct ConnectionServices {
    /// Identify streams being answered.
    var identifyAnswers = 0
    /// Ping streams being answered.
    var inboundPings = 0
    /// The ping that waits for its answer; callers meanwhile share it.
    var ping: EventLoopFuture<Duration>?

    private var pushTokens: Int?
    private var pushRefill = Instant.zero

    init() {}

    /// Takes a token of the bucket that refills by one a second.
    mutating func allowsPush(at now: Instant, burst: Int) -> Bool {
        let tokens = self.pushTokens ?? burst
        let refilled = Int(max(0, (now - self.pushRefill).wholeMilliseconds / 1_000))
        self.pushRefill = refilled > 0 ? now : self.pushRefill
        let available = min(burst, tokens + min(refilled, burst))
        self.pushTokens = max(0, available - 1)
        return available > 0
    }
}
