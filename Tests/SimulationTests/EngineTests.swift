import LibP2PCore
import Testing

@testable import DescordSimulation

/// The parts that every run rests on.
@Suite struct EngineTests {
    @Test func eventsComeInTheOrderOfTimeAndThenOfScheduling() {
        var queue = EventQueue()
        var prng = PRNG(seed: 3)
        let times = (0..<2_000).map { _ in Int64(prng.below(50)) }
        for (index, time) in times.enumerated() { queue.schedule(.arrival, at: time, payload: index) }
        var taken: [(Int64, Int32)] = []
        while let event = queue.pop() { taken.append((event.at, event.payload)) }
        let expected = times.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
        #expect(taken.map { $0.0 } == expected.map { $0.element })
        #expect(taken.map { Int($0.1) } == expected.map { $0.offset })
    }

    @Test func eventsThatAreScheduledWhileOthersAreTakenFindTheirPlace() {
        var queue = EventQueue()
        var prng = PRNG(seed: 4)
        var last: Int64 = 0
        for _ in 0..<64 { queue.schedule(.arrival, at: Int64(prng.below(100))) }
        for _ in 0..<5_000 {
            guard let event = queue.pop() else { break }
            #expect(event.at >= last)
            last = event.at
            queue.schedule(.arrival, at: last + Int64(prng.below(100)))
        }
        #expect(queue.count == 64)
    }

    @Test func theHistogramIsRightToAThousandth() {
        var histogram = LatencyHistogram()
        var prng = PRNG(seed: 5)
        var values = (0..<20_000).map { _ in Int64(prng.below(3_000_000)) * 1_000 }
        for value in values { histogram.add(value) }
        values.sort()
        for share in [0.01, 0.5, 0.95, 0.99, 1] {
            let exact = Double(values[Int((share * 20_000).rounded(.up)) - 1]) / 1_000_000
            let told = histogram.milliseconds(atShare: share) ?? 0
            #expect(abs(told - exact) <= exact / 1_000 + 0.001, "\(share): \(told) instead of \(exact)")
        }
        #expect(histogram.max == values.last)
        #expect(LatencyHistogram().milliseconds(atShare: 0.5) == nil)
    }

    @Test func aSetOfNodesHoldsWhatWasPutIntoIt() {
        var set = NodeSet(capacity: 200)
        var prng = PRNG(seed: 6)
        var reference: Set<Int> = []
        for _ in 0..<1_000 {
            let node = prng.below(200)
            if prng.happens(0.5) {
                #expect(set.insert(node) == reference.insert(node).inserted)
            } else {
                #expect(set.remove(node) == (reference.remove(node) != nil))
            }
        }
        #expect(set.elements == reference.sorted())
        #expect(set.count == reference.count)
    }

    @Test func purposesDrawIndependently() {
        let chance = Chance(seed: 9)
        let numbers = (0..<1_000).flatMap { [chance.bits(.latency, $0), chance.bits(.jitter, $0)] }
        #expect(Set(numbers).count == 2_000)
        #expect(chance.bits(.latency, 1, 2) != chance.bits(.latency, 2, 1))
        #expect(Chance(seed: 10).bits(.latency) != chance.bits(.latency))
    }

    @Test func distributionsStayWithinTheirLimits() {
        var prng = PRNG(seed: 11)
        let parts = [
            Distribution.Part(share: 0.5, low: 1, high: 2), .init(share: 0.5, low: 10, high: 20),
        ]
        let all: [Distribution] = [
            .constant(5), .even(3, 4), .normal(mean: 50, deviation: 20), .mixed(parts),
        ]
        for distribution in all {
            let values = (0..<10_000).map { _ in distribution.draw(using: &prng) }
            #expect(values.allSatisfy { $0 >= distribution.least && $0 <= distribution.greatest })
        }
        let bell = (0..<10_000).map { _ in Distribution.normal(mean: 50, deviation: 5).draw(using: &prng) }
        #expect(abs(bell.reduce(0, +) / 10_000 - 50) < 0.5)
    }
}
