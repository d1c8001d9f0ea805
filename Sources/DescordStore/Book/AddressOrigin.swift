import LibP2PCore

/// Who told us an address; decides what may be dialled (`docs/protocol.md`, dialling rules).
public enum AddressOrigin: Int, Hashable, Sendable, CaseIterable {
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
    public var source: AddressOrigin
    /// The last handshake with the expected peer.
    public var lastSuccess: WallTime?
    public var lastFailure: WallTime?
    /// Failures since the last success.
    public var failures: Int
    /// When the peer's signed record that states it came; nil for addresses of the book.
    public var recordReceived: WallTime?

    /// When there was the last sign of the peer at this address; nil before the first.
    public var lastSign: WallTime? { [self.lastSuccess, self.recordReceived].compactMap { $0 }.max() }
}

/// What the book says of one peer.
public struct PeerBookEntry: Hashable, Sendable {
    public var peer: PeerID
    /// The best first; at most 8.
    public var addresses: [PeerAddress]
    /// What it called its program when it was last connected.
    public var agent: String?
}
