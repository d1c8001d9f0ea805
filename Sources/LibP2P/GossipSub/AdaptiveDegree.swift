import LibP2PCore

/// What an adaptive mesh knows of a topic: how many copies of a message arrive, as far as that can be
/// believed.
///
/// Copies are counted from witnesses alone: mesh peers that we dialled, of score 0 or more, one of each
/// network. Peers that come to us, whoever they are and however many, move nothing.
struct Redundancy: Sendable {
    /// What the degree has come to; nil: nothing was observed yet.
    private(set) var degree: Int?
    /// Whose copies count until the next heartbeat.
    var witnesses = NumberSet()
    private var messages = 0
    private var copies = 0
    private var heartbeats = 0

    mutating func messageReceived(from peer: Int) {
        self.messages += 1
        self.copyReceived(from: peer)
    }

    mutating func copyReceived(from peer: Int) {
        if self.witnesses.contains(peer) { self.copies += 1 }
    }

    /// Draws the conclusions once enough was seen, one step at a time.
    mutating func heartbeat(meshCount: Int, bounds: ClosedRange<Int>) {
        self.heartbeats += 1
        guard self.heartbeats >= Self.heartbeatsMin, self.messages >= Self.messagesMin,
            !self.witnesses.isEmpty
        else { return }
        let share = Double(self.copies) / Double(self.messages * self.witnesses.count)
        let copiesPerMessage = share * Double(meshCount)
        let current = self.degree ?? bounds.upperBound
        if copiesPerMessage > Self.copiesHigh {
            self.degree = max(bounds.lowerBound, current - 1)
        } else if copiesPerMessage < Self.copiesLow {
            self.degree = min(bounds.upperBound, current + 1)
        } else {
            self.degree = current
        }
        self.messages = 0
        self.copies = 0
        self.heartbeats = 0
    }

    /// How long is observed before a step.
    private static let heartbeatsMin = 3
    /// How many messages make an observation.
    private static let messagesMin = 4
    /// More copies of a message than this, and the mesh has a peer too many.
    private static let copiesHigh = 1.75
    /// Fewer than this, and one lost link may delay messages until the next gossip.
    private static let copiesLow = 1.2
}

// MARK: - The degrees that hold for a topic
extension GossipSubRouter {
    /// The degrees of a topic: its own or the router's, and what adaptation makes of them: never below D_low.
    func degrees(of topic: Int) -> MeshDegrees {
        let p = self.parameters
        var degrees = self.topics[topic].configuration?.degrees ?? p.meshDegrees
        guard p.adaptsDegree, degrees.degree > degrees.degreeLow else { return degrees }
        let full = degrees.degree
        if let members = self.topics[topic].onlineMembers {
            degrees.degree = min(degrees.degree, Self.degree(forMembers: members, atLeast: degrees.degreeLow))
        }
        if let observed = self.topics[topic].redundancy.degree {
            degrees.degree = min(degrees.degree, max(observed, degrees.degreeLow))
        }
        if degrees.degree < full {
            degrees.degreeHigh = min(degrees.degreeHigh, degrees.degree + Self.adaptedSlack)
            degrees.degreeScore = min(degrees.degreeScore, degrees.degree)
        }
        return degrees
    }

    /// Enough that a random graph of so many members holds together: its logarithm and one more.
    private static func degree(forMembers count: Int, atLeast low: Int) -> Int {
        max(low, 1 + Int.bitWidth - max(count, 1).leadingZeroBitCount)
    }

    /// Chooses whose copies count, and takes a step.
    mutating func adaptDegree(_ topic: Int) {
        guard self.parameters.adaptsDegree else { return }
        let base = self.topics[topic].configuration?.degrees
        let low = base?.degreeLow ?? self.parameters.degreeLow
        let high = max(low, base?.degree ?? self.parameters.degree)
        self.topics[topic].redundancy.heartbeat(
            meshCount: self.topics[topic].mesh.count, bounds: low...high)
        var networks: Set<[UInt8]> = []
        var witnesses = NumberSet()
        for peer in self.topics[topic].mesh where self.isOutbound(peer) && self.score(of: peer) >= 0 {
            guard let network = self.peers[peer].connection.address.flatMap(Self.network) else { continue }
            if networks.insert(network).inserted { witnesses.insert(peer) }
        }
        self.topics[topic].redundancy.witnesses = witnesses
    }

    /// The /24 of an IPv4 address, the /48 of an IPv6 one.
    private static func network(of address: Multiaddr) -> [UInt8]? {
        address.ip.map { Array($0.prefix($0.count == 4 ? 3 : 6)) }
    }

    /// How far an adapted mesh may grow over its degree before peers are sent away.
    private static let adaptedSlack = 2
}
