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

    /// Who dialled, and whom.
    private(set) var dialler: ContiguousArray<Int32> = []
    private(set) var dialled: ContiguousArray<Int32> = []
    /// Nanoseconds one way.
    private(set) var latency: ContiguousArray<Int64> = []
    /// Whether there is a connection.
    var isUp: ContiguousArray<Bool> = []
    /// Whether what is sent vanishes although the connection seems to be up.
    var isSilent: ContiguousArray<Bool> = []
    /// Whether a partition keeps the two apart.
    var isCut: ContiguousArray<Bool> = []
    /// Which of the connections that there were it is; what an earlier one carried does not arrive.
    var generation: ContiguousArray<Int32> = []
    /// Since when the connection is there.
    var upSince: ContiguousArray<Int64> = []
    /// For each direction (`direction(of:from:)`): when the last RPC arrives. A stream keeps its order.
    var lastArrival: ContiguousArray<Int64> = []
    /// For each direction: how many RPCs were sent, which numbers the draws of jitter and loss.
    var sent: ContiguousArray<Int32> = []
    /// For each direction: until when the sender must not ask the receiver for a place in its mesh, on the
    /// sender's own clock.
    var backoffUntil: ContiguousArray<Int64> = []
    /// For each direction and priority (`queue(of:priority:)`): bytes and RPCs that wait for the sender's
    /// uplink.
    var waitingBytes: ContiguousArray<Int> = []
    var waitingCount: ContiguousArray<Int32> = []
    /// For each node, its links by the number of the node at the other end.
    private(set) var neighbours: ContiguousArray<[Neighbour]>

    init(nodes: Int) {
        neighbours = ContiguousArray(repeating: [], count: nodes)
    }

    var count: Int { dialler.count }

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
        dialler.append(Int32(a))
        dialled.append(Int32(b))
        latency.append(nanoseconds)
        isUp.append(false)
        isSilent.append(false)
        isCut.append(false)
        generation.append(0)
        upSince.append(0)
        for _ in 0..<2 {
            lastArrival.append(0)
            sent.append(0)
            backoffUntil.append(.min)
            for _ in SendPriority.allCases {
                waitingBytes.append(0)
                waitingCount.append(0)
            }
        }
        let here = position(of: b, in: neighbours[a])
        neighbours[a].insert(Neighbour(node: Int32(b), link: Int32(number)), at: here)
        let there = position(of: a, in: neighbours[b])
        neighbours[b].insert(Neighbour(node: Int32(a), link: Int32(number)), at: there)
        return number
    }

    /// Returns the node at the other end.
    func other(_ link: Int, than node: Int) -> Int {
        Int(dialler[link]) == node ? Int(dialled[link]) : Int(dialler[link])
    }

    /// Returns the index of what belongs to one direction.
    func direction(of link: Int, from node: Int) -> Int {
        link * 2 + (Int(dialler[link]) == node ? 0 : 1)
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
