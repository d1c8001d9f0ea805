import LibP2P

/// Who can talk to whom: one entry a pair of nodes, with everything that belongs to the pair.
///
/// A link stays in the table when its connection goes down, and so does what is remembered of it.
struct LinkTable {
    /// One end's view: who is at the other, and which link it is.
    struct Neighbour {
        let node: Int32
        let link: Int32
    }

    /// What both ends of a pair share.
    struct Link {
        /// Who dialled, and whom.
        let dialler: Int32
        let dialled: Int32
        /// Nanoseconds one way.
        let latency: Int64
        /// Whether there is a connection.
        var isUp = false
        /// Whether what is sent vanishes although the connection seems to be up.
        var isSilent = false
        /// Whether a partition keeps the two apart.
        var isCut = false
        /// Which of the connections that there were it is; what an earlier one carried does not arrive.
        var generation: Int32 = 0
        /// Since when the connection is there.
        var upSince: Int64 = 0
    }

    /// What belongs to one direction: to an end, as a sender.
    struct Direction {
        /// When the last RPC arrives. A stream keeps its order.
        var lastArrival: Int64 = 0
        /// Until when the sender must not ask the receiver for a place in its mesh, on the sender's own
        /// clock.
        var backoffUntil = Int64.min
        /// How many RPCs were sent, which numbers the draws of jitter and loss.
        var sent: Int32 = 0
        /// Whether the sender's router knows of the connection.
        var seesUp = false
    }

    /// What waits for the sender's uplink in one direction and priority.
    struct Waiting {
        /// RPCs.
        var count: Int32 = 0
        var bytes = 0
    }

    /// What is looked at together lies together: a world of 10,000 nodes has more of it than caches hold.
    private var links: ContiguousArray<Link> = []
    /// By `direction(of:from:)`.
    var directions: ContiguousArray<Direction> = []
    /// By `queue(of:priority:)`.
    var waiting: ContiguousArray<Waiting> = []
    /// For each node, its links by the number of the node at the other end.
    private(set) var neighbours: ContiguousArray<[Neighbour]>

    init(nodes: Int) {
        neighbours = ContiguousArray(repeating: [], count: nodes)
    }

    var count: Int { links.count }

    subscript(link: Int) -> Link {
        get { links[link] }
        _modify { yield &links[link] }
    }

    /// Returns the link between two nodes.
    func link(_ a: Int, _ b: Int) -> Int? {
        let index = position(of: b, in: neighbours[a])
        guard index < neighbours[a].count, neighbours[a][index].node == b else { return nil }
        return Int(neighbours[a][index].link)
    }

    /// Adds a link that is down, dialled by `a`; returns the one that is there already.
    @discardableResult
    mutating func add(_ a: Int, _ b: Int, latency nanoseconds: Int64) -> Int {
        precondition(a != b, "nobody has a link to himself")
        if let known = link(a, b) { return known }
        let number = count
        links.append(Link(dialler: Int32(a), dialled: Int32(b), latency: nanoseconds))
        for _ in 0..<2 {
            directions.append(Direction())
            for _ in SendPriority.allCases { waiting.append(Waiting()) }
        }
        let here = position(of: b, in: neighbours[a])
        neighbours[a].insert(Neighbour(node: Int32(b), link: Int32(number)), at: here)
        let there = position(of: a, in: neighbours[b])
        neighbours[b].insert(Neighbour(node: Int32(a), link: Int32(number)), at: there)
        return number
    }

    /// Returns the node at the other end.
    func other(_ link: Int, than node: Int) -> Int {
        Int(links[link].dialler) == node ? Int(links[link].dialled) : Int(links[link].dialler)
    }

    /// Returns the index of what belongs to one direction.
    func direction(of link: Int, from node: Int) -> Int {
        link * 2 + (Int(links[link].dialler) == node ? 0 : 1)
    }

    /// Returns the index of what belongs to one priority of a direction.
    func queue(of direction: Int, priority: Int) -> Int {
        direction * SendPriority.allCases.count + priority
    }

    private func position(of node: Int, in list: [Neighbour]) -> Int {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if Int(list[middle].node) < node { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
