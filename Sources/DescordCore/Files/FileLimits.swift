/// The bounds of files.
public enum FileLimits {
    /// The protocol's id.
    public static let protocolID = "/descord/files/1.0.0"
    /// Bytes of one file: 8 MiB.
    public static let maxFileSize = 8 << 20
    /// Bytes of files that are kept for one space: 128 of the largest.
    public static let maxSpaceSize = 1 << 30
    /// Files that are kept for one space; small ones cost a row each.
    public static let maxSpaceCount = 16_384
    /// Files that we fetch at once: each is held in memory until it is whole.
    public static let maxFetches = 4
    /// Files at once of which we tell whoever wrote the message that they are here.
    public static let maxTellings = 4
    /// Streams that one peer may hold open with us at once: what it fetches and what it tells.
    public static let maxStreamsPerPeer = Self.maxFetches + Self.maxTellings
    /// What a peer may take at once, and again in a minute: two messages of the most and largest files.
    public static let bytesPerMinute = 128 << 20
    /// What a request costs at least, so that requests themselves are bounded: 2,048 a minute.
    public static let minRequestCost = 64 << 10
    /// Peers whose consumption is remembered.
    static let maxAllowances = 4_096
    /// A stream on which nothing moves for so long is reset.
    public static let idleDeadline = Duration.seconds(30)
    /// Bytes a second that a transfer makes at least, counted over the whole of it: a peer that sends a byte
    /// now and then keeps no place for hours.
    static let minBytesPerSecond = 16 << 10

    /// How long a whole transfer of `size` bytes may take.
    public static func deadline(of size: Int) -> Duration {
        self.idleDeadline + .seconds(size / self.minBytesPerSecond)
    }
}
