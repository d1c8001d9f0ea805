import LibP2P

/// What a part of the application wants to hear of connections; called on the host's event loop.
public struct HostObserver {
    /// A connection was authenticated. Streams can be opened at once; identify has not been answered yet.
    public var connected: (Connection) -> Void
    /// The peer described itself, at first or anew (push).
    public var identified: (Connection, IdentifyMessage) -> Void
    /// A connection ended; `last` when no other one to the peer is left.
    public var disconnected: (Connection, _ last: Bool) -> Void

    public init(
        connected: @escaping (Connection) -> Void = { _ in },
        identified: @escaping (Connection, IdentifyMessage) -> Void = { _, _ in },
        disconnected: @escaping (Connection, _ last: Bool) -> Void = { _, _ in },
    ) {
        self.connected = connected
        self.identified = identified
        self.disconnected = disconnected
    }
}
