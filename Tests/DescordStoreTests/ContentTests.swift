import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// What is done to messages, as two homes see it that hand each other their operations.
@Suite struct ContentTests {
    private func told(_ world: World, _ author: TestHome, _ reader: TestHome, _ authored: Authored) throws {
        _ = try reader.store.ingest([authored.operation], from: .sync(author.store.peerID))
        world.clock.advance(by: .milliseconds(5))
    }

    private func post(_ world: World, _ author: TestHome, _ text: String) throws -> Authored {
        let post = try author.store.post(text, channel: world.channel, in: world.space)
        let reader = author === world.alice ? world.bob : world.alice
        try told(world, author, reader, post)
        return post
    }

    private func message(_ home: TestHome, _ id: OperationID) throws -> MessageSummary {
        try #require(try home.store.message(id))
    }

    @Test func theLastEditCountsAndIsFound() throws {
        let world = try World().joined()
        let post = try self.post(world, world.alice, "first words")
        for text in ["second words", "third words"] {
            world.clock.advance(by: .milliseconds(5))
            try told(world, world.alice, world.bob, try world.alice.store.edit(post.id, text: text))
        }
        for home in [world.alice, world.bob] {
            let seen = try message(home, post.id)
            #expect(seen.text == "third words" && seen.isEdited && !seen.isDeleted)
            #expect(try home.store.search("third", MessageFilter()).map(\.id) == [post.id])
            #expect(try home.store.search("first OR second", MessageFilter()).isEmpty)
        }
        #expect(throws: StoreError.notPermitted) { try world.bob.store.edit(post.id, text: "mine") }
    }

    @Test func wordsThatComeAfterTheirEditAreNotFound() throws {
        let world = try World().joined()
        let post = try world.post(world.alice, "first words")
        let edit = try world.alice.store.edit(post.id, text: "second words")
        _ = try world.bob.store.ingest(
            [post.headerOnly, edit.operation], from: .sync(world.alice.store.peerID))
        _ = try world.bob.store.ingest([post], from: .sync(world.alice.store.peerID))
        #expect(try message(world.bob, post.id).text == "second words")
        #expect(try world.bob.store.search("first", MessageFilter()).isEmpty)
        #expect(try world.bob.store.search("second", MessageFilter()).map(\.id) == [post.id])
    }

    @Test func aDeletionWinsAndLeavesNothingOnEitherDisk() throws {
        let world = try World().joined()
        let words = (0..<3).map { "quartz\($0) " + String(repeating: "xylophone ", count: 200) }
        let post = try self.post(world, world.alice, words[0])
        let edit = try world.alice.store.edit(post.id, text: words[1])
        try told(world, world.alice, world.bob, edit)
        let delete = try world.alice.store.delete(post.id)
        try told(world, world.alice, world.bob, delete)
        for home in [world.alice, world.bob] {
            let seen = try message(home, post.id)
            #expect(seen.text == nil && seen.isDeleted)
            for id in [post.id, edit.id] {
                let stored = try #require(try home.store.operation(id))
                #expect(stored.isHeaderOnly && stored.salt == nil)
            }
            #expect(try home.store.search("xylophone", MessageFilter()).isEmpty)
            for file in try FileManager.default.contentsOfDirectory(atPath: home.home.path) {
                let data = FileManager.default.contents(atPath: home.home.path + "/" + file) ?? Data()
                #expect(data.range(of: Data("quartz".utf8)) == nil, "\(file) still holds it")
                #expect(data.range(of: Data("xylophone".utf8)) == nil, "\(file) still holds it")
            }
            #expect(try home.store.check().problems.isEmpty)
        }
        // Whoever has the whole message still does not bring it back.
        let whole = post.operation
        let result = try world.bob.store.ingest(
            [whole, edit.operation], from: .sync(world.alice.store.peerID))
        #expect(result.verdicts == [.duplicate, .duplicate])
        #expect(try world.bob.store.operation(post.id)?.isHeaderOnly == true)
        #expect(throws: StoreError.unknownTarget) { try world.alice.store.edit(post.id, text: words[2]) }
    }

    @Test func anEditThatComesAfterTheDeletionIsNotKept() throws {
        let world = try World().joined()
        let post = try self.post(world, world.alice, "words")
        let edit = try world.alice.store.edit(post.id, text: "secret words")
        let delete = try world.alice.store.delete(post.id)
        _ = try world.bob.store.ingest(
            [delete.operation, edit.operation],
            from: .sync(world.alice.store.peerID))
        #expect(try world.bob.store.operation(edit.id)?.isHeaderOnly == true)
        #expect(try message(world.bob, post.id).isDeleted)
    }

    @Test func whoDeletesAnothersMessageModeratesAndOutranksIt() throws {
        let world = try World().joined()
        let ofAlice = try post(world, world.alice, "words")
        let ofBob = try post(world, world.bob, "of Bob")
        let grant = try world.alice.store.grant(
            BuiltInRole.admin.id, to: world.bob.store.publicKey, in: world.space)
        try told(world, world.alice, world.bob, grant)
        #expect(throws: StoreError.notPermitted) { try world.bob.store.delete(ofAlice.id) }
        try told(world, world.alice, world.bob, try world.alice.store.delete(ofBob.id))
        #expect(try message(world.bob, ofBob.id).isDeleted)
        #expect(try message(world.bob, ofBob.id).actor == world.bob.store.publicKey)
    }

    @Test func reactionsAreCountedByPeopleAndTakenBack() throws {
        let world = try World().joined()
        let post = try self.post(world, world.alice, "words")
        for _ in 0..<2 {
            try told(world, world.alice, world.bob, try world.alice.store.react(to: post.id, with: "👍"))
        }
        try told(world, world.bob, world.alice, try world.bob.store.react(to: post.id, with: "👍"))
        try told(world, world.bob, world.alice, try world.bob.store.react(to: post.id, with: "🌱"))
        #expect(
            try message(world.alice, post.id).reactions == [
                .init(emoji: "👍", count: 2), .init(emoji: "🌱", count: 1),
            ])
        try told(world, world.alice, world.bob, try world.alice.store.unreact(to: post.id, with: "👍"))
        for home in [world.alice, world.bob] {
            #expect(try message(home, post.id).reactions.map(\.count) == [1, 1])
        }
        #expect(throws: StoreError.unknownTarget) {
            try world.alice.store.unreact(to: post.id, with: "👍")
        }
        try told(world, world.bob, world.alice, try world.bob.store.unreact(to: post.id, with: "🌱"))
        #expect(try message(world.alice, post.id).reactions == [.init(emoji: "👍", count: 1)])
    }

    @Test func nobodyTakesAnothersReactionBack() throws {
        let world = try World().joined()
        let post = try self.post(world, world.alice, "words")
        let given = try world.alice.store.react(to: post.id, with: "x")
        try told(world, world.alice, world.bob, given)
        let taken = try world.bob.store.authoring(nil) { author in
            try author.write(
                ReactionRemove(additions: [given.id]), in: world.space, channel: world.channel,
                target: post.id, following: [post.id])
        }
        try told(world, world.bob, world.alice, taken)
        #expect(try message(world.alice, post.id).reactions == [.init(emoji: "x", count: 1)])
    }

    @Test func pinsAreThereUntilSomebodyTakesThemBack() throws {
        let world = try World().joined()
        let post = try self.post(world, world.alice, "words")
        _ = try self.post(world, world.alice, "others")
        try told(world, world.alice, world.bob, try world.alice.store.pin(post.id))
        #expect(try message(world.bob, post.id).isPinned)
        #expect(
            try world.bob.store.messages(MessageFilter(isPinned: true), limit: 5).map(\.id) == [post.id])
        try told(world, world.bob, world.alice, try world.bob.store.unpin(post.id))
        #expect(try !message(world.alice, post.id).isPinned)
        #expect(try world.alice.store.messages(MessageFilter(isPinned: true)).isEmpty)
    }

    @Test func aThreadIsBegunByItsFirstMessageAndOnceAlone() throws {
        let world = try World().joined()
        let root = try post(world, world.alice, "shall we?\nmore")
        // Both begin it before they hear of each other.
        let mine = try world.alice.store.post(
            "yes", channel: world.channel, in: world.space, context: MessageContext(thread: root.id))
        let theirs = try world.bob.store.post(
            "no", channel: world.channel, in: world.space, context: MessageContext(thread: root.id))
        for (author, reader) in [(world.alice, world.bob), (world.bob, world.alice)] {
            let messages = try author.store.messages(MessageFilter()).compactMap {
                try author.store.operation($0.id)
            }
            let begun = try messages.compactMap(\.header.target).compactMap { try author.store.operation($0) }
            let operations = messages + begun
            _ = try reader.store.ingest(operations, from: .sync(author.store.peerID))
        }
        var seen: [ThreadSummary] = []
        for home in [world.alice, world.bob] {
            let threads = try home.store.threads(of: world.space)
            #expect(threads.count == 1)
            seen += threads
            #expect(threads.first?.messages == 2 && threads.first?.root == root.id)
            #expect(threads.first?.title == "shall we?")
            for name in [root.id, mine.id, try #require(threads.first).id] {
                let found = try home.store.messages(MessageFilter(thread: name)).map(\.id)
                #expect(Set(found) == [root.id, mine.id, theirs.id])
            }
        }
        #expect(seen[0] == seen[1])
        let again = try world.bob.store.post(
            "well", channel: world.channel, in: world.space, context: MessageContext(thread: mine.id))
        #expect(try message(world.bob, again.id).thread == seen[0].id)
        #expect(try world.bob.store.threads(of: world.space).count == 1)
    }

    @Test func profilesAreTheLastWordOfEach() throws {
        let world = try World().joined()
        let post = try self.post(world, world.bob, "hello")
        let keys = [world.bob.store.publicKey]
        #expect(try world.alice.store.profiles(of: keys, in: world.space).isEmpty)
        for name in ["Bob", "Robert"] {
            try told(
                world, world.bob, world.alice,
                try world.bob.store.setProfile(Profile(name: name, about: "gardens"), in: world.space))
        }
        #expect(try message(world.alice, post.id).authorName == "Robert")
        #expect(
            try world.alice.store.profiles(of: keys, in: world.space)
                == [world.bob.store.publicKey: Profile(name: "Robert", about: "gardens")])
    }

    @Test func whateverHappensToAMessageArrives() throws {
        let world = try World().joined()
        let post = try self.post(world, world.alice, "words")
        let start = try world.alice.store.newestArrival()
        let acts = [
            try world.alice.store.edit(post.id, text: "other words"),
            try world.alice.store.react(to: post.id, with: "x"),
            try world.alice.store.unreact(to: post.id, with: "x"), try world.alice.store.pin(post.id),
            try world.alice.store.unpin(post.id), try world.alice.store.delete(post.id),
        ]
        #expect(acts.allSatisfy { $0.arrival != nil })
        let events = try world.alice.store.messages(after: start)
        #expect(events.map(\.event) == [.edited, .reacted, .unreacted, .pinned, .unpinned, .deleted])
        #expect(events.allSatisfy { $0.id == post.id && $0.isDeleted && $0.text == nil })
        #expect(events.map(\.arrival) == acts.compactMap(\.arrival))
        #expect(try world.alice.store.messages(after: start - 1).map(\.event).first == .posted)
    }
}
