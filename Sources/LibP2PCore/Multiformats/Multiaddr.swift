/// A self-describing network address (multiformats `multiaddr`), such as `/ip4/127.0.0.1/tcp/4001/p2p/12D3…`.
///
/// Holds the canonical binary form and the components that were read from it. An address with a protocol that
/// is not in the table does not parse: callers drop that one address, never the message that it came in.
public struct Multiaddr: Hashable, Sendable, CustomStringConvertible {
    /// The longest binary address that is read.
    public static let maxSize = 1_024

    /// The protocols whose addresses can be read, by their multicodec.
    public enum Code: UInt64, Sendable {
        case ip4 = 4, tcp = 6, dns = 53, dns4 = 54, dns6 = 55, dnsaddr = 56
        case ip6 = 41, ip6zone = 42, ipcidr = 43
        case udp = 273, p2pCircuit = 290, webrtcDirect = 280, webrtc = 281
        case unix = 400, p2p = 421
        case tls = 448, sni = 449, noise = 454
        case quic = 460, quicV1 = 461, webtransport = 465, certhash = 466
        case ws = 477, wss = 478, http = 480, memory = 777
    }

    /// One `/protocol/value` of an address.
    public struct Component: Hashable, Sendable {
        public let code: Code
        /// The binary value without its length: 4 bytes for `ip4`, 2 for `tcp`, a multihash for `p2p`.
        public let value: [UInt8]
    }

    /// The canonical binary form.
    public let bytes: [UInt8]
    /// The components, in order; at least one.
    public let components: [Component]

    /// Joins components; nil when there are none, a value does not fit its protocol, or the whole is too
    /// long.
    public init?(_ components: [Component]) {
        var bytes: [UInt8] = []
        for component in components {
            guard component.code.accepts(component.value) else { return nil }
            Varint.append(component.code.rawValue, to: &bytes)
            if case .variable = component.code.valueSize {
                Varint.append(UInt64(component.value.count), to: &bytes)
            }
            bytes += component.value
        }
        guard !components.isEmpty, bytes.count <= Self.maxSize else { return nil }
        self.bytes = bytes
        self.components = components
    }

    /// Reads the binary form.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count <= Self.maxSize else { return nil }
        var reader = ByteReader(Array(bytes)[...])
        var components: [Component] = []
        while !reader.isAtEnd {
            guard let code = reader.varint().flatMap(Code.init(rawValue:)) else { return nil }
            let size: UInt64
            switch code.valueSize {
            case .fixed(let count): size = UInt64(count)
            case .variable:
                guard let length = reader.varint() else { return nil }
                size = length
            }
            guard let value = reader.bytes(size) else { return nil }
            components.append(Component(code: code, value: Array(value)))
        }
        self.init(components)
    }

    /// Parses the text form.
    public init?(parsing text: some StringProtocol) {
        var parts = text.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst()?.isEmpty == true else { return nil }
        if parts.last?.isEmpty == true { parts.removeLast() }
        var components: [Component] = []
        while let name = parts.popFirst() {
            guard let code = Code(name: String(name)) else { return nil }
            if case .fixed(0) = code.valueSize {
                components.append(Component(code: code, value: []))
            } else if code == .unix {
                let path = "/" + parts.joined(separator: "/")
                components.append(Component(code: code, value: Array(path.utf8)))
                parts = []
            } else {
                guard let text = parts.popFirst(), let value = code.parse(String(text)) else { return nil }
                components.append(Component(code: code, value: value))
            }
        }
        self.init(components)
    }

    /// Makes `/ip4/…/tcp/…` or `/ip6/…/tcp/…` of an address in network byte order (4 or 16 bytes).
    public init?(ip: [UInt8], tcpPort: UInt16) {
        guard ip.count == 4 || ip.count == 16 else { return nil }
        self.init([
            Component(code: ip.count == 4 ? .ip4 : .ip6, value: ip),
            Component(code: .tcp, value: [UInt8(tcpPort >> 8), UInt8(tcpPort & 0xff)]),
        ])
    }

    /// The text form.
    public var description: String {
        self.components.map { component in
            switch component.code.valueSize {
            case .fixed(0): "/\(component.code.name)"
            default:
                component.code == .unix
                    ? "/unix\(component.code.format(component.value))"
                    : "/\(component.code.name)/\(component.code.format(component.value))"
            }
        }.joined()
    }

    /// The peer that the address ends in.
    public var peerID: PeerID? {
        guard let last = self.components.last, last.code == .p2p else { return nil }
        return PeerID(bytes: last.value)
    }

    /// The IP address in network byte order (4 or 16 bytes), when the address starts with one.
    public var ip: [UInt8]? {
        guard let first = self.components.first, first.code == .ip4 || first.code == .ip6 else { return nil }
        return first.value
    }

    /// The TCP port, when the second component is one.
    public var tcpPort: UInt16? {
        guard self.components.count >= 2, self.components[1].code == .tcp else { return nil }
        return UInt16(self.components[1].value[0]) << 8 | UInt16(self.components[1].value[1])
    }

    /// Returns the address with `/p2p/PEER` at its end, instead of whatever peer it ended in.
    public func with(peer: PeerID) -> Multiaddr {
        let address = Multiaddr(
            self.withoutPeer.components + [Component(code: .p2p, value: peer.bytes)])
        return address ?? self
    }

    /// The address without a `/p2p/PEER` at its end; itself when that is all there is.
    public var withoutPeer: Multiaddr {
        guard self.components.last?.code == .p2p else { return self }
        return Multiaddr(self.components.dropLast()) ?? self
    }
}

extension Multiaddr.Code {
    enum ValueSize {
        case fixed(Int)
        case variable
    }

    var valueSize: ValueSize {
        switch self {
        case .ip4: .fixed(4)
        case .ip6: .fixed(16)
        case .tcp, .udp: .fixed(2)
        case .ipcidr: .fixed(1)
        case .memory: .fixed(8)
        case .dns, .dns4, .dns6, .dnsaddr, .ip6zone, .unix, .p2p, .sni, .certhash: .variable
        case .p2pCircuit, .webrtcDirect, .webrtc, .tls, .noise, .quic, .quicV1, .webtransport, .ws, .wss,
            .http:
            .fixed(0)
        }
    }

    var name: String {
        switch self {
        case .ip4: "ip4"
        case .tcp: "tcp"
        case .dns: "dns"
        case .dns4: "dns4"
        case .dns6: "dns6"
        case .dnsaddr: "dnsaddr"
        case .ip6: "ip6"
        case .ip6zone: "ip6zone"
        case .ipcidr: "ipcidr"
        case .udp: "udp"
        case .p2pCircuit: "p2p-circuit"
        case .webrtcDirect: "webrtc-direct"
        case .webrtc: "webrtc"
        case .unix: "unix"
        case .p2p: "p2p"
        case .tls: "tls"
        case .sni: "sni"
        case .noise: "noise"
        case .quic: "quic"
        case .quicV1: "quic-v1"
        case .webtransport: "webtransport"
        case .certhash: "certhash"
        case .ws: "ws"
        case .wss: "wss"
        case .http: "http"
        case .memory: "memory"
        }
    }

    private static let all: [Multiaddr.Code] = [
        .ip4, .tcp, .dns, .dns4, .dns6, .dnsaddr, .ip6, .ip6zone, .ipcidr, .udp, .p2pCircuit, .webrtcDirect,
        .webrtc, .unix, .p2p, .tls, .sni, .noise, .quic, .quicV1, .webtransport, .certhash, .ws, .wss, .http,
        .memory,
    ]

    init?(name: String) {
        guard let code = Self.all.first(where: { $0.name == name }) ?? (name == "ipfs" ? .p2p : nil)
        else { return nil }
        self = code
    }

    /// Returns whether `value` can stand after this protocol.
    func accepts(_ value: [UInt8]) -> Bool {
        switch self.valueSize {
        case .fixed(let count): return value.count == count
        case .variable: break
        }
        switch self {
        case .p2p: return PeerID(bytes: value) != nil
        case .certhash: return !value.isEmpty
        case .unix: return String(validating: value, as: UTF8.self) != nil && value.first == UInt8(ascii: "/")
        default:
            guard let text = String(validating: value, as: UTF8.self) else { return false }
            return !text.isEmpty && !text.contains("/")
        }
    }

    func parse(_ text: String) -> [UInt8]? {
        switch self {
        case .ip4: return IPAddressText.parse4(text)
        case .ip6: return IPAddressText.parse6(text)
        case .tcp, .udp:
            return Self.number(text, as: UInt16.self).map { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        case .ipcidr: return Self.number(text, as: UInt8.self).map { [$0] }
        case .memory:
            return Self.number(text, as: UInt64.self).map { number in
                (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
            }
        case .p2p: return PeerID(parsing: text)?.bytes
        case .certhash: return Multibase.decode(text)
        default: return Array(text.utf8)
        }
    }

    /// Reads decimal digits and nothing else: the standard library takes a sign as well.
    private static func number<Number: FixedWidthInteger>(_ text: String, as _: Number.Type) -> Number? {
        text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Number(text) : nil
    }

    func format(_ value: [UInt8]) -> String {
        switch self {
        case .ip4: IPAddressText.format4(value)
        case .ip6: IPAddressText.format6(value)
        case .tcp, .udp: "\(UInt16(value[0]) << 8 | UInt16(value[1]))"
        case .ipcidr: "\(value[0])"
        case .memory: "\(value.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })"
        case .p2p: Multibase.base58(value)
        case .certhash: "f" + Multibase.hex(value)
        default: String(decoding: value, as: UTF8.self)
        }
    }
}
