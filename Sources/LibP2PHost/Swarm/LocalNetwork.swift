import LibP2PCore
import NIOCore

/// The interfaces of this machine, as far as addresses are concerned.
public struct LocalNetwork: Sendable, Equatable {
    /// An interface's address and the subnet around it.
    public struct Subnet: Sendable, Equatable, Hashable {
        /// The interface's own address in network byte order, 4 or 16 bytes.
        public let address: [UInt8]
        /// The bits that all addresses of the subnet share.
        public let prefixLength: Int
        /// The interface's name, such as `eth0`.
        public let interface: String

        public init(address: [UInt8], prefixLength: Int, interface: String) {
            self.address = address
            self.prefixLength = max(0, min(prefixLength, address.count * 8))
            self.interface = interface
        }

        /// Whether an address lies in the subnet.
        public func contains(_ ip: [UInt8]) -> Bool {
            guard ip.count == self.address.count else { return false }
            let whole = self.prefixLength / 8
            guard ip.prefix(whole) == self.address.prefix(whole) else { return false }
            let rest = self.prefixLength % 8
            guard rest > 0 else { return true }
            let mask = UInt8(truncatingIfNeeded: 0xff00 >> rest)
            return ip[whole] & mask == self.address[whole] & mask
        }
    }

    /// In the order in which the system lists them.
    public var subnets: [Subnet]

    public init(subnets: [Subnet]) {
        self.subnets = subnets
    }

    /// Asks the system. A machine that cannot tell has no subnets, so that nothing counts as near.
    public static func current() -> LocalNetwork {
        // Nothing better can be done than to know of no interface.
        let devices = (try? System.enumerateDevices()) ?? []
        let subnets = devices.compactMap { device -> Subnet? in
            guard let address = device.address?.ipBytes, let mask = device.netmask?.ipBytes,
                mask.count == address.count
            else { return nil }
            let bits = mask.reduce(0) { $0 + $1.nonzeroBitCount }
            return Subnet(address: address, prefixLength: bits, interface: device.name)
        }
        return LocalNetwork(subnets: subnets)
    }

    /// Returns addresses that others can dial: the unspecified address becomes those of the interfaces,
    /// without loopback and link-local unless there are no others.
    public func reachable(_ bound: [Multiaddr]) -> [Multiaddr] {
        var result: [Multiaddr] = []
        for address in bound {
            guard let ip = address.ip, let port = address.tcpPort else { continue }
            guard ip.allSatisfy({ $0 == 0 }) else {
                if !result.contains(address) { result.append(address) }
                continue
            }
            let own = self.subnets.map(\.address).filter { $0.count == ip.count }
            let far = own.filter { ![.loopback, .linkLocal].contains(AddressScope(of: $0)) }
            let shown = far.isEmpty ? own.filter { AddressScope(of: $0) == .loopback } : far
            for ip in shown {
                if let address = Multiaddr(ip: ip, tcpPort: port), !result.contains(address) {
                    result.append(address)
                }
            }
        }
        return result
    }
}

/// How far an IP address reaches (the IANA registries of special-purpose addresses).
enum AddressScope: Equatable {
    /// Cannot be dialled at all: unspecified, multicast, broadcast, reserved.
    case invalid
    case loopback
    case linkLocal
    /// RFC 1918, RFC 6598 (carrier-grade NAT), RFC 4193.
    case siteLocal
    case global

    init(of ip: [UInt8]) {
        let ip = Self.unwrapped(ip)
        if ip.count == 4 {
            switch (ip[0], ip[1]) {
            case (0, _), (224..., _): self = .invalid
            case (127, _): self = .loopback
            case (169, 254): self = .linkLocal
            case (10, _), (172, 16...31), (192, 168), (100, 64...127): self = .siteLocal
            default: self = .global
            }
        } else if ip.count == 16 {
            if ip.dropLast().allSatisfy({ $0 == 0 }) {
                self = ip[15] == 1 ? .loopback : .invalid
            } else if ip[0] == 0xff {
                self = .invalid
            } else if ip[0] == 0xfe, ip[1] & 0xc0 == 0x80 {
                self = .linkLocal
            } else if ip[0] & 0xfe == 0xfc || (ip[0] == 0xfe && ip[1] & 0xc0 == 0xc0) {
                self = .siteLocal
            } else {
                self = .global
            }
        } else {
            self = .invalid
        }
    }

    /// The IPv4 address inside an IPv6 one that leads there: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC
    /// 3056).
    static func unwrapped(_ ip: [UInt8]) -> [UInt8] {
        guard ip.count == 16 else { return ip }
        let zeros = [UInt8](repeating: 0, count: 10)
        if ip.starts(with: zeros + [0xff, 0xff]) { return Array(ip.suffix(4)) }
        if ip.starts(with: zeros + [0, 0]), ip[12] != 0 { return Array(ip.suffix(4)) }
        if ip.starts(with: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) { return Array(ip.suffix(4)) }
        if ip.starts(with: [0x20, 0x02]) { return Array(ip[2..<6]) }
        return ip
    }
}
