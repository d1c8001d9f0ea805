/// Watches the shape of the meshes: one look a heartbeat.
///
/// A GRAFT or PRUNE that is under way makes a mesh one-sided for a moment, and a mesh may be too small or too
/// large until the next heartbeat; what is wrong in several looks in a row is wrong.
struct MeshCheck {
    /// In how many looks in a row something has to be wrong.
    static let patience = 6

    /// What one look sees of a node.
    struct View {
        let node: Int
        /// The honest nodes in its mesh, ascending, and how many others there are.
        let mesh: [Int32]
        let size: Int
        /// How many it could still ask for a place in their meshes.
        let candidates: Int
    }

    private let degreeLow: Int
    private let degreeHigh: Int
    /// How often in a row a pair was one-sided, a mesh too small, a mesh too large.
    private var oneSided: [UInt64: Int] = [:]
    private var small: [Int: Int] = [:]
    private var large: [Int: Int] = [:]

    init(degreeLow: Int, degreeHigh: Int) {
        self.degreeLow = degreeLow
        self.degreeHigh = degreeHigh
    }

    /// Forgets what it saw: something happened that excuses everything.
    mutating func reset() {
        oneSided = [:]
        small = [:]
        large = [:]
    }

    /// Looks at all nodes, in ascending order; says what has been wrong for too long.
    mutating func look(_ views: [View], count: Int) -> [(node: Int, message: String)] {
        var findings: [(node: Int, message: String)] = []
        var position = Array(repeating: -1, count: count)
        for (index, view) in views.enumerated() { position[view.node] = index }
        var oneSided: [UInt64: Int] = [:]
        var small: [Int: Int] = [:]
        var large: [Int: Int] = [:]
        for view in views {
            for other in view.mesh where position[Int(other)] >= 0 {
                guard !Self.contains(views[position[Int(other)]].mesh, view.node) else { continue }
                let key = UInt64(view.node) << 32 | UInt64(other)
                let times = self.oneSided[key, default: 0] + 1
                oneSided[key] = times
                if times == Self.patience {
                    findings.append((view.node, "has node \(other) in its mesh, which has not it"))
                }
            }
            if view.size < degreeLow, view.candidates > 0 {
                let times = self.small[view.node, default: 0] + 1
                small[view.node] = times
                if times == Self.patience {
                    let others = "\(view.candidates) more could be asked"
                    findings.append((view.node, "has \(view.size) in its mesh although \(others)"))
                }
            }
            if view.size > degreeHigh {
                let times = self.large[view.node, default: 0] + 1
                large[view.node] = times
                if times == Self.patience {
                    findings.append((view.node, "has \(view.size) in its mesh, more than \(degreeHigh)"))
                }
            }
        }
        (self.oneSided, self.small, self.large) = (oneSided, small, large)
        return findings
    }

    private static func contains(_ sorted: [Int32], _ node: Int) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if Int(sorted[middle]) < node { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && Int(sorted[low]) == node
    }
}
