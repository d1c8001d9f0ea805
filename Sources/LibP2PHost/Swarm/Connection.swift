import LibP2P
import LibP2PCore
import NIOCore

/// An authenticated, multiplexed connection to a peer. Confined to the host's event loop.
public final class Connection {
    /// Who dialled, or who opened a stream.
    public enum Direction: Sendable {
        case inbound
        case outbound
    }

    /// The authenticated peer.
    public let peer: PeerID
    /// Who dialled.
    public let direction: Direction
    /// The address at the other end, without the peer's id; of an inbound connection the port is a passing
    /// one.
    public let remoteAddress: Multiaddr
    /// The Noise handshake hash, 32 bytes: a name of this connection that both ends share and nobody can
    /// choose.
    public let handshakeHash: [UInt8]
    /// The number of the connection in this host, in the order of authentication.
    public let ordinal: UInt64
    /// The last measured round trip.
    public internal(set) var rtt: Duration?
    /// What the peer last said of itself.
    public internal(set) var identify: IdentifyMessage?
    /// The peer's own signed addresses, verified.
    public internal(set) var peerRecord: PeerRecord?
    /// Whether streams can be opened: neither side is closing it.
    public internal(set) var isUsable = true

    let driver: ConnectionHandler
    var services = ConnectionServices()

    init(
        peer: PeerID, direction: Direction, remoteAddress: Multiaddr, handshakeHash: [UInt8], ordinal: UInt64,
        driver: ConnectionHandler,
    ) {
        self.peer = peer
        self.direction = direction
        self.remoteAddress = remoteAddress
        self.handshakeHash = handshakeHash
        self.ordinal = ordinal
        self.driver = driver
    }

    /// Opens a stream for the first protocol of `protocols` that the peer speaks. With one protocol the
    /// stream is usable at once, before the peer agreed; `onClosed` tells when it does not.
    public func openStream(_ protocols: [String]) -> EventLoopFuture<Stream> {
        let loop = self.driver.eventLoop.assumeIsolated()
        switch self.driver.openStream(protocols, on: self) {
        case .failure(let error): return loop.makeFailedFuture(error)
        case .success(let stream):
            return protocols.count == 1
                ? loop.makeSucceededFuture(stream) : stream.whenNegotiated(on: self.driver.eventLoop)
        }
    }

    /// Opens a stream of one protocol, usable at once; nil when the connection allows no more.
    public func openStream(_ protocolID: String) -> Stream? {
        switch self.driver.openStream([protocolID], on: self) {
        case .success(let stream): stream
        case .failure: nil
        }
    }

    /// Says goodbye and closes. Bytes that were written and not sent are lost: see `Stream.whenFlushed`.
    public func close() {
        self.driver.close()
    }
}
