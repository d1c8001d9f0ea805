import Foundation
import Testing

/// Implementations of libp2p that nobody here wrote: go-libp2p's daemon and py-libp2p.
@Suite(.serialized) struct ForeignPeerTests {
    /// How often a thousand messages go each way in the long exchange: `SCALE`, ten times at most.
    private static let thousands: Int = {
        let scale = ProcessInfo.processInfo.environment["SCALE"].flatMap { Int($0) } ?? 1
        return min(max(scale, 1), 10)
    }()

    @Test(arguments: ["pair", "p2pd", "py-libp2p"])
    func everyScenarioHoldsWithPeer(_ name: String) async throws {
        guard self.isThere(name) else { return }
        let report = try await ForeignPeer(name: name).run()
        #expect(report.failed == 0)
        #expect(report.passed > 0)
        #expect(!report.peers.isEmpty)
        for peer in report.peers {
            #expect(
                peer.sent > 0 && peer.received > 0,
                "\(peer.name) sent \(peer.sent), received \(peer.received)")
        }
    }

    /// Messages both ways, with joins, leaves and reconnects in between: none is lost, and neither side holds
    /// anything against the other.
    @Test(arguments: ["p2pd", "py-libp2p"])
    func nothingIsLostInALongExchangeWithPeer(_ name: String) async throws {
        guard self.isThere(name) else { return }
        let messages = Self.thousands * 1_000
        let report = try await ForeignPeer(name: name).exchange(messages)
        #expect(report.failed == 0)
        #expect(report.passed == 2)
        let counts = try #require(report.peers.first)
        #expect(counts.sent >= messages && counts.received >= messages)
        print("interop: \(name) sent \(counts.sent) and received \(counts.received)")
    }

    /// Whether the foreign peers can be started; says why not, and fails for it in continuous integration.
    private func isThere(_ name: String) -> Bool {
        guard let reason = ForeignPeer.reasonMissing else { return true }
        print("interop: skipped \(name): \(reason)")
        if ProcessInfo.processInfo.environment["CI"] == "true" {
            Issue.record("\(name) was skipped, which continuous integration does not allow: \(reason)")
        }
        return false
    }
}
