import LibP2PCore

/// An IP address, or the /64 that it lies in, as peers behind one address are counted by. IPv4 addresses
/// stand as `::ffff:a.b.c.d`.
struct IPKey: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Bits 32 to 63 of the lower half of an IPv4 address.
    private static let mappedPrefix: UInt64 = 0xffff_0000_0000

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes an address of 4 or 16 bytes, in network order.
    init?(_ bytes: [UInt8]) {
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(high: 0, low: Self.mappedPrefix | number(bytes))
        case 16: self.init(high: number(bytes[..<8]), low: number(bytes[8...]))
        default: return nil
        }
    }

    var isIPv4: Bool { self.high == 0 && self.low >> 32 == Self.mappedPrefix >> 32 }

    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool {
        self.isIPv4 ? self.low >> 24 & 0xff == 127 : self.high == 0 && self.low == 1
    }

    /// The /64 that an IPv6 address lies in.
    var subnet: IPKey { IPKey(high: self.high, low: 0) }

    /// 4 or 16 bytes, in network order.
    var bytes: [UInt8] {
        let all = [self.high, self.low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) }
        }
        return self.isIPv4 ? Array(all[12...]) : all
    }

    /// Returns the IP address of a connection, whose zone does not matter; nil when it has none.
    static func of(_ address: Multiaddr?) -> IPKey? {
        let component = address?.components.first { $0.code != .ip6zone }
        guard let component, component.code == .ip4 || component.code == .ip6 else { return nil }
        return IPKey(component.value)
    }

    /// Returns what a connection counts under for P6: an IPv4 address, or an IPv6 address and its /64.
    /// Loopback does not count, nor does a relay, which is not where the peer is.
    static func colocation(_ address: Multiaddr?) -> [IPKey] {
        guard let address, let key = self.of(address), !key.isLoopback,
            !address.components.contains(where: { $0.code == .p2pCircuit })
        else { return [] }
        return key.isIPv4 ? [key] : [key, key.subnet]
    }
}
