import DescordCrypto
import LibP2PCore

/// What a connection needs to know before its first byte.
public struct ConnectionConfiguration: Sendable {
    /// Our identity.
    public var key: Ed25519.PrivateKey
    /// Who must answer; nil accepts everyone.
    public var expectedPeer: PeerID?
    /// Whether the muxer is negotiated inside the Noise handshake, which saves a round trip.
    public var offersEarlyMuxer = true
    /// Whether a dialer sends on before single proposals were answered, which saves a round trip for each.
    public var isOptimistic = true
    /// The limits of the multiplexer.
    public var yamux = YamuxConfiguration()
    /// How long the upgrade may take, from the first byte to the agreed muxer.
    public var handshakeTimeout: Duration = .seconds(15)
    /// How long a stream may take to agree on its protocol.
    public var negotiationTimeout: Duration = .seconds(15)
    /// After this long without a byte from the peer it is pinged; nil never asks.
    public var keepAliveInterval: Duration? = .seconds(30)
    /// A pinged peer that stays silent this long is gone.
    public var keepAliveTimeout: Duration = .seconds(20)

    public init(key: Ed25519.PrivateKey, expectedPeer: PeerID? = nil) {
        self.key = key
        self.expectedPeer = expectedPeer
    }
}

/// A stream of one connection, by its Yamux id; never used twice in a connection.
public struct StreamID: Hashable, Comparable, Sendable {
    /// The Yamux id: odd when the dialer opened it.
    public let value: UInt32

    public init(value: UInt32) {
        self.value = value
    }

    public static func < (a: StreamID, b: StreamID) -> Bool {
        a.value < b.value
    }
}

/// Why a connection ended.
public enum ConnectionFailure: Error, Equatable, Sendable {
    /// The peer does not speak multistream-select on the raw connection, or over Noise.
    case negotiation(MultistreamFailure)
    /// The peer refuses Noise.
    case noSharedSecurity
    /// The peer refuses Yamux.
    case noSharedMuxer
    /// The handshake failed, or a frame was not authentic.
    case noise(NoiseFailure)
    /// The peer broke a rule of Yamux.
    case yamux(YamuxFailure)
    /// The peer closed the session with this code, which is not zero.
    case closedByPeer(code: UInt32)
    /// The upgrade took too long.
    case handshakeTimeout
    /// The peer sends nothing and does not answer pings.
    case silentPeer
    /// The transport ended without a goodbye.
    case disconnected
}

/// The error codes that reset a stream (libp2p specs, "error codes").
public enum StreamErrorCode {
    /// No reason.
    public static let none: UInt32 = 0
    /// No protocol was agreed.
    public static let negotiationFailed: UInt32 = 0x1001
    /// A limit was reached.
    public static let resourceLimit: UInt32 = 0x1002
    /// Too fast.
    public static let rateLimited: UInt32 = 0x1003
    /// The peer broke a rule.
    public static let protocolViolation: UInt32 = 0x1004
    /// Another stream took its place.
    public static let supplanted: UInt32 = 0x1005
    /// Closed for lack of use.
    public static let collected: UInt32 = 0x1006
    /// The node is going away.
    public static let shutdown: UInt32 = 0x1007
    /// Policy forbids it.
    public static let gated: UInt32 = 0x1008
}
