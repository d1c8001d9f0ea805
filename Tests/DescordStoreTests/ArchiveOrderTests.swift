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
}
