import LibP2PCore
import NIOCore

/// The addresses of this machine that others can use.
package enum LocalAddresses {
    /// The most addresses that are announced.
    private static let maxCount = 8

    /// Returns what bound addresses mean for others: an unspecified address becomes one for every interface that
    /// is up, loopback left out unless it is all there is; everything else stays as it is.
    package static func announced(of bound: [Multiaddr]) -> [Multiaddr] {
        var announced: [Multiaddr] = []
        for address in bound {
            guard let ip = address.ip, let port = address.tcpPort, ip.allSatisfy({ $0 == 0 }) else {
                announced.append(address)
                continue
            }
            let interfaces = self.interfaces().filter { $0.count == ip.count }
            let outward = interfaces.filter { !Self.isLoopback($0) && !Self.isLinkLocal($0) }
            for interface in outward.isEmpty ? interfaces : outward {
                if let concrete = Multiaddr(ip: interface, tcpPort: port) { announced.append(concrete) }
            }
        }
        return Array(announced.prefix(Self.maxCount))
    }

    private static func interfaces() -> [[UInt8]] {
        guard let devices = try? System.enumerateDevices() else { return [] }  // without a list nothing is announced
        return devices.compactMap { device in
            switch device.address {
            case .v4(let address):
                return withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
            case .v6(let address):
                return withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            default: return nil
            }
        }
    }

    private static func isLoopback(_ ip: [UInt8]) -> Bool {
        ip.count == 4 ? ip[0] == 127 : ip.dropLast().allSatisfy { $0 == 0 } && ip.last == 1
    }

    private static func isLinkLocal(_ ip: [UInt8]) -> Bool {
        ip.count == 4 ? ip[0] == 169 && ip[1] == 254 : ip[0] == 0xfe && ip[1] & 0xc0 == 0x80
    }
}
