import DescordCore
import LibP2PCore
import Testing

@testable import DescordStore

/// What an export hands out, and in which order.
@Suite struct ArchiveOrderTests {
    @Test func everyOperationComesAfterItsLinksAlsoWhenItsContentCameLater() throws {
        let world = try World().joined()
        let first = try world.post(world.alice, "first")
        let second = try world.post(world.alice, "second")
        let bare = try Operation(storedEnvelope: first.envelope, salt: nil, content: nil)
        _ = try world.bob.store.ingest([bare, second], from: world.fromAlice)
        _ = try world.bob.store.ingest([first], from: world.fromAlice)
        // In order of arrival the second is before the first now.
        #expect(try world.bob.store.messages(after: 0).map(\.id) == [second.id, first.id])
        var seen: [Operation] = []
        var announced = 0
        try world.bob.store.archive(world.space) { part in
            switch part {
            case .beginning(_, let count): announced = count
            case .operation(let operation):
                for link in operation.header.links { #expect(seen.contains { $0.id == link }) }
                seen.append(operation)
            }
        }
        #expect(seen.count == announced)
        #expect(Set(seen.map(\.id)) == Set(try world.bob.store.all(world.space).map(\.id)))
        #expect(seen.first?.isGenesis == true)
        #expect(seen.contains { $0.id == first.id && $0.content == first.content })
    }

    @Test func whatARevocationTookBackIsHandedOutToo() throws {
        let world = try World().joined()
        let late = try world.post(world.bob, "late")
        _ = try world.alice.store.ingest([late], from: .sync(world.bob.store.peerID))
        let between = try world.post(world.alice, "links to it")
        #expect(between.header.links.contains(late.id))
        _ = try world.alice.store.kick(world.bob.store.publicKey, lastGood: .nothing, in: world.space)
        #expect(try world.alice.store.state(of: late.id) == .revoked)
        var seen: [Operation] = []
        try world.alice.store.archive(world.space) { part in
            if case .operation(let operation) = part { seen.append(operation) }
        }
        // Or else what links to it would wait for ever where the archive is taken in.
        #expect(Set(seen.map(\.id)) == Set(try world.alice.store.all(world.space).map(\.id)))
        let carol = try TestHome(world.clock, seed: 3)
        try carol.store.beginJoin(world.space)
        _ = try carol.store.ingest(seen, from: .file)
        #expect(try carol.store.state(of: between.id) == .admitted)
        #expect(try carol.store.state(of: late.id) == .revoked)
    }
}
