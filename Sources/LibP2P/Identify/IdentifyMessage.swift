import DescordCrypto
import LibP2PCore

/// What a peer says of itself (libp2p specs, "identify"), by `/ipfs/id/1.0.0` and `/ipfs/id/push/1.0.0`.
///
/// Nothing in it is proven: whoever reads it compares `publicKey` with the authenticated peer and takes
/// addresses for certain from `record(of:)` alone.
public struct IdentifyMessage: Sendable, Equatable {
    /// The protocol by which a peer is asked.
    public static let protocolID = "/ipfs/id/1.0.0"
    /// The protocol by which a peer tells that something changed.
    public static let pushProtocolID = "/ipfs/id/push/1.0.0"

    /// The largest part that is written: other implementations read no more than this.
    public static let maxWrittenPartSize = 4_096
    /// The largest part that is read: other implementations write up to this.
    public static let maxReadPartSize = 8_192
    /// The most parts that are read.
    public static let maxPartCount = 10
    /// The most addresses that are kept; hosts with more have no use for the rest.
    public static let maxAddressCount = 128
    /// The most protocol names that are kept.
    public static let maxProtocolCount = 1_024
    /// The longest protocol name that is kept, in bytes.
    public static let maxProtocolSize = 256
    /// The longest agent and protocol versions that are kept, in bytes.
    public static let maxVersionSize = 256

    /// The peer's key.
    public var publicKey: PublicKey?
    /// Where it listens; addresses of unknown kinds were dropped.
    public var listenAddresses: [Multiaddr]
    /// What it accepts on inbound streams.
    public var protocols: [String]
    /// Where it sees us.
    public var observedAddress: Multiaddr?
    /// The family of networks that it belongs to, such as `ipfs/0.1.0`.
    public var protocolVersion: String?
    /// Which program it is.
    public var agentVersion: String?
    /// Its signed peer record, an encoded envelope that has not been verified.
    public var signedPeerRecord: [UInt8]?

    public init(
        publicKey: PublicKey? = nil, listenAddresses: [Multiaddr] = [], protocols: [String] = [],
        observedAddress: Multiaddr? = nil, protocolVersion: String? = nil, agentVersion: String? = nil,
        signedPeerRecord: [UInt8]? = nil
    ) {
        self.publicKey = publicKey
        self.listenAddresses = listenAddresses
        self.protocols = protocols
        self.observedAddress = observedAddress
        self.protocolVersion = protocolVersion
        self.agentVersion = agentVersion
        self.signedPeerRecord = signedPeerRecord
    }

    /// Returns the verified peer record, when there is one that `peer` signed and that names it.
    public func record(of peer: PeerID) -> PeerRecord? {
        guard let bytes = self.signedPeerRecord, let record = PeerRecord(envelope: bytes), record.peer == peer
        else { return nil }
        return record
    }

    /// Takes over what a push contains; what is missing from it stays as it is.
    public mutating func apply(_ push: IdentifyMessage) {
        if let value = push.publicKey { self.publicKey = value }
        if !push.listenAddresses.isEmpty { self.listenAddresses = push.listenAddresses }
        if !push.protocols.isEmpty { self.protocols = push.protocols }
        if let value = push.observedAddress { self.observedAddress = value }
        if let value = push.protocolVersion { self.protocolVersion = value }
        if let value = push.agentVersion { self.agentVersion = value }
        if let value = push.signedPeerRecord { self.signedPeerRecord = value }
    }
}

// MARK: - Wire

extension IdentifyMessage {
    /// The delimited parts, one after another: all that is written before the stream is closed. A field that
    /// does not fit a part of its own is left out.
    public var encoded: [UInt8] {
        var output: [UInt8] = []
        var part: [UInt8] = []
        for field in self.fields where field.count <= Self.maxWrittenPartSize {
            if part.count + field.count > Self.maxWrittenPartSize {
                output += FrameDecoder.frame(part)
                part = []
            }
            part += field
        }
        return output + FrameDecoder.frame(part)
    }

    /// Each field as a message of its own: protobuf messages merge by being written one after another.
    private var fields: [[UInt8]] {
        var fields: [[UInt8]] = []
        func add(_ fill: (inout PBIdentify) -> Void) {
            var message = PBIdentify()
            fill(&message)
            fields.append(message.octets)
        }
        if let key = self.publicKey { add { $0.publicKey = .init(octets: key.encoded) } }
        if let address = self.observedAddress { add { $0.observedAddr = .init(octets: address.bytes) } }
        if let version = self.protocolVersion { add { $0.protocolVersion = version } }
        if let version = self.agentVersion { add { $0.agentVersion = version } }
        for address in self.listenAddresses { add { $0.listenAddrs = [.init(octets: address.bytes)] } }
        for name in self.protocols { add { $0.protocols = [name] } }
        if let record = self.signedPeerRecord { add { $0.signedPeerRecord = .init(octets: record) } }
        return fields
    }

    /// Reads merged parts; nil when they are not a message. Unknown addresses, and what is over a bound, are
    /// dropped.
    init?(merged bytes: [UInt8]) {
        guard let message = PBIdentify(octets: bytes) else { return nil }
        func version(_ text: String) -> String? {
            text.utf8.count <= Self.maxVersionSize ? text : nil
        }
        self.init(
            publicKey: message.hasPublicKey ? PublicKey(encoded: message.publicKey.octets) : nil,
            listenAddresses: message.listenAddrs.prefix(Self.maxAddressCount).compactMap {
                Multiaddr(bytes: $0.octets)
            },
            protocols: message.protocols.prefix(Self.maxProtocolCount).filter {
                $0.utf8.count <= Self.maxProtocolSize
            },
            observedAddress: message.hasObservedAddr ? Multiaddr(bytes: message.observedAddr.octets) : nil,
            protocolVersion: message.hasProtocolVersion ? version(message.protocolVersion) : nil,
            agentVersion: message.hasAgentVersion ? version(message.agentVersion) : nil,
            signedPeerRecord: message.hasSignedPeerRecord
                && message.signedPeerRecord.count <= PeerRecord.maxEnvelopeSize
                ? message.signedPeerRecord.octets : nil)
    }
}
