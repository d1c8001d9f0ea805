import LibP2PCore
import Testing

@testable import LibP2P

/// When messages are let in, and when not.
@Suite struct PeerGaterTests {
    /// A gater whose counters can be looked at only through what it lets in.
    private final class Rig {
        var gater: PeerGater
        var prng = PRNG(seed: TestRun.seed)
        var now = Instant.zero

        init(_ change: (inout PeerGaterParameters) -> Void = { _ in }) {
            var parameters = PeerGaterParameters()
            parameters.threshold = 0.1
            parameters.globalDecay = 0.9
            parameters.sourceDecay = 0.999
            change(&parameters)
            self.gater = PeerGater(parameters: parameters)
        }

        func connect(_ peer: Int, at ip: String = "1.2.3.4") {
            let address = Multiaddr(parsing: "\(ip.contains(":") ? "/ip6/" : "/ip4/")\(ip)/tcp/1")
            self.gater.connected(peer, address: address, now: self.now)
        }

        func reject(_ peer: Int, _ reason: RejectReason, count: Int = 1) {
            for _ in 0..<count { self.gater.rejected(from: peer, reason, now: self.now) }
        }

        /// How many of `count` RPCs are let in.
        func accepted(_ peer: Int, of count: Int = 10_000) -> Int {
            (0..<count).count { _ in self.gater.accepts(peer, now: self.now, using: &self.prng) }
        }

        /// Whether about that share is let in: within five standard deviations, so that about one in a
        /// million seeds fails.
        func accepts(_ peer: Int, share: Double) -> Bool {
            let count = 10_000.0
            let deviation = (count * share * (1 - share)).squareRoot()
            return abs(Double(self.accepted(peer)) - count * share) <= 5 * deviation
        }
    }

    @Test func everythingIsLetInWhileNothingIsThrottled() {
        let rig = Rig()
        rig.connect(1)
        rig.reject(1, .validationFailed, count: 100)
        #expect(rig.accepted(1) == 10_000)
    }

    @Test(arguments: [RejectReason.validationThrottled, .validationQueueFull])
    func whoWasOnlyThrottledIsLetIn(_ reason: RejectReason) {
        let rig = Rig()
        rig.connect(1)
        rig.reject(1, reason, count: 100)
        #expect(rig.accepted(1) == 10_000)
    }

    @Test func theShareThatIsLetInIsTheShareOfGoodMessages() {
        let rig = Rig()
        rig.connect(1)
        rig.reject(1, .validationThrottled)
        rig.reject(1, .validationIgnored, count: 3)
        // (1 + 0) / (1 + 1·3)
        #expect(rig.accepts(1, share: 0.25))
        for _ in 0..<8 { rig.gater.duplicate(from: 1) }
        // (1 + 0) / (1 + 1·3 + 0.125·8)
        #expect(rig.accepts(1, share: 0.2))
        for _ in 0..<10 { rig.gater.delivered(from: 1) }
        // (1 + 10) / (1 + 10 + 3 + 1)
        #expect(rig.accepts(1, share: 11 / 15))
        rig.reject(1, .validationFailed, count: 2)
        // (1 + 10) / (1 + 10 + 3 + 1 + 16·2)
        #expect(rig.accepts(1, share: 11 / 47))
        rig.reject(1, .invalidSignature)
        #expect(rig.accepts(1, share: 11 / 63))
        TestRun.report("gossipsub gater", count: 50_000)
    }

    @Test func aSeedDecidesTheSameEveryTime() {
        func run() -> [Bool] {
            let rig = Rig()
            rig.prng = PRNG(seed: 7)
            rig.connect(1)
            rig.reject(1, .validationThrottled)
            rig.reject(1, .validationIgnored, count: 1)
            return (0..<100).map { _ in rig.gater.accepts(1, now: rig.now, using: &rig.prng) }
        }
        let first = run()
        #expect(first == run())
        #expect(Set(first).count == 2)
    }

    @Test func itWorksFromItsThresholdOn() {
        let rig = Rig()
        rig.connect(1)
        rig.reject(1, .validationFailed, count: 1_000)
        rig.reject(1, .validationThrottled)
        for _ in 0..<11 { rig.gater.validationStarted() }
        #expect(rig.accepted(1) == 10_000, "1 in 11 is below a tenth")
        rig.reject(1, .validationThrottled)
        #expect(rig.accepted(1) < 100, "2 in 11 is above")
    }

    @Test func itStopsAfterAQuietTime() {
        let rig = Rig()
        rig.connect(1)
        rig.reject(1, .validationFailed, count: 1_000)
        rig.reject(1, .validationThrottled)
        rig.now += .seconds(60)
        #expect(rig.accepted(1) < 100)
        rig.now += .nanoseconds(1)
        #expect(rig.accepted(1) == 10_000)
    }

    @Test func itStopsWhenThrottledMessagesHaveDecayed() {
        let rig = Rig { $0.quiet = .seconds(1_000) }
        rig.connect(1)
        rig.reject(1, .validationFailed, count: 1_000)
        rig.reject(1, .validationThrottled)
        rig.now += .seconds(43)
        rig.gater.decayIfDue(now: rig.now)
        #expect(rig.accepted(1) < 100, "0.9⁴³ is above 0.01")
        rig.now += .seconds(1)
        rig.gater.decayIfDue(now: rig.now)
        #expect(rig.accepted(1) == 10_000, "0.9⁴⁴ is below")
    }

    @Test func validatedMessagesDecayToo() {
        let rig = Rig { $0.quiet = .seconds(1_000) }
        rig.connect(1)
        rig.reject(1, .validationFailed, count: 1_000)
        for _ in 0..<1_000 { rig.gater.validationStarted() }
        rig.now += .seconds(50)
        rig.gater.decayIfDue(now: rig.now)
        rig.reject(1, .validationThrottled)
        // 1 in 1,000 · 0.9⁵⁰ = 5.15
        #expect(rig.accepted(1) < 100)
    }

    @Test func whatAnAddressSentDecays() {
        let rig = Rig { $0.sourceDecay = 0.5 }
        rig.connect(1)
        rig.reject(1, .validationIgnored, count: 6)
        rig.now += .seconds(1)
        rig.gater.decayIfDue(now: rig.now)
        rig.reject(1, .validationThrottled)
        #expect(rig.accepts(1, share: 0.25))
    }

    @Test func peersBehindOneAddressShareTheirRecord() {
        let rig = Rig()
        rig.connect(1)
        rig.connect(2)
        rig.connect(3, at: "1.2.3.5")
        rig.reject(1, .validationFailed, count: 1_000)
        rig.reject(1, .validationThrottled)
        #expect(rig.accepted(2) < 100)
        #expect(rig.accepted(3) == 10_000)
        rig.connect(3)
        #expect(rig.accepted(3) < 100, "it moved")
        rig.gater.disconnected(1, now: rig.now)
        rig.gater.disconnected(2, now: rig.now)
        #expect(rig.accepted(3) < 100)
    }

    @Test func peersWithoutAnAddressShareOneRecord() {
        let rig = Rig()
        rig.gater.connected(1, address: Multiaddr(parsing: "/unix/a"), now: rig.now)
        rig.gater.connected(2, address: nil, now: rig.now)
        rig.reject(1, .validationFailed, count: 1_000)
        rig.reject(1, .validationThrottled)
        #expect(rig.accepted(2) < 100)
    }

    @Test func comingBackGivesNoCleanRecordUntilItsTimeIsUp() {
        let rig = Rig { $0.retainStatistics = .seconds(10) }
        rig.connect(1)
        rig.reject(1, .validationFailed, count: 1_000)
        rig.gater.disconnected(1, now: rig.now)
        rig.now += .seconds(10)
        rig.gater.decayIfDue(now: rig.now)
        rig.connect(2)
        rig.reject(2, .validationThrottled)
        #expect(rig.accepted(2) < 100)
        rig.gater.disconnected(2, now: rig.now)
        rig.now += .seconds(11)
        rig.gater.decayIfDue(now: rig.now)
        rig.connect(3)
        rig.reject(3, .validationThrottled)
        #expect(rig.accepted(3) == 10_000)
    }

    @Test func whatWasLeftBehindDoesNotDecay() {
        let rig = Rig { $0.sourceDecay = 0.5 }
        rig.connect(1)
        rig.reject(1, .validationIgnored, count: 3)
        rig.gater.disconnected(1, now: rig.now)
        rig.now += .seconds(100)
        rig.gater.decayIfDue(now: rig.now)
        rig.connect(2)
        rig.reject(2, .validationThrottled)
        #expect(rig.accepts(2, share: 0.25))
    }

    @Test func addressesThatAreRememberedAreBounded() {
        let rig = Rig()
        for number in 0..<(PeerGater.sourceCountMax + 10) {
            rig.connect(number, at: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)")
            rig.gater.disconnected(number, now: rig.now)
        }
        #expect(rig.gater.departed.count == PeerGater.sourceCountMax)
    }

    @Test func eventsOfPeersThatLeftCountForNobody() {
        let rig = Rig()
        rig.connect(1)
        rig.gater.disconnected(1, now: rig.now)
        rig.reject(1, .validationFailed, count: 1_000)
        rig.gater.duplicate(from: 1)
        rig.gater.delivered(from: 1)
        rig.connect(2)
        rig.reject(2, .validationThrottled)
        #expect(rig.accepted(1) == 10_000)
        #expect(rig.accepted(2) == 10_000)
    }
}
