import LibP2PCore

/// Where an address comes from. Addresses out of a peer book keep the source that they entered it with.
public enum AddressSource: Sendable, Equatable {
    /// The user typed it, or configured it.
    case typed
    /// It stood in a ticket that the user was given.
    case ticket
    /// A peer told us: identify, peer exchange, peer records, lookups.
    case unsolicited
    /// An mDNS packet, by its source address in network byte order.
    case multicastDNS(packetSource: [UInt8])
}

/// An address that might be dialled, and who said so.
public struct DialCandidate: Sendable, Equatable {
    public let address: Multiaddr
    public let source: AddressSource

    public init(_ address: Multiaddr, _ source: AddressSource) {
        self.address = address
        self.source = source
    }
}

/// Decides which addresses are dialled, so that strangers cannot aim us at what they like: at services of our
/// own machine, at neighbours behind our router, or at a victim.
///
/// A value: pure, but for the count of dials that strangers have caused in this run.
public struct DialPolicy: Sendable {
    /// The most addresses of one peer that are dialled.
    public static let maxAddressesPerPeer = 8
    /// The most dials in a run of the process whose addresses were neither typed nor in a ticket: enough to
    /// find a space's members, too few to be a weapon.
    public static let maxUnsolicitedDials = 16

    /// The subnets that we are on.
    public private(set) var network: LocalNetwork
    /// Dials that unsolicited addresses have caused.
    public private(set) var unsolicitedDials = 0

    /// - Parameters:
    ///   - network: our interfaces.
    ///   - listening: the bound addresses; when they are loopback alone, loopback is our network.
    public init(network: LocalNetwork, listening: [Multiaddr]) {
        self.network = Self.ownNetwork(network, listening: listening)
    }

    /// Takes note of other interfaces or bound addresses; the counts stay.
    public mutating func update(network: LocalNetwork, listening: [Multiaddr]) {
        self.network = Self.ownNetwork(network, listening: listening)
    }

    private static func ownNetwork(_ network: LocalNetwork, listening: [Multiaddr]) -> LocalNetwork {
        let isLoopbackOnly =
            !listening.isEmpty
            && listening.allSatisfy { $0.ip.map { AddressScope(of: $0) } == .loopback }
        return isLoopbackOnly
            ? LocalNetwork(subnets: [
                .init(address: [127, 0, 0, 1], prefixLength: 8, interface: "lo"),
                .init(
                    address: [UInt8](repeating: 0, count: 15) + [1], prefixLength: 128, interface: "lo"),
            ])
            : LocalNetwork(subnets: network.subnets.filter { AddressScope(of: $0.address) != .loopback })
    }

    /// Whether an address may be dialled at all, budgets aside.
    public func allows(_ candidate: DialCandidate) -> Bool {
        guard let target = candidate.address.tcpTarget, candidate.address.tcpPort != 0 else { return false }
        guard case .address = target, let ip = candidate.address.ip else {
            // Where a name leads is up to whoever owns it.
            return candidate.source == .typed || candidate.source == .ticket
        }
        let scope = AddressScope(of: ip)
        guard scope != .invalid else { return false }
        switch candidate.source {
        case .typed, .ticket:
            return true
        case .unsolicited:
            return scope == .global || self.isNear(ip)
        case .multicastDNS(let packetSource):
            return AddressScope.unwrapped(ip) == AddressScope.unwrapped(packetSource) && self.isNear(ip)
        }
    }

    /// Takes the addresses of one peer that may be dialled now, typed ones and those of tickets first, and
    /// counts the unsolicited ones.
    public mutating func admit(_ candidates: [DialCandidate]) -> [Multiaddr] {
        func isSolicited(_ candidate: DialCandidate) -> Bool {
            candidate.source == .typed || candidate.source == .ticket
        }
        var admitted: [Multiaddr] = []
        for candidate in candidates.filter(isSolicited) + candidates.filter({ !isSolicited($0) }) {
            guard admitted.count < Self.maxAddressesPerPeer else { break }
            guard self.allows(candidate), !admitted.contains(candidate.address) else { continue }
            if !isSolicited(candidate) {
                guard self.unsolicitedDials < Self.maxUnsolicitedDials else { continue }
                self.unsolicitedDials += 1
            }
            admitted.append(candidate.address)
        }
        return admitted
    }

    /// Whether an address is on a subnet of ours; the address where cloud machines keep their secrets never
    /// is.
    private func isNear(_ ip: [UInt8]) -> Bool {
        let ip = AddressScope.unwrapped(ip)
        guard ip != [169, 254, 169, 254] else { return false }
        return self.network.subnets.contains { $0.contains(ip) }
    }
}
