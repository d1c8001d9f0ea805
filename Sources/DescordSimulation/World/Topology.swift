import LibP2PCore

/// Draws who dials whom among the honest nodes.
struct TopologyDraw {
    let nodes: Int
    var prng: PRNG
    private(set) var pairs: [(Int, Int)] = []
    private var known: Set<UInt64> = []

    init(nodes: Int, prng: PRNG) {
        self.nodes = nodes
        self.prng = prng
    }

    /// Returns the pairs, each once, the one who dials first.
    static func pairs(_ topology: Scenario.Topology, nodes: Int, prng: PRNG) -> [(Int, Int)] {
        var draw = TopologyDraw(nodes: nodes, prng: prng)
        switch topology {
        case .random(let degree): draw.random(degree, among: Array(0..<nodes))
        case .complete: draw.random(nodes, among: Array(0..<nodes))
        case .ring(let degree): draw.ring(degree, rewired: 0)
        case .smallWorld(let degree, let rewired): draw.ring(degree, rewired: rewired)
        case .star: for node in 1..<nodes { draw.add(node, 0) }
        case .tree(let fanOut): for node in 1..<nodes { draw.add(node, (node - 1) / fanOut) }
        case .scaleFree(let degree): draw.scaleFree(degree)
        case .clusters(let count, let degree, let bridges):
            draw.clusters(count, degree: degree, bridges: bridges)
        }
        return draw.pairs
    }

    private mutating func add(_ a: Int, _ b: Int) {
        guard a != b, known.insert(UInt64(min(a, b)) << 32 | UInt64(max(a, b))).inserted else { return }
        pairs.append((a, b))
    }

    /// Rings through all members in ever new random orders: each ring connects everybody, and gives
    /// everybody one link that it dialled and one that it was dialled on.
    private mutating func random(_ degree: Int, among members: [Int]) {
        guard members.count > 1 else { return }
        if degree >= members.count - 1 {
            for (index, a) in members.enumerated() {
                for b in members[(index + 1)...] { if prng.happens(0.5) { add(a, b) } else { add(b, a) } }
            }
            return
        }
        var order = members
        for _ in 0..<max(1, degree / 2) {
            prng.shuffle(&order)
            for index in order.indices { add(order[index], order[(index + 1) % order.count]) }
        }
    }

    private mutating func ring(_ degree: Int, rewired: Double) {
        for step in 1...max(1, degree / 2) {
            for node in 0..<nodes {
                // The innermost ring stays, so that everybody remains connected.
                let isRewired = step > 1 && prng.happens(rewired)
                add(node, isRewired ? prng.below(nodes) : (node + step) % nodes)
            }
        }
    }

    private mutating func scaleFree(_ degree: Int) {
        // Every end of a link is a lot for its node.
        var lots = [0]
        for node in 1..<nodes {
            var chosen: [Int] = []
            for _ in 0..<(degree * 4) where chosen.count < min(degree, node) {
                let other = lots[prng.below(lots.count)]
                if !chosen.contains(other) { chosen.append(other) }
            }
            for other in chosen {
                add(node, other)
                lots += [node, other]
            }
        }
    }

    private mutating func clusters(_ count: Int, degree: Int, bridges: Int) {
        let count = min(count, max(1, nodes / 2))
        let groups = (0..<count).map { group in (0..<nodes).filter { $0 % count == group } }
        for group in groups { random(degree, among: group) }
        guard count > 1 else { return }
        for group in 0..<(count == 2 ? 1 : count) {
            let next = groups[(group + 1) % count]
            for _ in 0..<bridges {
                add(groups[group][prng.below(groups[group].count)], next[prng.below(next.count)])
            }
        }
    }
}
