import LibP2PCore
import Testing

@testable import LibP2P

/// Scores that were worked out by hand from gossipsub v1.1, "The Score Function", to the last digit.
///
/// The parameters are those of `rig()`. Peer 1 is looked at. In the comments stands what adds up; a topic's
/// sum is in brackets.
@Suite struct PeerScoreTableTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: Double
        let steps: @Sendable (inout ScoreRig) -> Void

        init(_ name: String, _ expected: Double, _ steps: @escaping @Sendable (inout ScoreRig) -> Void) {
            self.testDescription = name
            self.expected = expected
            self.steps = steps
        }
    }

    private static func rig() -> ScoreRig {
        let t = ScoreRig.topic {
            $0.topicWeight = 0.5
            $0.timeInMeshWeight = 0.25
            $0.timeInMeshQuantum = .seconds(2)
            $0.timeInMeshCap = 8
            $0.firstMessageDeliveriesWeight = 2
            $0.firstMessageDeliveriesDecay = 0.5
            $0.firstMessageDeliveriesCap = 10
            $0.meshMessageDeliveriesWeight = -1
            $0.meshMessageDeliveriesDecay = 0.5
            $0.meshMessageDeliveriesCap = 20
            $0.meshMessageDeliveriesThreshold = 8
            $0.meshMessageDeliveriesWindow = .milliseconds(10)
            $0.meshMessageDeliveriesActivation = .seconds(2)
            $0.meshFailurePenaltyWeight = -0.25
            $0.meshFailurePenaltyDecay = 0.5
            $0.invalidMessageDeliveriesWeight = -4
            $0.invalidMessageDeliveriesDecay = 0.25
        }
        let u = ScoreRig.topic {
            $0.topicWeight = 3
            $0.firstMessageDeliveriesWeight = 1
            $0.firstMessageDeliveriesDecay = 0.9
            $0.firstMessageDeliveriesCap = 100
            $0.invalidMessageDeliveriesWeight = -1
            $0.invalidMessageDeliveriesDecay = 0.9
        }
        return ScoreRig(t) {
            $0.topics["u"] = u
            $0.topicScoreCap = 24
            $0.applicationWeight = 10
            $0.ipColocationFactorWeight = -5
            $0.ipColocationFactorThreshold = 2
            $0.behaviourPenaltyWeight = -10
            $0.behaviourPenaltyThreshold = 3
            $0.behaviourPenaltyDecay = 0.5
        }
    }

    @Test(arguments: timeInMesh + deliveries + failures + rejections + others + sums)
    func scoreIsWhatAHandGets(_ example: Case) {
        var rig = Self.rig()
        example.steps(&rig)
        let score = rig.score.score(of: ScoreRig.id(1))
        #expect(score.bitPattern == example.expected.bitPattern, "\(score), not \(example.expected)")
        let parts = rig.score.parts(of: rig.number(1))
        #expect(parts.total.bitPattern == example.expected.bitPattern)
    }

    @Test func thereAreEnoughOfThem() {
        let all =
            Self.timeInMesh + Self.deliveries + Self.failures + Self.rejections + Self.others + Self.sums
        #expect(all.count >= 40)
        #expect(Set(all.map(\.testDescription)).count == all.count)
    }

    // MARK: P1, and P3's activation

    private static let timeInMesh: [Case] = [
        Case("a peer that did nothing", 0) { $0.connect(1) },
        Case("time in the mesh before the first decay", 0) {
            $0.connect(1)
            $0.graft(1)
            $0.now += .seconds(100)
        },
        // ⌊1.999 s / 2 s⌋ = 0
        Case("less than a quantum", 0) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .milliseconds(1_999))
        },
        // [⌊2/2⌋ · 0.25 = 0.25] · 0.5; the activation time is not exceeded
        Case("a quantum, at the activation time", 0.125) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(2))
        },
        // [0.25 + 8² · −1 = −63.75] · 0.5
        Case("a nanosecond after the activation time", -31.875) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(2) + .nanoseconds(1))
        },
        // P1 ⌊100/2⌋ = 50, capped 8, · 0.25 = 2; P2 20, capped 10, · 2 = 20; P3 20 ≥ 8; [22] · 0.5
        Case("long in the mesh, with deliveries after the decay", 11) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(100))
            $0.deliver(0..<20, from: 1)
        },
        // The second graft was 5 s ago: [⌊5/2⌋ · 0.25 + 8² · −1 = −63.5] · 0.5
        Case("grafted twice", -31.75) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(50))
            $0.graft(1)
            $0.decay(after: .seconds(5))
        },
        // As of the decay: [⌊3/2⌋ · 0.25 − 64 = −63.75] · 0.5
        Case("time since the last decay does not count", -31.875) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
            $0.now += .seconds(50)
        },
    ]

    // MARK: P2 and P3

    private static let deliveries: [Case] = [
        // [3 · 2] · 0.5
        Case("first deliveries outside the mesh", 3) {
            $0.connect(1)
            $0.deliver(0..<3, from: 1)
        },
        // [10 · 2] · 0.5
        Case("first deliveries at their cap", 10) {
            $0.connect(1)
            $0.deliver(0..<25, from: 1)
        },
        // [1.5 · 2] · 0.5
        Case("first deliveries after a decay", 1.5) {
            $0.connect(1)
            $0.deliver(0..<3, from: 1)
            $0.decay()
        },
        // [0.5⁶ · 2] · 0.5
        Case("a first delivery after six decays", 0.015625) {
            $0.connect(1)
            $0.deliver(0..<1, from: 1)
            for _ in 0..<6 { $0.decay() }
        },
        // 0.5⁷ = 0.0078125 < 0.01
        Case("a first delivery after seven decays", 0) {
            $0.connect(1)
            $0.deliver(0..<1, from: 1)
            for _ in 0..<7 { $0.decay() }
        },
        // P1 0.25; P2 4 · 2 = 8; P3 (8 − 4)² · −1 = −16; [−7.75] · 0.5
        Case("eight deliveries in the mesh, decayed", -3.875) {
            $0.connect(1)
            $0.graft(1)
            $0.deliver(0..<8, from: 1)
            $0.decay(after: .seconds(3))
        },
        // P1 0.25; P3 (8 − 5)² · −1; [−8.75] · 0.5
        Case("ten duplicates during validation", -4.375) {
            $0.connect(1, 2)
            $0.graft(1)
            for message in 0..<10 {
                $0.start(message)
                $0.duplicate(message, from: 1)
                $0.deliver(message, from: 2)
            }
            $0.decay(after: .seconds(3))
        },
        // The same, at the end of the window
        Case("ten duplicates in the window", -4.375) {
            $0.connect(1, 2)
            $0.graft(1)
            for message in 0..<10 {
                $0.start(message)
                $0.deliver(message, from: 2)
                $0.now += .milliseconds(10)
                $0.duplicate(message, from: 1)
            }
            $0.decay(after: .seconds(3))
        },
        // P1 0.25; P3 8² · −1; [−63.75] · 0.5
        Case("ten duplicates after the window", -31.875) {
            $0.connect(1, 2)
            $0.graft(1)
            for message in 0..<10 {
                $0.start(message)
                $0.deliver(message, from: 2)
                $0.now += .milliseconds(10) + .nanoseconds(1)
                $0.duplicate(message, from: 1)
            }
            $0.decay(after: .seconds(3))
        },
        // P1 0.25; P3 (8 − 0.5)² · −1 = −56.25; [−56] · 0.5
        Case("one message sent four times", -28) {
            $0.connect(1, 2)
            $0.graft(1)
            $0.start(1)
            $0.duplicate(1, from: 1)
            $0.duplicate(1, from: 1)
            $0.deliver(1, from: 2)
            $0.duplicate(1, from: 1)
            $0.duplicate(1, from: 1)
            $0.decay(after: .seconds(3))
        },
        // P1 0.25; P2 0.5 · 2; P3 −56.25; [−55] · 0.5
        Case("a first delivery sent again during validation", -27.5) {
            $0.connect(1)
            $0.graft(1)
            $0.start(1)
            $0.duplicate(1, from: 1)
            $0.deliver(1, from: 1)
            $0.decay(after: .seconds(3))
        },
        // P1 0.25; P2 5 · 2; mesh deliveries 20 / 2 ≥ 8; [10.25] · 0.5
        Case("mesh deliveries at their cap", 5.125) {
            $0.connect(1)
            $0.graft(1)
            $0.deliver(0..<30, from: 1)
            $0.decay(after: .seconds(3))
        },
        // P1 0.25; 16 / 2 is not below 8; [0.25] · 0.5
        Case("mesh deliveries at the threshold", 0.125) {
            $0.connect(1, 2)
            $0.graft(1)
            for message in 0..<16 {
                $0.start(message)
                $0.duplicate(message, from: 1)
                $0.deliver(message, from: 2)
            }
            $0.decay(after: .seconds(3))
        },
        // Delivered outside the mesh: P2 8 / 2 · 2 = 8; P1 0.25; P3 −64; [−55.75] · 0.5
        Case("deliveries before the graft", -27.875) {
            $0.connect(1)
            $0.deliver(0..<8, from: 1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
        },
    ]

    // MARK: P3b

    private static let failures: [Case] = [
        // P3 stays −64; P3b 8² · −0.25 = −16; [−80] · 0.5
        Case("pruned with nothing delivered", -40) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
            $0.prune(1)
        },
        Case("pruned before the activation", 0) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(1))
            $0.prune(1)
        },
        // P3 −64; P3b 64 / 2 · −0.25 = −8; [−72] · 0.5
        Case("pruned, then a decay", -36) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
            $0.prune(1)
            $0.decay()
        },
        // P3b −16 alone: the graft suspended P3; [−16] · 0.5
        Case("pruned and grafted again", -8) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
            $0.prune(1)
            $0.graft(1)
        },
        // As in go, each PRUNE adds 8²: P3b 128 · −0.25 = −32; P3 −64; [−96] · 0.5
        Case("pruned twice", -48) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
            $0.prune(1)
            $0.prune(1)
        },
        // P3 −64, P3b −16, without P1: [−80] · 0.5
        Case("left from the mesh with nothing delivered", -40) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
            $0.disconnect(1)
        },
        // The failure decays only once it is back: P3 −64, P3b 32 · −0.25; [−72] · 0.5
        Case("left, came back, decayed", -36) {
            $0.connect(1)
            $0.graft(1)
            $0.decay(after: .seconds(3))
            $0.disconnect(1)
            $0.decay(after: .seconds(9))
            $0.connect(1)
            $0.decay()
        },
    ]

    // MARK: P4

    private static let rejections: [Case] = [
        // [1² · −4] · 0.5
        Case("one rejected message", -2) {
            $0.connect(1)
            $0.reject(1, from: 1)
        },
        // [3² · −4] · 0.5
        Case("three rejected messages", -18) {
            $0.connect(1)
            for message in 0..<3 { $0.reject(message, from: 1) }
        },
        // [0.75² · −4 = −2.25] · 0.5
        Case("three rejected messages, decayed", -1.125) {
            $0.connect(1)
            for message in 0..<3 { $0.reject(message, from: 1) }
            $0.decay()
        },
        // 2 · 0.25⁴ = 0.0078125 < 0.01
        Case("two rejected messages after four decays", 0) {
            $0.connect(1)
            for message in 0..<2 { $0.reject(message, from: 1) }
            for _ in 0..<4 { $0.decay() }
        },
        // [2² · −4] · 0.5
        Case("one message with a bad signature, sent twice", -8) {
            $0.connect(1)
            $0.reject(1, from: 1, .invalidSignature)
            $0.reject(1, from: 1, .invalidSignature)
        },
        // [4² · −4] · 0.5
        Case("everything that is wrong in itself", -32) {
            $0.connect(1)
            $0.reject(1, from: 1, .missingSignature)
            $0.reject(1, from: 1, .unexpectedSignature)
            $0.reject(1, from: 1, .unexpectedAuthInfo)
            $0.reject(1, from: 1, .selfOrigin)
        },
        Case("everything that is not judged", 0) {
            $0.connect(1)
            $0.reject(1, from: 1, .validationIgnored)
            $0.reject(2, from: 1, .validationThrottled)
            $0.reject(3, from: 1, .validationQueueFull)
            $0.reject(4, from: 1, .blacklistedPeer)
            $0.reject(5, from: 1, .blacklistedSource)
            for message in 1...5 { $0.duplicate(message, from: 1) }
        },
        // [1² · −4] · 0.5
        Case("a duplicate of what is then rejected", -2) {
            $0.connect(1, 2)
            $0.start(1)
            $0.duplicate(1, from: 1)
            $0.duplicate(1, from: 1)
            $0.reject(1, from: 2)
        },
        // Once for the verdict, twice after it: [3² · −4] · 0.5
        Case("duplicates before and after a rejection", -18) {
            $0.connect(1, 2)
            $0.start(1)
            $0.duplicate(1, from: 1)
            $0.reject(1, from: 2)
            $0.duplicate(1, from: 1)
            $0.duplicate(1, from: 1)
        },
        // As the first sender and as one of its duplicates' senders: [2² · −4] · 0.5
        Case("a rejected message that its first sender sent again", -8) {
            $0.connect(1)
            $0.start(1)
            $0.duplicate(1, from: 1)
            $0.reject(1, from: 1)
        },
        // (7 · 0.9)² · −1 · 3 = 6.3² · −3
        Case("rejected messages of the other topic, decayed", -119.07) {
            $0.connect(1)
            for message in 0..<7 { $0.reject(message, from: 1, topic: "u") }
            $0.decay()
        },
        // [2² · −4] · 0.5, kept without decay
        Case("left with rejected messages and came back", -8) {
            $0.connect(1)
            for message in 0..<2 { $0.reject(message, from: 1) }
            $0.disconnect(1)
            $0.decay(after: .seconds(100))
            $0.connect(1)
        },
        Case("came back when everything was forgotten", 0) {
            $0.connect(1)
            $0.reject(1, from: 1)
            $0.disconnect(1)
            $0.decay(after: .seconds(3_600) + .nanoseconds(1))
            $0.connect(1)
        },
    ]

    // MARK: P5, P6, P7

    private static let others: [Case] = [
        // 3 · 10
        Case("the application likes it", 30) {
            $0.connect(1)
            $0.score.setApplicationScore(3, of: ScoreRig.id(1))
        },
        // −2.5 · 10
        Case("the application does not like it", -25) {
            $0.connect(1)
            $0.score.setApplicationScore(-2.5, of: ScoreRig.id(1))
        },
        Case("two peers behind one address", 0) { $0.connect(1, 2, at: "9.8.7.6") },
        // (3 − 2)² · −5
        Case("three peers behind one address", -5) { $0.connect(1, 2, 3, at: "9.8.7.6") },
        // (5 − 2)² · −5
        Case("five peers behind one address", -45) { $0.connect(1, 2, 3, 4, 5, at: "9.8.7.6") },
        // The network has four: (4 − 2)² · −5
        Case("four peers in one network", -20) { rig in
            for peer in 1...4 { rig.connect(peer, at: "2001:db8::\(peer)") }
        },
        // Address and network have four each: (4 + 4) · −5
        Case("four peers behind one address of version 6", -40) { $0.connect(1, 2, 3, 4, at: "2001:db8::1") },
        Case("penalties at the threshold", 0) {
            $0.connect(1)
            $0.score.penalise($0.number(1), 3)
        },
        // (7 − 3)² · −10
        Case("penalties above the threshold", -160) {
            $0.connect(1)
            $0.score.penalise($0.number(1), 4)
            $0.score.penalise($0.number(1), 3)
        },
        // (3.5 − 3)² · −10
        Case("penalties after a decay", -2.5) {
            $0.connect(1)
            $0.score.penalise($0.number(1), 7)
            $0.decay()
        },
    ]

    // MARK: Sums

    private static let sums: [Case] = [
        // 10 · 3 = 30, capped
        Case("topics above their cap", 24) {
            $0.connect(1)
            for message in 0..<10 { $0.deliver(message, from: 1, topic: "u") }
        },
        // 24 + 10
        Case("the cap is one of topics alone", 34) {
            $0.connect(1)
            for message in 0..<10 { $0.deliver(message, from: 1, topic: "u") }
            $0.score.setApplicationScore(1, of: ScoreRig.id(1))
        },
        // −18 + 30 = 12: the sum is capped, not each topic
        Case("a good topic and a bad one", 12) {
            $0.connect(1)
            for message in 0..<10 { $0.deliver(message, from: 1, topic: "u") }
            for message in 10..<13 { $0.reject(message, from: 1) }
        },
        // 5 · 0.9 · 0.9 · 0.9 = 3.645, · 3
        Case("three decays", 10.935) {
            $0.connect(1)
            for message in 0..<5 { $0.deliver(message, from: 1, topic: "u") }
            for _ in 0..<3 { $0.decay() }
        },
        // Three intervals passed: the same
        Case("three decays at once", 10.935) {
            $0.connect(1)
            for message in 0..<5 { $0.deliver(message, from: 1, topic: "u") }
            $0.now += .milliseconds(3_999)
            $0.score.decayIfDue(now: $0.now)
        },
        Case("a topic without parameters", 0) {
            $0.connect(1)
            $0.graft(1, topic: "v")
            $0.deliver(1, from: 1, topic: "v")
            $0.reject(2, from: 1, topic: "v")
            $0.decay(after: .seconds(9))
        },
        // 0.1 + 0.2 = 0.30000000000000004, + 0.3 = 0.6000000000000001; in any other order 0.6
        Case("topics are added by name", 0.600_000_000_000_000_1) { rig in
            for (topic, weight) in [("c", 0.3), ("b", 0.2), ("a", 0.1)] as [(Topic, Double)] {
                let parameters = ScoreRig.topic {
                    $0.topicWeight = weight
                    $0.firstMessageDeliveriesWeight = 1
                    $0.firstMessageDeliveriesCap = 1
                }
                rig.score.setTopicParameters(parameters, of: topic)
            }
            rig.connect(1)
            for (message, topic) in (["c", "b", "a"] as [Topic]).enumerated() {
                rig.deliver(message, from: 1, topic: topic)
            }
        },
        // (0.1 + 0.2) · 0.3 = 0.09000000000000001, and not 0.1 · 0.3 + 0.2 · 0.3 = 0.09
        Case("a topic's weight multiplies its sum", 0.090_000_000_000_000_01) { rig in
            let parameters = ScoreRig.topic {
                $0.topicWeight = 0.3
                $0.timeInMeshWeight = 0.1
                $0.timeInMeshCap = 1
                $0.firstMessageDeliveriesWeight = 0.2
                $0.firstMessageDeliveriesCap = 1
            }
            rig.score.setTopicParameters(parameters, of: "t")
            rig.connect(1)
            rig.graft(1)
            rig.decay(after: .seconds(1))
            rig.deliver(1, from: 1)
        },
        // 0.1 + 0.2 − 0.3 = 5.551115123125783e−17; in another order 2.7755575615628914e−17
        Case("a topic's parts are added in their order", 5.551_115_123_125_783e-17) { rig in
            let parameters = ScoreRig.topic {
                $0.timeInMeshWeight = 0.1
                $0.timeInMeshCap = 1
                $0.firstMessageDeliveriesWeight = 0.2
                $0.firstMessageDeliveriesCap = 1
                $0.invalidMessageDeliveriesWeight = -0.3
            }
            rig.score.setTopicParameters(parameters, of: "t")
            rig.connect(1)
            rig.graft(1)
            rig.decay(after: .seconds(1))
            rig.deliver(1, from: 1)
            rig.reject(2, from: 1)
        },
        // 0.1 + 0.7 − 0.3 − 0.5 = −5.551115123125783e−17; in other orders 0
        Case("topics, P5, P6 and P7 are added in their order", -5.551_115_123_125_783e-17) { rig in
            rig = ScoreRig(
                ScoreRig.topic {
                    $0.firstMessageDeliveriesWeight = 0.1
                    $0.firstMessageDeliveriesCap = 1
                }
            ) {
                $0.applicationWeight = 0.7
                $0.applicationScore = 1
                $0.ipColocationFactorWeight = -0.3
                $0.behaviourPenaltyWeight = -0.5
            }
            rig.connect(1, 2, at: "9.8.7.6")
            rig.deliver(1, from: 1)
            rig.score.penalise(rig.number(1), 1)
        },
    ]
}
