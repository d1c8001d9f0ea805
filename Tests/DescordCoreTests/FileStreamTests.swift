import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

/// `/descord/files/1.0.0` with both ends in memory.
@Suite struct FileStreamTests {
    let space = OperationID(bytes: [UInt8](repeating: 5, count: 32))!
    let member = person(1).publicKey
    let bytes: [UInt8]
    let reference: FileReference
    let files: MemoryFiles

    init() {
        var prng = PRNG(seed: suiteSeed)
        self.bytes = prng.octets(200_000)
        self.reference = .to(self.bytes)
        self.files = MemoryFiles(space: self.space, members: [self.member])
        self.files.content[self.reference.hash] = self.bytes
    }

    @Test(arguments: [1, 7, 104, Int.max]) func memberGetsTheFileAndSaysThatItIsKept(size: Int) {
        var pair = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        pair.ask(by: size)
        #expect(pair.served == [.opened(self.reference.hash, space: self.space, size: 200_000)])
        let moved = pair.answer(by: min(size, 65_536) * 31)
        #expect(moved == 9 + 200_000)
        #expect(pair.fetched == [.accepted, .whole] && pair.fetch.assembly.bytes == self.bytes)
        let isFinished = pair.service.isFinished
        #expect(isFinished)
        pair.keep()
        #expect(pair.served.last == .kept(self.reference.hash) && pair.served.count == 2)
    }

    @Test func emptyFileIsAFile() {
        let empty = FileReference.to([])
        self.files.content[empty.hash] = []
        var pair = FilePair(FileAssembly(empty), self.files, asking: self.member)
        pair.ask()
        let moved = pair.answer()
        #expect(moved == 9 && pair.fetched == [.accepted, .whole])
    }

    @Test func whatIsMissingIsFetchedFromAnother() {
        var first = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        first.ask()
        first.answer(limit: 70_009)
        first.fetch.remoteDidFinish(into: &first.fetched)
        #expect(first.fetched == [.accepted, .failed(.cut)])
        let rest = first.fetch.assembly
        #expect(rest.offset == 70_000 && rest.missing == 130_000)
        var second = FilePair(rest, self.files, asking: self.member)
        second.ask()
        let moved = second.answer()
        #expect(moved == 9 + 130_000)
        #expect(second.fetched == [.accepted, .whole] && second.fetch.assembly.bytes == self.bytes)
    }

    @Test func whatIsHereIsSaidWithoutFetchingIt() {
        var pair = FilePair(FileAssembly(held: self.reference), self.files, asking: self.member)
        pair.ask()
        let moved = pair.answer()
        #expect(moved == 9 && pair.fetched == [.accepted, .whole])
        pair.keep()
        #expect(pair.served.last == .kept(self.reference.hash))
    }

    /// A stranger, a space that is not held, a file that is not here, and one that no message in force refers
    /// to: one byte, the same.
    @Test func everyReasonToRefuseHasOneAnswer() {
        let other = FileReference.to([1, 2, 3])
        let hidden = FileReference.to([4, 5, 6])
        self.files.content[hidden.hash] = [4, 5, 6]
        self.files.unreferred = [hidden.hash]
        let foreign = OperationID(bytes: [UInt8](repeating: 6, count: 32))!
        let cases = [
            (self.reference, person(2).publicKey, self.space), (self.reference, self.member, foreign),
            (other, self.member, self.space), (hidden, self.member, self.space),
        ]
        for (reference, key, space) in cases {
            var pair = FilePair(FileAssembly(reference), self.files, asking: key, of: space)
            pair.ask()
            var bytes: [UInt8] = []
            pair.service.takeOutbound(into: &bytes, maxBytes: 100, events: &pair.served)
            #expect(bytes == [0] && pair.served == [.refused] && pair.service.isFinished)
            pair.fetch.received(bytes, into: &pair.fetched)
            #expect(pair.fetched == [.absent])
        }
    }

    /// What one member asked is of no use to another, to whom it is not addressed.
    @Test func copiedRequestOfAMemberIsAStrangers() {
        let pair = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        var service = FileService(
            self.files, localKey: person(9).publicKey, remoteKey: person(2).publicKey)
        var events: [FileService.Event] = []
        service.received(pair.fetch.request, into: &events)
        #expect(events == [.refused])
    }

    @Test func offsetBeyondTheFileIsRefused() {
        for offset in [200_001, Int.max] {
            let request = FileRequest(
                space: self.space, hash: self.reference.hash, offset: offset, initiator: self.member,
                responder: person(9).publicKey, nonce: [UInt8](repeating: 7, count: 32))
            var service = FileService(
                self.files, localKey: person(9).publicKey, remoteKey: self.member)
            var events: [FileService.Event] = []
            service.received(request.encoded, into: &events)
            #expect(events == [.refused])
        }
    }

    @Test func fileThatIsDeletedMeanwhileEndsTheStream() {
        var pair = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        pair.ask()
        pair.answer(limit: 70_000)
        self.files.content = [:]
        pair.answer()
        #expect(pair.served.last == .failed(.gone) && pair.service.isFinished)
    }

    // MARK: - Hostile ends

    @Test func halfARequestIsNoRequest() {
        var pair = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        pair.service.received(pair.fetch.request.dropLast(), into: &pair.served)
        #expect(pair.served.isEmpty && !pair.service.isOpen && !pair.service.hasOutbound)
        pair.service.remoteDidFinish(into: &pair.served)
        #expect(pair.served == [.failed(.cut)])
    }

    @Test func bytesAfterTheRequestResetTheStream() {
        var pair = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        pair.service.received(pair.fetch.request + [1], into: &pair.served)
        #expect(pair.served == [.failed(.unexpected)] && !pair.service.hasOutbound)
        var early = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        early.ask()
        early.answer(limit: 1_000)
        early.service.received([1], into: &early.served)
        #expect(early.served.last == .failed(.unexpected) && !early.service.hasOutbound)
    }

    @Test(arguments: [[0], [2], [1, 1]] as [[UInt8]]) func lastWordIsOneByte(word: [UInt8]) {
        var pair = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        pair.ask()
        pair.answer()
        pair.service.received(word, into: &pair.served)
        #expect(pair.served.last == .failed(.malformed))
    }

    private func fetched(_ answer: [[UInt8]], finishes: Bool = false) -> [FileFetch.Event] {
        var pair = FilePair(FileAssembly(self.reference), self.files, asking: self.member)
        var events: [FileFetch.Event] = []
        for piece in answer { pair.fetch.received(piece, into: &events) }
        if finishes { pair.fetch.remoteDidFinish(into: &events) }
        return events
    }

    @Test func answersThatAreNoneFail() {
        let head: [UInt8] = [1, 0, 0, 0, 0, 0, 3, 13, 64]
        #expect(self.fetched([[2]]) == [.failed(.malformed)])
        #expect(self.fetched([[1, 0, 0, 0, 0, 0, 3, 13, 65]]) == [.failed(.wrongSize)])
        #expect(self.fetched([[1] + [UInt8](repeating: 255, count: 8)]) == [.failed(.wrongSize)])
        #expect(self.fetched([[1, 0, 0]], finishes: true) == [.failed(.cut)])
        #expect(self.fetched([], finishes: true) == [.failed(.cut)])
        #expect(self.fetched([head, [1, 2, 3]], finishes: true) == [.accepted, .failed(.cut)])
    }

    @Test func endlessStreamEndsWithTheSize() {
        let head: [UInt8] = [1, 0, 0, 0, 0, 0, 3, 13, 64]
        // In one piece, and after the last byte.
        #expect(self.fetched([head + self.bytes + [0]]) == [.accepted, .failed(.unexpected)])
        #expect(self.fetched([head + self.bytes, [0]]) == [.accepted, .whole, .failed(.unexpected)])
    }

    @Test func otherBytesOfTheRightSizeAreNoticed() {
        let head: [UInt8] = [1, 0, 0, 0, 0, 0, 3, 13, 64]
        var bytes = self.bytes
        bytes[199_999] ^= 1
        #expect(self.fetched([head, bytes]) == [.accepted, .failed(.wrongHash)])
    }

    // MARK: - What a peer may take

    /// Takes out of one peer's allowance at one time after another.
    private func taken(_ steps: [(bytes: Int, peer: PeerID, at: Duration)]) -> [Bool] {
        var allowances = FileAllowances()
        return steps.map { step in
            allowances.take(step.bytes, of: step.peer, now: Instant(nanoseconds: 1_000) + step.at)
        }
    }

    @Test func allowanceIsRefilledByTheMinute() {
        let peer = PeerID(self.member)
        let all = FileLimits.bytesPerMinute
        let taken = self.taken([
            (all, peer, .zero), (1, peer, .zero),
            // Others have their own.
            (1, PeerID(person(2).publicKey), .zero),
            (all / 2 + 1, peer, .seconds(30)), (all / 2, peer, .seconds(30)), (1, peer, .seconds(30)),
            (all + 1, peer, .seconds(3_600)), (all, peer, .seconds(3_600)),
        ])
        #expect(taken == [true, false, true, false, true, false, false, true])
    }

    @Test func allowancesOfManyPeersAreBounded() {
        var prng = PRNG(seed: suiteSeed)
        let peers = (0...FileLimits.maxAllowances).map { _ in PeerID(prng.key().publicKey) }
        let last = peers[FileLimits.maxAllowances]
        let half = FileLimits.bytesPerMinute / 2
        let taken = self.taken(
            peers.dropLast().map { (half, $0, .zero) } + [
                (1, last, .zero), (1, peers[0], .zero),
                // Who has everything again is forgotten.
                (1, last, .seconds(60)),
            ])
        #expect(taken == [Bool](repeating: true, count: peers.count - 1) + [false, true, true])
    }
}
