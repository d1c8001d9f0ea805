import Foundation
import Testing

/// Implementations of libp2p that nobody here wrote: go-libp2p's daemon and py-libp2p.
@Suite(.serialized) struct ForeignPeerTests {
    @Test(arguments: ["pair", "p2pd", "py-libp2p"])
    func everyScenarioHoldsWithPeer(_ name: String) async throws {
        if let reason = ForeignPeer.reasonMissing {
            print("interop: skipped \(name): \(reason)")
            if ProcessInfo.processInfo.environment["CI"] == "true" {
                Issue.record("\(name) was skipped, which continuous integration does not allow: \(reason)")
            }
            return
        }
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
}
