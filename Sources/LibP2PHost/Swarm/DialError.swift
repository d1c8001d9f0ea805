import LibP2P
import LibP2PCore

/// Why one address did not lead to a connection.
public enum DialFailure: Error, Equatable, Sendable {
    /// Not an IP or DNS name with a TCP port and nothing else.
    case unsupportedAddress
    /// The address names another peer than the expected one.
    case addressOfAnotherPeer
    /// The address, or the peer that answered there, is this host.
    case ownIdentity
    /// The TCP connection failed; the system's words.
    case unreachable(String)
    /// The connection was closed before it was authenticated.
    case handshakeFailed(ConnectionFailure?)
    /// `DialPolicy` forbids it: the address comes from a stranger and leads somewhere private, or strangers
    /// caused enough dials in this run.
    case forbiddenByPolicy
    /// Neither connected nor refused within the deadline.
    case timedOut
    /// The host holds as many connections as it may, or is closing.
    case refusedByLimit
    /// Another address won, or the dial was given up.
    case cancelled
}

extension DialFailure: CustomStringConvertible {
    /// The failure in words, for whoever asked for the dial.
    public var description: String {
        switch self {
        case .unsupportedAddress: "it is no address of TCP alone"
        case .addressOfAnotherPeer: "the address names another peer"
        case .ownIdentity: "our own identity answers there"
        case .unreachable(let words): words
        case .handshakeFailed(.noise(.unexpectedPeer(let peer))): "\(peer) answers there"
        case .handshakeFailed(.handshakeTimeout), .timedOut: "nobody answered in time"
        case .handshakeFailed(.disconnected), .handshakeFailed(nil): "the connection was closed at once"
        case .handshakeFailed: "no libp2p node with Noise and Yamux answers there"
        case .forbiddenByPolicy: "such an address is not dialled on a stranger's word"
        case .refusedByLimit: "there are too many connections"
        case .cancelled: "the dial was given up"
        }
    }
}

/// Why a dial did not lead to a connection: one failure an address, in the order of the addresses.
public struct DialError: Error, Equatable, Sendable {
    /// An address and what happened there.
    public struct Attempt: Equatable, Sendable {
        public let address: Multiaddr
        public let failure: DialFailure
    }

    /// What happened, in the order of the addresses; empty when none was given.
    public let attempts: [Attempt]
}

/// Why a stream could not be opened.
public enum OpenStreamError: Error, Equatable, Sendable {
    /// No usable connection to the peer.
    case notConnected
    /// The connection has as many streams as it may.
    case tooManyStreams
    /// The stream ended before a protocol was agreed on.
    case stream(StreamFailure)
}

/// Why a stream ended otherwise than by both sides finishing.
public enum StreamFailure: Error, Equatable, Sendable {
    /// The peer speaks none of the offered protocols.
    case refused
    /// Either side reset it, with libp2p's error code (0: none given).
    case reset(code: UInt32)
    /// The connection under it ended.
    case connectionClosed
    /// A limit of `HostLimits` was reached.
    case limitReached
}
