/// What a host lets its peers hold at once.
public struct HostLimits: Sendable {
    /// Connections in both directions, half-open ones included; inbound ones above it are closed unread.
    public var connections = 512
    /// Connections to one peer: two sides that dial each other at once make two, reconnecting makes a third.
    /// One more closes the oldest, so that a peer whose old connections hang can come back.
    public var connectionsPerPeer = 4
    /// Inbound connections that have not authenticated yet.
    public var halfOpenInbound = 128
    /// Inbound connections from one IP address that have not authenticated yet, so that one address cannot
    /// take all of `halfOpenInbound`.
    public var halfOpenInboundPerAddress = 48
    /// Streams that a peer may have open on one connection.
    public var inboundStreamsPerConnection = 256
    /// Bytes of paused streams kept for their readers, a connection; the stream that exceeds it is reset.
    public var unreadBytesPerConnection = 32 << 20
    /// Bytes written and not yet sent on one stream; the stream that exceeds it is reset, because its writer
    /// ignores `pendingBytes`.
    public var unsentBytesPerStream = 64 << 20
    /// Addresses dialled in parallel for one peer; the rest of the list is left out.
    public var parallelDials = 8

    public init() {}
}

/// How long a host waits for its peers.
public struct HostDeadlines: Sendable {
    /// From the TCP connection to an authenticated, multiplexed one (go: 15 s when accepting).
    public var handshake: Duration = .seconds(15)
    /// From opening a stream to an agreed protocol (go: 15 s).
    public var negotiation: Duration = .seconds(15)
    /// Silence after which a peer is pinged; nil never asks.
    public var keepAliveInterval: Duration? = .seconds(30)
    /// For a pinged peer's sign of life; then it counts as gone.
    public var keepAliveTimeout: Duration = .seconds(20)
    /// For a peer's identify message (go: 5 s).
    public var identify: Duration = .seconds(5)
    /// For the answer to a ping (go: 10 s).
    public var ping: Duration = .seconds(10)
    /// An inbound ping stream without a request (go: 30 s).
    public var pingIdle: Duration = .seconds(30)
    /// For written bytes to leave when the host closes.
    public var drain: Duration = .seconds(3)
    /// For the peer to close its side after we closed ours.
    public var linger: Duration = .seconds(1)

    public init() {}
}
