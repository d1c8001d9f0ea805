import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct QueryTests {
    @Test func messagesAreShownByClockAndFollowedByArrival() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let links = world.heads
        let early = try forger.write(
            MessagePost(text: "early"), links: links, clock: .at(world.clock.now, .seconds(1)),
            channel: world.channel)
        world.clock.advance(by: .seconds(5))
        try world.post(world.alice, "late")
        let start = try world.alice.store.newestArrival()
        _ = try world.alice.store.ingest([early], from: .file)
        #expect(try world.alice.store.messages(MessageFilter()).map(\.text) == ["early", "late"])
        #expect(try world.alice.store.messages(after: start).map(\.text) == ["early"])
        #expect(try world.alice.store.messages(after: 0).map(\.text) == ["late", "early"])
        #expect(try world.alice.store.messages(after: try world.alice.store.newestArrival()).isEmpty)
        let message = try #require(try world.alice.store.messages(MessageFilter()).first)
        #expect(message.channelName == "general" && message.spaceName == "Garden")
        #expect(message.author == world.bob.store.publicKey && message.received == world.clock.now)
    }

    @Test func filtersNarrow() throws {
        let world = try World().joined()
        let other = try world.alice.store.createChannel(name: ChannelName(parsing: "other"), in: world.space)
        let second = try world.alice.store.createSpace(name: SpaceName(parsing: "Two"), isPublic: false).id
        let secondChannel = try world.alice.store.createChannel(name: ChannelName(parsing: "x"), in: second)
            .id
        var times: [WallTime] = []
        for index in 0..<4 {
            world.clock.advance(by: .seconds(10))
            times.append(world.clock.now)
            try world.post(world.alice, "\(index)")
        }
        _ = try world.alice.store.post("elsewhere", channel: other.id, in: world.space)
        _ = try world.alice.store.post("second", channel: secondChannel, in: second)
        func texts(_ filter: MessageFilter, limit: Int? = nil) throws -> [String?] {
            try world.alice.store.messages(filter, limit: limit).map(\.text)
        }
        let inChannel = MessageFilter(space: world.space, channel: world.channel)
        #expect(try texts(inChannel) == ["0", "1", "2", "3"])
        #expect(try texts(inChannel, limit: 2) == ["2", "3"])
        #expect(try texts(MessageFilter(channel: world.channel, since: times[1])) == ["1", "2", "3"])
        #expect(try texts(MessageFilter(channel: world.channel, until: times[1])) == ["0"])
        #expect(try texts(MessageFilter(space: second)) == ["second"])
        #expect(try texts(MessageFilter(author: world.bob.store.publicKey)) == [])
        #expect(try world.alice.store.messages(after: 0, inChannel, limit: 3).map(\.text) == ["0", "1", "2"])
    }

    @Test func messageInAChannelThatDoesNotExistIsNotShown() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let post = try forger.write(
            MessagePost(text: "nowhere"), links: world.heads, clock: .at(world.clock.now, .seconds(1)),
            channel: world.space)
        #expect(try world.alice.store.ingest([post], from: .file).verdicts == [.void])
        #expect(try world.alice.store.messages(MessageFilter()).isEmpty)
    }

    @Test func spaceSaysWhoCanReadAndWhatIsStored() throws {
        let world = try World().joined()
        let details = try world.alice.store.details(of: world.space)
        #expect(details.encryption == "none" && details.readableBy == "members" && details.forks.isEmpty)
        #expect(details.operations == [.admitted: 5])
        #expect(details.summary.members == 2 && details.summary.channels == 1)
        #expect(details.heads == world.heads)
        #expect(try World(isPublic: true).readableBy == "everyone")
        _ = try world.alice.store.author(SpaceVisibility(isPublic: true), in: world.space)
        #expect(try world.alice.store.details(of: world.space).readableBy == "everyone")
        #expect(world.alice.store.syncStorage(of: world.space)?.isPublic == true)
    }

    @Test func spacesStandInTheOrderOfJoining() throws {
        let world = try World()
        let own = try world.bob.store.createSpace(name: SpaceName(parsing: "Own"), isPublic: false).id
        world.clock.advance(by: .seconds(1))
        try world.join(world.bob)
        #expect(try world.bob.store.spaces().map(\.id) == [own, world.space])
        #expect(try world.bob.store.heldSpaces().map(\.id) == [own, world.space])
    }

    @Test func nameBeatsPrefixAndAmbiguityNamesItsCandidates() throws {
        let world = try World()
        let store = world.alice.store
        let prefix = String(world.space.hex.prefix(4))
        #expect(try store.resolveSpace("Garden").id == world.space)
        #expect(try store.resolveSpace(prefix).id == world.space)
        #expect(try store.resolveSpace(prefix.uppercased()).id == world.space)
        #expect(throws: StoreError.unknownReference("gar")) { try store.resolveSpace("gar") }
        let short = String(world.space.hex.prefix(3))
        #expect(throws: StoreError.unknownReference(short)) { try store.resolveSpace(short) }
        // A space that is called like another's prefix wins by its name.
        let named = try store.createSpace(name: SpaceName(parsing: prefix), isPublic: false).id
        #expect(try store.resolveSpace(prefix).id == named)
        let twin = try store.createSpace(name: SpaceName(parsing: "Garden"), isPublic: false).id
        var failure: StoreError?
        do throws(StoreError) { _ = try store.resolveSpace("Garden") } catch { failure = error }
        #expect(
            failure
                == .ambiguousReference(
                    "Garden",
                    candidates: [world.space, twin].map {
                        ReferenceCandidate(id: $0.hex, name: "Garden")
                    }))
        #expect(try store.resolveChannel(path: "general", current: world.space).id == world.channel)
        #expect(
            try store.resolveChannel(path: "\(world.space.hex)/general", current: nil).id == world.channel)
        #expect(throws: StoreError.unknownReference("general")) {
            try store.resolveChannel(path: "general", current: nil)
        }
    }

    @Test func operationsAndAuthorsAreFoundByPrefix() throws {
        let world = try World().joined()
        let post = try world.post(world.alice, "x")
        let store = world.alice.store
        #expect(try store.resolveOperation(String(post.id.hex.prefix(10))) == post.id)
        #expect(try store.resolveOperation(post.id.hex, kind: .messagePost) == post.id)
        #expect(throws: StoreError.self) { try store.resolveOperation(post.id.hex, kind: .channelCreate) }
        #expect(throws: StoreError.self) { try store.resolveOperation("xyzw") }
        let bob = world.bob.store
        #expect(try store.resolveAuthor(bob.peerID.description, in: world.space) == bob.publicKey)
        #expect(
            try store.resolveAuthor(Multibase.hex(bob.publicKey.bytes).prefix(12).description, in: nil)
                == bob.publicKey)
        // Every Ed25519 peer id begins alike.
        var isAmbiguous = false
        do throws(StoreError) { _ = try store.resolveAuthor("12D3", in: world.space) } catch {
            if case .ambiguousReference(_, let candidates) = error { isAmbiguous = candidates.count == 2 }
        }
        #expect(isAmbiguous)
    }
}

extension World {
    var readableBy: String {
        get throws { try self.alice.store.details(of: self.space).readableBy }
    }
}
