import DescordCore
import DescordCrypto
import DescordStore
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import DescordNode

/// Files between nodes: who fetches, from whom, and who is refused.
@Suite(.timeLimit(.minutes(2))) struct FileNodeTests {
    /// Alice with a space, and others who joined it; nobody is on the air.
    private struct Members {
        let alice: TestHome
        let others: [TestHome]
        let space: SpaceID
        let channel: ChannelID

        init(others count: Int) async throws {
            self.alice = try TestHome()
            (self.space, self.channel) = try self.alice.makeSpace()
            self.others = try (0..<count).map { _ in try TestHome() }
            let node = try await self.alice.start()
            let ticket = try await self.alice.ticket(for: self.space, at: node)
            for other in self.others {
                let joining = try await other.start(.oneShot)
                guard case .joined = try await joining.join(.ticket(ticket), deadline: .seconds(20)) else {
                    throw HandoverError(code: 1, message: "not joined")
                }
                await joining.stop()
            }
            await node.stop()
            // Each knows of everybody.
            for other in self.others { try self.carry(from: self.alice, to: other) }
        }

        /// Brings one home's operations to another without a network.
        func carry(from: TestHome, to: TestHome) throws {
            let storage = try #require(from.store.syncStorage(of: self.space))
            _ = try to.store.ingest(
                storage.ids().compactMap { storage.operation($0) }, from: .sync(from.store.peerID))
        }

        func post(_ content: [UInt8], by home: TestHome) throws -> (op: OperationID, hash: FileHash) {
            let file = try #require(PostedFile(name: "a.bin", bytes: content))
            let op = try home.store.post("", files: [file], channel: self.channel, in: self.space).id
            return (op, file.reference.hash)
        }
    }

    private func content(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var prng = PRNG(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: prng.next()) }
    }

    private func address(of node: Node) async throws -> Multiaddr {
        try #require(try await node.addresses().first)
    }

    @Test func whoStaysFetchesWhatArrivesAndThePosterWaitsForIt() async throws {
        let members = try await Members(others: 1)
        let bob = members.others[0]
        let content = self.content(8 << 20)
        let (op, hash) = try members.post(content, by: bob)
        let aliceNode = try await members.alice.start()
        let bobNode = try await bob.start(.oneShot)
        _ = try await bobNode.dial(try await self.address(of: aliceNode), deadline: .seconds(20))
        let publication = try await bobNode.publish(
            [op], in: members.space, waitingFor: 1, deadline: .seconds(60))
        #expect(publication.storedBy == [op: 1] && publication.heldBy == [op: 1])
        #expect(try members.alice.store.readFile(hash, from: 0, count: content.count) == content)
        // A message with as many as there may be, all of them there: nothing is fetched, and who wrote it is
        // told all the same.
        let files = try (1...8).map { try #require(PostedFile(name: "\($0)", bytes: [UInt8($0)])) }
        let post = try bob.store.post("", files: files, channel: members.channel, in: members.space)
        for file in files {
            try members.carry(from: bob, to: members.alice)
            #expect(
                try members.alice.store.storeFetched(
                    file.bytes, as: file.reference.hash, in: members.space))
        }
        #expect(post.arrival != nil)
        let again = try bob.store.post("", files: files, channel: members.channel, in: members.space).id
        let second = try await bobNode.publish(
            [again], in: members.space, waitingFor: 1, deadline: .seconds(60))
        #expect(second.heldBy == [again: 1])
        await bobNode.stop()
        await aliceNode.stop()
    }

    @Test func posterSaysTruthfullyThatNobodyTookTheFile() async throws {
        let members = try await Members(others: 1)
        let (op, hash) = try members.post(self.content(1_000), by: members.others[0])
        // One that does one thing and leaves takes the message, and no files.
        let aliceNode = try await members.alice.start(.oneShot)
        let bobNode = try await members.others[0].start(.oneShot)
        _ = try await bobNode.dial(try await self.address(of: aliceNode), deadline: .seconds(20))
        let publication = try await bobNode.publish(
            [op], in: members.space, waitingFor: 1, deadline: .seconds(2))
        #expect(publication.storedBy == [op: 1] && publication.heldBy == [op: 0])
        #expect(publication.stored == nil)
        #expect(try !members.alice.store.holdsFile(hash))
        await bobNode.stop()
        await aliceNode.stop()
    }

    @Test func thirdMemberFetchesFromTheSecondWhenTheFirstIsAway() async throws {
        let members = try await Members(others: 2)
        let (bob, carol) = (members.others[0], members.others[1])
        let content = self.content(700_000)
        let (op, hash) = try members.post(content, by: members.alice)
        try members.carry(from: members.alice, to: bob)
        try members.carry(from: members.alice, to: carol)
        let bobNode = try await bob.start()
        let carolNode = try await carol.start(.oneShot)
        // Nobody is there yet.
        try await carolNode.fetchFiles(of: op, deadline: .seconds(60))
        #expect(try !carol.store.holdsFile(hash))
        _ = try await carolNode.dial(try await self.address(of: bobNode), deadline: .seconds(20))
        try await carolNode.fetchFiles(of: op, deadline: .seconds(60))
        #expect(try !carol.store.holdsFile(hash))
        // Who did not have it is asked again, when somebody asks again.
        #expect(try bob.store.storeFetched(content, as: hash, in: members.space))
        try await carolNode.fetchFiles(of: op, deadline: .seconds(60))
        #expect(try carol.store.readFile(hash, from: 0, count: content.count) == content)
        await carolNode.stop()
        await bobNode.stop()
    }

    /// What a member answers who serves bytes of his own making.
    private func lie(
        _ answer: [UInt8], resets: Bool, as home: TestHome, to address: Multiaddr,
        then: @escaping @Sendable () async throws -> Void
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let key = home.store.key
        try await loop.flatSubmit {
            let host = Host(
                configuration: Host.Configuration(key: key), eventLoop: loop, logger: Logger(label: "test"))
            let bound = NIOLoopBound(host, eventLoop: loop)
            let gone = loop.makePromise(of: Void.self)
            host.setHandler(FileLimits.protocolID) { stream in
                stream.onData = { _ in
                    stream.write(answer)
                    if resets { stream.finish() }
                }
                stream.onClosed = { _ in gone.succeed() }
            }
            return host.listen().flatMap { _ in
                bound.value.dial([address.withoutPeer], expecting: address.peerID, deadline: .seconds(20))
            }.flatMap { _ in gone.futureResult }
                .flatMap { loop.makeFutureWithTask { try await then() } }
                .flatMap { bound.value.close() }
        }.get()
    }

    @Test(arguments: [true, false]) func liesAreNoticedAndOthersAsked(halfway: Bool) async throws {
        let members = try await Members(others: 2)
        let (bob, carol) = (members.others[0], members.others[1])
        let content = self.content(100_000)
        let (op, hash) = try members.post(content, by: bob)
        try members.carry(from: bob, to: members.alice)
        try members.carry(from: bob, to: carol)
        #expect(try carol.store.storeFetched(content, as: hash, in: members.space))
        let aliceNode = try await members.alice.start()
        let carolNode = try await carol.start()
        let carolAddress = try await self.address(of: carolNode)
        // Half of it, spoilt, and then nothing; or all of it.
        let lie = [UInt8](repeating: 9, count: halfway ? 50_000 : 100_000)
        let head: [UInt8] = [1, 0, 0, 0, 0, 0, 1, 0x86, 0xa0]
        let store = members.alice.store
        try await self.lie(
            head + lie, resets: halfway, as: bob, to: try await self.address(of: aliceNode)
        ) {
            // Asked once more, the liar would spoil the rest as well, and nothing of it were left.
            if !halfway { try await aliceNode.fetchFiles(of: op, deadline: .seconds(60)) }
            #expect(try !store.holdsFile(hash))
            // Without being told to, with what the other began.
            _ = try await aliceNode.dial(carolAddress, deadline: .seconds(20))
            let isHeld = try await aliceNode.run { engine in
                engine.wait(until: .now() + .seconds(20)) { (try? store.holdsFile(hash)) == true }
            }
            #expect(isHeld)
            #expect(try store.readFile(hash, from: 0, count: content.count) == content)
        }
        await aliceNode.stop()
        await carolNode.stop()
    }

    // MARK: - Who is refused

    /// Opens streams one after another as a peer of this key, writes `bytes` on each, and returns what came
    /// on each until it ended; nil for one that was reset.
    private func answers(
        _ bytes: [[UInt8]], from key: Ed25519.PrivateKey, at address: Multiaddr
    ) async throws -> [[UInt8]?] {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return try await loop.flatSubmit {
            let host = Host(
                configuration: Host.Configuration(key: key), eventLoop: loop, logger: Logger(label: "test"))
            let bound = NIOLoopBound(host, eventLoop: loop)
            return host.listen().flatMap { _ in
                bound.value.dial([address.withoutPeer], expecting: address.peerID, deadline: .seconds(20))
            }.flatMap { connection in
                let ends = bytes.map { request in
                    let end = loop.makePromise(of: [UInt8]?.self)
                    let stream = connection.openStream(FileLimits.protocolID)
                    var answer: [UInt8] = []
                    stream?.onData = { answer += $0 }
                    stream?.onFinished = { end.succeed(answer) }
                    stream?.onClosed = { _ in end.succeed(nil) }
                    stream?.write(request)
                    return end.futureResult
                }
                return EventLoopFuture.whenAllSucceed(ends, on: loop)
            }.flatMap { answers in bound.value.close().map { answers } }
        }.get()
    }

    private func request(
        _ hash: FileHash, of space: SpaceID, from: Ed25519.PublicKey, to home: TestHome
    )
        throws -> [UInt8]
    {
        let reference = try #require(FileReference(name: "a", size: 1_000, hash: hash))
        return FileFetch(
            FileAssembly(reference), of: space, initiator: from, responder: home.store.publicKey,
            nonce: Entropy.bytes(32)
        ).request
    }

    @Test func strangersAndTheRemovedGetTheAnswerOfAnEmptyHome() async throws {
        let members = try await Members(others: 1)
        let (alice, bob) = (members.alice, members.others[0])
        let content = self.content(1_000)
        let (_, hash) = try members.post(content, by: alice)
        let node = try await alice.start()
        let address = try await self.address(of: node)
        let stranger = Ed25519.PrivateKey.generate()
        let other = FileHash(of: [1])
        func ask(_ key: Ed25519.PrivateKey, _ hash: FileHash) async throws -> [UInt8]? {
            let request = try self.request(hash, of: members.space, from: key.publicKey, to: alice)
            return try await self.answers([request], from: key, at: address)[0]
        }
        #expect(try await ask(stranger, hash) == [0])
        #expect(try await ask(bob.store.key, other) == [0])
        #expect(try await ask(bob.store.key, hash) == [1, 0, 0, 0, 0, 0, 0, 3, 0xe8] + content)
        _ = try alice.store.kick(bob.store.publicKey, in: members.space)
        #expect(try await ask(bob.store.key, hash) == [0])
        await node.stop()
    }

    @Test func streamsOfAPeerAreBoundedAndSilentOnesEnded() async throws {
        let members = try await Members(others: 1)
        let (_, hash) = try members.post(self.content(1_000), by: members.alice)
        let node = try await members.alice.start()
        let address = try await self.address(of: node)
        let key = members.others[0].store.key
        let request = try self.request(
            hash, of: members.space, from: key.publicKey, to: members.alice)
        // Those beyond the bound are reset at once, and the others after a deadline without a word.
        try await node.run { engine in
            engine.files.idleDeadline = .milliseconds(500)
            return engine.eventLoop.makeSucceededVoidFuture()
        }
        let silent = [[UInt8]](repeating: Array(request.dropLast()), count: FileLimits.maxStreamsPerPeer)
        let answers = try await self.answers(silent + [request], from: key, at: address)
        #expect(answers == [[UInt8]?](repeating: nil, count: FileLimits.maxStreamsPerPeer + 1))
        let open = try await node.run { engine in
            engine.eventLoop.makeSucceededFuture(engine.files.services.count)
        }
        #expect(open == 0)
        #expect(try await self.answers([request], from: key, at: address)[0]?.count == 1_009)
        await node.stop()
    }

    @Test func whatAMemberTakesIsBoundedAndStrangersTakeNothingOfIt() async throws {
        let members = try await Members(others: 1)
        let (_, hash) = try members.post(self.content(1_000), by: members.alice)
        let node = try await members.alice.start()
        let address = try await self.address(of: node)
        let key = members.others[0].store.key
        try await node.run { engine in
            engine.files.allowances = FileAllowances(bytesPerMinute: FileLimits.minRequestCost + 1_500)
            return engine.eventLoop.makeSucceededVoidFuture()
        }
        func ask(_ key: Ed25519.PrivateKey) async throws -> [UInt8]? {
            let request = try self.request(
                hash, of: members.space, from: key.publicKey, to: members.alice)
            return try await self.answers([request], from: key, at: address)[0]
        }
        #expect(try await ask(.generate()) == [0])
        #expect(try await ask(.generate()) == nil)
        #expect(try await ask(key)?.count == 1_009)
        #expect(try await ask(key) == nil)
        await node.stop()
    }

    @Test func whoIsRemovedInTheMiddleGetsNoMore() async throws {
        let members = try await Members(others: 1)
        let (alice, bob) = (members.alice, members.others[0])
        let (_, hash) = try members.post(self.content(8 << 20), by: alice)
        let node = try await alice.start()
        let address = try await self.address(of: node)
        // No silence ends it meanwhile.
        try await node.run { engine in
            engine.files.idleDeadline = .seconds(3_600)
            return engine.eventLoop.makeSucceededVoidFuture()
        }
        let reference = try #require(FileReference(name: "a", size: 8 << 20, hash: hash))
        let request = FileFetch(
            FileAssembly(reference), of: members.space, initiator: bob.store.publicKey,
            responder: alice.store.publicKey, nonce: Entropy.bytes(32)
        ).request
        let (key, space, store) = (bob.store.key, members.space, alice.store)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let received = try await loop.flatSubmit {
            let host = Host(
                configuration: Host.Configuration(key: key), eventLoop: loop, logger: Logger(label: "test"))
            let bound = NIOLoopBound(host, eventLoop: loop)
            return host.listen().flatMap { _ in
                bound.value.dial([address.withoutPeer], expecting: address.peerID, deadline: .seconds(20))
            }.flatMap { connection -> EventLoopFuture<Int> in
                let began = loop.makePromise(of: Void.self)
                let ended = loop.makePromise(of: Int.self)
                guard let stream = connection.openStream(FileLimits.protocolID) else {
                    return loop.makeFailedFuture(CancellationError())
                }
                var count = 0
                stream.onData = { [weak stream] bytes in
                    count += bytes.count
                    // Nothing more is taken, so that the rest waits at the other end.
                    stream?.pauseReading()
                    began.succeed()
                }
                stream.onClosed = { _ in ended.succeed(count) }
                stream.write(request)
                return began.futureResult.flatMap {
                    loop.makeFutureWithTask {
                        let kick = try store.kick(key.publicKey, in: space).id
                        _ = try await node.publish([kick], in: space, waitingFor: 0, deadline: .seconds(20))
                    }
                }.flatMap { ended.futureResult }
            }.flatMap { received -> EventLoopFuture<Int> in bound.value.close().map { received } }
        }.get()
        #expect(received > 0 && received < 8 << 20)
        await node.stop()
    }
}
