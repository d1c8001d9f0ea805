import DescordCore
import LibP2PCore
import Testing

@testable import DescordStore

/// What a file may bring.
@Suite struct ImportBudgetTests {
    @Test func heldOperationsOfAFileFillTheWaitingRoomAndNoMore() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let links = world.heads
        let held = try (1...300).map { index in
            try forger.write(
                MessagePost(text: "held"), links: links,
                clock: .at(world.clock.now, .seconds(3_600) + .milliseconds(index)), channel: world.channel)
        }
        let verdicts = try world.alice.store.ingest(held, from: .file).verdicts
        #expect(verdicts.prefix(SpaceLimits.maxUnsettledCount).allSatisfy { $0.isDurable })
        #expect(
            verdicts.dropFirst(SpaceLimits.maxUnsettledCount).allSatisfy { $0 == .ignored(.waitingRoomFull) })
        #expect(verdicts.count > SpaceLimits.maxUnsettledCount)
    }
}
