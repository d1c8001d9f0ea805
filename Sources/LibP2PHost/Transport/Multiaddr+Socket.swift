import LibP2PCore
import NIOCore

/// Where a TCP connection goes.
enum TCPTarget: Equatable {
    case address(SocketAddress)
    case name(String, port: Int)
}

extension Multiaddr {
    /// Makes the address of a socket's end; nil for sockets that are not TCP over IP.
    init?(_ address: SocketAddress) {
        guard let port = address.port, let ip = address.ipBytes else { return nil }
        self.init(ip: ip, tcpPort: UInt16(port))
    }

    /// Where to connect: an IP address or a name with a TCP port, and at most a peer after it; otherwise nil.
    var tcpTarget: TCPTarget? {
        let parts = self.withoutPeer.components
        guard parts.count == 2, let port = self.tcpPort else { return nil }
        switch parts[0].code {
        case .ip4, .ip6:
            guard let address = self.socketAddress else { return nil }
            return .address(address)
        case .dns, .dns4, .dns6:
            guard port > 0 else { return nil }
            return .name(String(decoding: parts[0].value, as: UTF8.self), port: Int(port))
        default: return nil
        }
    }

    /// The socket address of `/ip4/…/tcp/…` or `/ip6/…/tcp/…`.
    var socketAddress: SocketAddress? {
        guard let ip = self.ip, let port = self.tcpPort else { return nil }
        // Four and sixteen bytes are what the initialiser takes: it does not throw for them.
        return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: ip), port: Int(port))
    }
}

extension SocketAddress {
    /// The IP address in network byte order; of an IPv4 address mapped into IPv6 the four bytes.
    var ipBytes: [UInt8]? {
        guard let text = self.ipAddress else { return nil }
        if let v4 = IPAddressText.parse4(text) { return v4 }
        // A link-local address may carry its zone after a percent sign.
        guard let v6 = IPAddressText.parse6(text.prefix { $0 != "%" }) else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        return v6.starts(with: mapped) ? Array(v6.suffix(4)) : v6
    }
}
