import Testing

@testable import DescordCLI
@testable import DescordNode

/// `descord peers` says why a peer is in a mesh or is not.
@Suite struct PeerTextTests {
    private func status(
        _ why: PeerStatus.Why, score: Double = 0, parts: PeerStatus.ScorePartsStatus? = nil
    ) -> PeerStatus.TopicStatus {
        PeerStatus.TopicStatus(
            topic: "space/a", subscribed: true, inMesh: why == .inMesh, score: score, backoffSeconds: 41.2,
            why: why, meshPeers: 3, meshLow: 4, meshHigh: 12, scoreParts: parts)
    }

    @Test func everyReasonHasItsWords() {
        let texts = PeerStatus.Why.allCases.map { PeerText.explanation(of: self.status($0)) }
        #expect(Set(texts).count == texts.count)
        #expect(PeerText.explanation(of: self.status(.inMesh)) == "in the mesh (3 of 4 to 12)")
        #expect(PeerText.explanation(of: self.status(.backoff)) == "not in the mesh: 42 s of backoff left")
    }

    @Test func aScoreIsToldWithTheParts() {
        let parts = PeerStatus.ScorePartsStatus(
            p1: 0.5, p2: 0, p3: 0, p3b: 0, p4: -40, topic: -39.5, topics: -39.5, p5: 0, p6: 0, p7: -0.126)
        #expect(
            PeerText.explanation(of: self.status(.negativeScore, score: -39.626, parts: parts))
                == "not in the mesh: its score is below 0, score -39.63: P1 0.5, P4 -40.0, topics -39.5, "
                + "P7 -0.13")
        let nothing = PeerStatus.ScorePartsStatus(
            p1: 0, p2: 0, p3: 0, p3b: 0, p4: 0, topic: 0, topics: 0, p5: 0, p6: 0, p7: 0)
        #expect(PeerText.explanation(of: self.status(.candidate, parts: nothing)).hasSuffix("(3 of 4 to 12)"))
    }
}
