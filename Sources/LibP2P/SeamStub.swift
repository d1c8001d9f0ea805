import DescordCrypto
import LibP2PCore

public struct StreamID: Hashable, Comparable, Sendable {
    public let value: UInt32
    public init(_ value: UInt32) { self.value = value }
    public static func < (a: StreamID, b: StreamID) -> Bool { a.value < b.value }
}
public struct YamuxConfiguration: Sendable { public init() {} }
public enum ConnectionFailure: Error, Hashable, Sendable { case stub }
public struct ConnectionConfiguration: Sendable {
    public var key: Ed25519.PrivateKey
    public var expectedPeer: PeerID?
    public var offersEarlyMuxer = true
    public var yamux = YamuxConfiguration()
    public init(key: Ed25519.PrivateKey) { self.key = key }
}
public struct ConnectionMachine: ~Copyable {
    public enum Role: Sendable { case dialer, listener }
    public enum Event: Sendable {
        case upgraded(peer: PeerID, earlyMuxer: Bool)
        case streamOpened(StreamID, protocolID: String)
        case streamNegotiated(StreamID, protocolID: String)
        case streamRefused(StreamID)
        case streamData(StreamID, [UInt8])
        case streamFinished(StreamID)
        case streamReset(StreamID, code: UInt32)
        case streamWritable(StreamID)
        case roundTrip(Duration)
        case closed(ConnectionFailure?)
    }
    public init(role: Role, configuration: ConnectionConfiguration, supportedProtocols: [String], noiseStatic: X25519.PrivateKey, noiseEphemeral: X25519.PrivateKey, now: Instant) {}
    public mutating func start(into events: inout [Event]) {}
    public mutating func received(_ bytes: UnsafeRawBufferPointer, now: Instant, into events: inout [Event]) {}
    public mutating func openStream(_ protocols: [String], now: Instant) -> StreamID? { nil }
    public mutating func write(_ bytes: [UInt8], on stream: StreamID) {}
    public func pendingBytes(on stream: StreamID) -> Int { 0 }
    public mutating func finish(_ stream: StreamID) {}
    public mutating func reset(_ stream: StreamID, code: UInt32) {}
    public mutating func consumed(_ count: Int, on stream: StreamID) {}
    public mutating func setSupportedProtocols(_ protocols: [String]) {}
    public mutating func ping(now: Instant) {}
    public mutating func close(code: UInt32, into events: inout [Event]) {}
    public var hasOutbound: Bool { false }
    public mutating func takeOutbound(into buffer: inout [UInt8], maxBytes: Int) {}
    public var handshakeHash: [UInt8]? { nil }
    public var nextDeadline: Instant? { nil }
    public mutating func deadlineReached(now: Instant, into events: inout [Event]) {}
}
public struct IdentifyMessage: Sendable, Equatable {
    public var publicKey: PublicKey?
    public var listenAddresses: [Multiaddr] = []
    public var protocols: [String] = []
    public var observedAddress: Multiaddr?
    public var protocolVersion: String?
    public var agentVersion: String?
    public var signedPeerRecord: [UInt8]?
    public init() {}
}
