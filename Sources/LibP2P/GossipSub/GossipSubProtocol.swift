/// The pubsub protocols that the router speaks, newest first in `allCases`.
public enum GossipSubProtocol: String, CaseIterable, Sendable {
    case meshsub13 = "/meshsub/1.3.0"
    case meshsub12 = "/meshsub/1.2.0"
    case meshsub11 = "/meshsub/1.1.0"
    case meshsub10 = "/meshsub/1.0.0"
    case floodsub = "/floodsub/1.0.0"

    /// The protocol ids, in the order in which they are offered.
    public static let identifiers = allCases.map(\.rawValue)

    /// Returns the best of what a peer says that it speaks.
    public static func best(of offered: [String]) -> GossipSubProtocol? {
        allCases.first { offered.contains($0.rawValue) }
    }

    /// Whether the peer has meshes, fanout and gossip.
    public var hasMesh: Bool { self != .floodsub }

    /// Whether PRUNE carries a backoff and peers (v1.1).
    public var hasBackoff: Bool { self.hasIDontWant || self == .meshsub11 }

    /// Whether IDONTWANT is understood (v1.2).
    public var hasIDontWant: Bool { self.hasExtensions || self == .meshsub12 }

    /// Whether the first RPC says what else the peer has (v1.3).
    public var hasExtensions: Bool { self == .meshsub13 }
}
