import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// The bytes of files: where they are kept, for how long, and how many.
@Suite struct FileStoreTests {
    private func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var prng = PRNG(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: prng.next()) }
    }

    private func file(_ bytes: [UInt8], name: String = "a.bin") throws -> PostedFile {
        try #require(PostedFile(name: name, bytes: bytes))
    }

    @discardableResult
    private func post(
        _ home: TestHome, _ files: [PostedFile], in world: World, room: FileRoom = FileRoom()
    ) throws -> OperationID {
        try home.store.post("", files: files, channel: world.channel, in: world.space, room: room).id
    }

    private func count(_ table: String, _ home: TestHome) throws -> Int? {
        try home.store.queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }

    @Test func postedFilesAreReadBackInAnyPart() throws {
        let world = try World()
        let content = self.bytes(3 * FileTable.chunkSize + 5)
        let op = try self.post(world.alice, [try self.file(content), try self.file([])], in: world)
        let store = world.alice.store
        let found = try #require(try store.files(of: op))
        #expect(found.space == world.space && found.author == store.publicKey)
        #expect(found.files.map(\.size) == [content.count, 0])
        let hash = FileHash(of: content)
        #expect(try store.readFile(hash, from: 0, count: content.count) == content)
        let chunk = FileTable.chunkSize
        for (offset, count) in [
            (0, 1), (chunk - 1, 2), (chunk, chunk), (chunk + 7, 2 * chunk), (3 * chunk, 99),
        ] {
            let end = min(offset + count, content.count)
            #expect(try store.readFile(hash, from: offset, count: count) == Array(content[offset..<end]))
        }
        #expect(try store.readFile(FileHash(of: []), from: 0, count: 10) == [])
        #expect(try store.readFile(FileHash(of: [1]), from: 0, count: 10) == nil)
        #expect(try store.messages(MessageFilter()).map(\.files) == [found.files])
    }

    @Test func nothingIsStoredThatNoMessageInForceRefersTo() throws {
        let world = try World().joined()
        let content = self.bytes(1_000)
        let hash = FileHash(of: content)
        let store = world.bob.store
        #expect(try !store.storeFetched(content, as: hash, in: world.space))
        try self.post(world.alice, [try self.file(content)], in: world)
        try world.sync(to: world.bob)
        #expect(try !store.storeFetched(self.bytes(1_000, seed: 2), as: hash, in: world.space))
        #expect(try !store.storeFetched(content, as: hash, in: hash.asSpace))
        #expect(try store.missingFiles(limit: 9).map(\.reference.hash) == [hash])
        #expect(try store.storeFetched(content, as: hash, in: world.space))
        #expect(try store.missingFiles(limit: 9).isEmpty)
        #expect(try store.readFile(hash, from: 0, count: 1_000) == content)
    }

    @Test func servedToTheSpaceWhoseMessageRefersToIt() throws {
        let world = try World().joined()
        let content = self.bytes(1_000)
        try self.post(world.alice, [try self.file(content)], in: world)
        let other = try world.alice.store.createSpace(
            name: SpaceName(parsing: "Other"), isPublic: false
        ).id
        let files = world.alice.store.fileDirectory()
        #expect(files.spaces() == [world.space, other].sorted())
        #expect(files.size(of: FileHash(of: content), in: world.space) == 1_000)
        #expect(files.size(of: FileHash(of: content), in: other) == nil)
        #expect(files.isMember(world.bob.store.publicKey, of: world.space))
        #expect(!files.isMember(person(77).publicKey, of: world.space))
        #expect(!files.isMember(world.bob.store.publicKey, of: other))
        _ = try world.alice.store.leave(world.space)
        #expect(files.spaces() == [other])
    }

    @Test func bytesGoWithTheLastMessageThatRefersToThem() throws {
        let world = try World()
        let shared = try self.file(self.bytes(300_000))
        let single = try self.file(self.bytes(10, seed: 2))
        let first = try self.post(world.alice, [shared, single], in: world)
        let second = try self.post(world.alice, [shared], in: world)
        let store = world.alice.store
        #expect(try store.purgeContent(of: first) == .done)
        #expect(try store.holdsFile(shared.reference.hash) && !store.holdsFile(single.reference.hash))
        #expect(try store.files(of: first)?.files == [])
        #expect(try store.purgeContent(of: second) == .done)
        #expect(try self.count("file_chunks", world.alice) == 0)
        // Nothing of it is left in the file either.
        let database = try Data(contentsOf: URL(filePath: world.alice.home.databasePath))
        #expect(database.range(of: Data(shared.bytes.prefix(64))) == nil)
        #expect(database.range(of: Data(single.bytes)) == nil)
    }

    @Test func roomOfASpaceIsBounded() throws {
        let world = try World().joined()
        let first = try self.file(self.bytes(600))
        let second = try self.file(self.bytes(401, seed: 2))
        let room = FileRoom(size: 1_000, count: 2)
        try self.post(world.alice, [first], in: world, room: room)
        #expect(throws: StoreError.filesFull) {
            try self.post(world.alice, [second], in: world, room: room)
        }
        // What is here already takes no more.
        try self.post(world.alice, [first], in: world, room: room)
        #expect(try world.alice.store.messages(MessageFilter()).count == 2)
        try self.post(world.alice, [second], in: world)
        try world.sync(to: world.bob)
        let store = world.bob.store
        #expect(try store.storeFetched(first.bytes, as: first.reference.hash, in: world.space, room: room))
        #expect(
            try !store.storeFetched(second.bytes, as: second.reference.hash, in: world.space, room: room))
        let few = FileRoom(size: 10_000, count: 1)
        #expect(
            try !store.storeFetched(second.bytes, as: second.reference.hash, in: world.space, room: few))
    }

    @Test func referencesFollowFromTheMessages() throws {
        let world = try World().joined()
        let file = try self.file(self.bytes(500))
        let post = try #require(
            try world.alice.store.operation(self.post(world.alice, [file], in: world)))
        let store = world.bob.store
        // The header alone refers to nothing, until its content comes.
        _ = try store.ingest([post.headerOnly], from: .file)
        #expect(try store.missingFiles(limit: 9).isEmpty)
        _ = try store.ingest([post], from: .file)
        #expect(try store.missingFiles(limit: 9).map(\.reference) == [file.reference])
        let before = try store.derivedState()
        try store.rebuild()
        #expect(try store.derivedState() == before)
        #expect(try store.missingFiles(limit: 9).map(\.reference) == [file.reference])
    }
}

extension FileHash {
    /// An id that names no space.
    fileprivate var asSpace: SpaceID { SpaceID(bytes: self.bytes)! }
}
