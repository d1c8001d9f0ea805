import DescordCore
import DescordNode
import LibP2PCore

/// A network in which nobody is ever reached: for tests of the commands, and for commands in homes without
/// one.
package struct OfflineNetwork: NetworkProvider {
    package init() {}

    package func open(_ configuration: NetworkConfiguration) async throws(CommandError) -> any NetworkSession
    {
        OfflineSession()
    }

    package func notifyRunningNode(of operations: [OperationID], in space: SpaceID, home: OpenHome) async {}

    package func contacts(_ configuration: NetworkConfiguration, for space: SpaceID?) async -> [Ticket.Peer] {
        [Ticket.Peer(id: configuration.home.peerID, addresses: [])]
    }
}

/// A session that reaches nobody: everything is as after a deadline that passed at once.
final class OfflineSession: NetworkSession {
    func addresses() async throws -> [Multiaddr] { [] }

    func publish(
        _ operations: [OperationID], in space: SpaceID, wait: Int, deadline: Duration?
    ) async throws -> PublishOutcome {
        PublishOutcome(storedBy: [:], hasOtherMembers: false)
    }

    func join(_ target: JoinTarget, deadline: Duration?) async throws -> JoinOutcome { .unreachable }

    func sync(_ space: SpaceID?, deadline: Duration?) async throws -> SyncOutcome {
        SyncOutcome(reports: [], unanswered: space.map { [$0] } ?? [])
    }

    func fetchFiles(of message: OperationID, deadline: Duration?) async throws {}

    func arrivals(deadline: Duration?) -> AsyncThrowingStream<Arrival, any Error> {
        // Nothing ever arrives: with a deadline the stream is over, without one it lasts until it is
        // cancelled.
        AsyncThrowingStream { if deadline != nil { $0.finish() } }
    }

    func peers(deadline: Duration?) async throws -> [PeerStatus] { [] }

    func dial(_ address: Multiaddr, deadline: Duration?) async throws -> PeerID {
        throw CommandError(.unavailable, .unreachable, "cannot reach \(address)")
    }

    func discoveredSpaces(deadline: Duration?) async throws -> [DiscoveredSpace] { [] }

    func leave() async {}
}
