import LibP2P
import LibP2PCore

/// How a node behaves.
public struct NodeConfiguration: Sendable {
    /// Identify's agent version.
    public static let agentVersion = "descord/0.1.0"

    /// Whether the node stays.
    public enum Presence: Sendable {
        /// Does one thing and leaves: subscribes and publishes, answers GRAFT, never sends one.
        case oneShot
        /// Stays on the air: grafts, and keeps its sync sessions open.
        case longLived
    }

    /// Where to listen; a port of 0 or none is filled with the remembered one.
    public var listenAddresses: [Multiaddr] = []
    /// Addresses that a person typed: always dialled.
    public var connect: [Multiaddr] = []
    /// Whether peers are looked for on the local networks.
    public var usesMulticastDNS = true
    /// The mesh's parameters.
    public var gossipSub: GossipSubParameters = .descord
    /// The heartbeats by which a node that stays shows that it is there; nil: none.
    public var presenceHeartbeats: PresenceParameters?
    /// Whether the node stays.
    public var presence: Presence
    /// Writes go-libp2p-pubsub's trace events here, one JSON object a line.
    public var traceFile: String?
    /// Told of what the owner should know; called on the node's loop, must not block.
    public var onWarning: (@Sendable (NodeWarning) -> Void)?
    /// Reads the wall clock; tests bring their own.
    public var wallTime: @Sendable () -> WallTime

    public init(presence: Presence, wallTime: @escaping @Sendable () -> WallTime = SystemClock.wallTime) {
        self.presence = presence
        self.wallTime = wallTime
    }
}
