import DescordCrypto
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging

/// A host on loopback with what is measured on it: gossipsub, and the streams of the measurements.
@NetworkLoop final class Peer {
    let host: Host
    private var gossip: GossipSub?
    private let logger = Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })
    let identified = EventQueue<PeerID>()

    /// How long a dial may take; only a failure takes so long.
    private static let dialDeadline = Duration.seconds(20)

    init(isListening: Bool) async throws {
        var configuration = Host.Configuration(key: .generate())
        if isListening, let address = Multiaddr(parsing: "/ip4/127.0.0.1/tcp/0") {
            configuration.listenAddresses = [address]
        }
        self.host = Host(
            configuration: configuration, eventLoop: NetworkLoop.eventLoop, logger: self.logger)
        let identified = self.identified
        self.host.observe(
            HostObserver(identified: { connection, _ in identified.send(connection.peer) }))
        _ = try await value(self.host.listen())
    }

    /// Runs gossipsub on the host.
    func startGossip() -> GossipSub {
        let gossip = GossipSub(host: self.host, prng: PRNG(seed: Entropy.seed()), logger: self.logger)
        self.gossip = gossip
        return gossip
    }

    /// The first address, with the peer's id.
    var address: String {
        self.host.boundAddresses.first.map { $0.with(peer: self.host.peerID).description } ?? ""
    }

    /// Dials and waits until the other side has described itself.
    func connect(to address: Multiaddr) async throws -> Connection {
        let connection = try await value(
            self.host.dial([address.withoutPeer], expecting: address.peerID, deadline: Self.dialDeadline))
        _ = await self.identified.next()
        return connection
    }

    /// Leaves.
    func close() async throws {
        if let gossip { try await value(gossip.close()) }
        try await value(self.host.close())
    }
}
