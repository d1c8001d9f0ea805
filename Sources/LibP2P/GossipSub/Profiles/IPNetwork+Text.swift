import LibP2PCore

extension IPNetwork: CustomStringConvertible {
    /// Reads `192.0.2.0/24` or `2001:db8::/32`; nil for anything else. Without a slash, one address.
    public init?(parsing text: String) {
        let sides = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = sides.first else { return nil }
        let isVersion6 = first.contains(":")
        guard let address = Multiaddr(parsing: "/\(isVersion6 ? "ip6" : "ip4")/\(first)")?.ip else {
            return nil
        }
        var prefixLength = address.count * 8
        if sides.count == 2 {
            guard sides[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(sides[1]),
                length <= prefixLength
            else { return nil }
            prefixLength = length
        }
        self.init(address: address, prefixLength: prefixLength)
    }

    /// The network as `192.0.2.0/24`.
    public var description: String {
        let code = self.address.count == 4 ? "/ip4/" : "/ip6/"
        // The port is cut off again: an address without one has no initialiser.
        let text = Multiaddr(ip: self.address, tcpPort: 0)?.description.dropFirst(code.count) ?? ""
        return text.prefix { $0 != "/" } + "/\(self.prefixLength)"
    }
}
