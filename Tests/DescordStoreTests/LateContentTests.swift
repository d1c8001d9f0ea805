import DescordCore
import DescordCrypto
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// Header and content are apart, and whoever forwards an operation can leave the content out: that must not
/// keep it from those who get it later.
@Suite struct LateContentTests {
    @Test func contentThatComesAfterItsHeaderIsShownAndPassedOn() throws {
        let world = try World().joined()
        let post = try world.post(world.bob, "hello")
        let bare = try world.alice.store.ingest([post.headerOnly], from: .file)
        let before = try world.alice.store.newestArrival()
        #expect(bare.verdicts == [.stored(arrival: before)])
        #expect(try world.alice.store.messages(MessageFilter()).map(\.text) == [nil])
        let summary = world.alice.store.syncStorage(of: world.space)?.summary()
        let result = try world.alice.store.ingest([post], from: .file)
        #expect(result.verdicts == [.stored(arrival: before + 1)] && result.verdicts[0].forwards)
        #expect(result.admitted.map(\.operation) == [post])
        // Who follows by arrival has passed the header, and sees the text.
        #expect(try world.alice.store.messages(after: before).map(\.text) == ["hello"])
        #expect(try world.alice.store.messages(MessageFilter()).map(\.text) == ["hello"])
        #expect(try world.alice.store.operation(post.id) == post)
        #expect(world.alice.store.syncStorage(of: world.space)?.summary() == summary)
        for again in [post, post.headerOnly] {
            #expect(try world.alice.store.ingest([again], from: .file).verdicts == [.duplicate])
        }
        #expect(try world.alice.store.operation(post.id) == post)
    }

    @Test func waitingOperationsGetTheirContentWhereTheyWait() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let missing = try forger.write(
            MessagePost(text: "first"), links: world.heads, clock: .at(world.clock.now, .milliseconds(1)),
            channel: world.channel)
        let late = try forger.write(
            MessagePost(text: "second"), clock: .at(world.clock.now, .milliseconds(2)), channel: world.channel
        )
        let store = world.alice.store
        #expect(try store.ingest([late.headerOnly], from: .file).verdicts == [.waiting])
        #expect(try store.ingest([late], from: .file).verdicts == [.waiting])
        let result = try store.ingest([missing], from: .file)
        #expect(result.admitted.map(\.operation) == [missing, late])
        #expect(try store.messages(MessageFilter()).map(\.text) == ["first", "second"])
    }

    @Test func contentIsPaidForWhenItComes() throws {
        let world = try World().joined()
        let change = try world.alice.store.author(BudgetChange(totalBytes: 2_000), in: world.space)
        var forger = try Forger(world.bob.store, in: world.space)
        let post = try forger.write(
            MessagePost(text: String(repeating: "x", count: 3_000)), links: [change.id],
            clock: .at(world.clock.now, .milliseconds(1)), channel: world.channel)
        let store = world.alice.store
        #expect(try store.ingest([post.headerOnly], from: .file).verdicts[0].isDurable)
        #expect(try store.ingest([post], from: .file).verdicts == [.ignored(.overBudget)])
        #expect(try store.operation(post.id) == post.headerOnly)
    }
}
