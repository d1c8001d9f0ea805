/// How much may go out in a second; 0 means no limit.
public struct RateLimit: Hashable, Sendable {
    /// Bytes of encoded messages a second; a second's worth may go out at once.
    public var bytesPerSecond: Int
    /// Messages a second; a second's worth may go out at once.
    public var messagesPerSecond: Int

    public init(bytesPerSecond: Int = 0, messagesPerSecond: Int = 0) {
        self.bytesPerSecond = bytesPerSecond
        self.messagesPerSecond = messagesPerSecond
    }
}
