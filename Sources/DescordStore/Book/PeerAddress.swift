import LibP2PCore

/// Who told us an address; decides what may be dialled (`docs/protocol.md`, dialling rules).
public enum AddressSource: Int, Hashable, Sendable, CaseIterable {
    /// A person typed it.
    case typed = 0
    /// A ticket.
    case ticket = 1
    /// A member's signed record.
    case record = 2
    /// A packet of multicast DNS.
    case mdns = 3
    /// The other end of a connection that came in.
    case inbound = 4
}

/// An address of the book.
public struct PeerAddress: Hashable, Sendable {
    public var peer: PeerID
    public var address: Multiaddr
    public var source: AddressSource
    /// The last handshake with the expected peer.
    public var lastSuccess: WallTime?
    public var lastFailure: WallTime?
    /// Failures since the last success.
    public var failures: Int
}
