import BasicContainers
import CPrefetch
import LibP2P

/// The routers of all honest nodes, which stay where they are: a router cannot be copied.
final class RouterTable {
    private var routers: UniqueArray<GossipSubRouter>

    /// An empty table with room for so many.
    init(capacity: Int) {
        routers = UniqueArray(capacity: capacity)
    }

    /// Adds the router of the next node.
    func append(_ router: consuming GossipSubRouter) {
        routers.append(router)
    }

    /// The router of a node.
    subscript(node: Int) -> GossipSubRouter {
        @inline(__always) _read { yield routers[node] }
        @inline(__always) _modify { yield &routers[node] }
    }

    /// Says that a node's router will be handed something soon.
    func prefetch(_ node: Int) {
        guard routers.indices.contains(node) else { return }
        withUnsafePointer(to: routers[node]) {
            CPrefetch.prefetch($0, MemoryLayout<GossipSubRouter>.size)
        }
    }
}
