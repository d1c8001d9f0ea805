/// The bounds of one Yamux session.
public struct YamuxConfiguration: Sendable {
    /// Every stream starts with this window in both directions, as the specification fixes it: 256 KiB.
    public static let initialWindow: UInt32 = 262_144

    /// The most streams that the peer may have open at once; further ones are reset.
    public var maxInboundStreams = 256
    /// The most streams that we open at once.
    public var maxOutboundStreams = 1_024
    /// The most streams that we open before the peer acknowledged them (the specification's advice).
    public var maxUnacknowledgedStreams = 256
    /// The largest receive window that a stream grows to: 16 MiB, 2 Gbit/s at a round trip of 63 ms.
    public var maxStreamWindow: UInt32 = 16_777_216
    /// What all streams of the session may grow beyond their initial windows, together: 64 MiB.
    public var maxExtraWindow = 67_108_864
    /// A stream that was above this many unsent bytes reports when it is down to them again.
    public var lowWaterMark = 65_536

    public init() {}
}
