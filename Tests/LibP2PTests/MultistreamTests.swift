import LibP2P
import LibP2PCore
import Testing

@Suite struct MultistreamTests {
    private func message(_ line: String) -> [UInt8] {
        [UInt8(line.utf8.count + 1)] + Array(line.utf8) + [0x0a]
    }

    private func answer(
        _ bytes: [UInt8], supported: [String] = ["/a", "/b"]
    ) -> (MultistreamListener.Result, output: [UInt8], rest: [UInt8]) {
        var listener = MultistreamListener()
        var input = bytes[...]
        var output: [UInt8] = []
        let result = listener.received(&input, supported: supported, output: &output)
        return (result, output, Array(input))
    }

    @Test func wordsAreFramedAsSpecified() {
        #expect(
            MultistreamDialer(protocols: ["/a"]).start() == [19] + Array("/multistream/1.0.0\n".utf8) + [3]
                + Array("/a\n".utf8))
        let refused = self.answer(self.message("/multistream/1.0.0") + self.message("/c"))
        #expect(refused.output.suffix(4) == [0x03, 0x6e, 0x61, 0x0a])
    }

    @Test func coalescedHeaderProposalAndDataLeaveTheDataAlone() {
        let (result, output, rest) = self.answer(
            self.message("/multistream/1.0.0") + self.message("/b") + [1, 2, 3])
        #expect(result == .selected("/b"))
        #expect(output == self.message("/multistream/1.0.0") + self.message("/b"))
        #expect(rest == [1, 2, 3])
    }

    @Test func byteAtATimeIsTheSame() {
        var listener = MultistreamListener()
        var output: [UInt8] = []
        var results: [MultistreamListener.Result] = []
        for byte in self.message("/multistream/1.0.0") + self.message("/nope") + self.message("/a") {
            var input = [byte][...]
            results.append(listener.received(&input, supported: ["/a"], output: &output))
        }
        #expect(results.dropLast().allSatisfy { $0 == .needMore })
        #expect(results.last == .selected("/a"))
        #expect(output == self.message("/multistream/1.0.0") + self.message("na") + self.message("/a"))
    }

    @Test func headerIsAnsweredBeforeAnyProposal() {
        let (result, output, _) = self.answer(self.message("/multistream/1.0.0"))
        #expect(result == .needMore)
        #expect(output == self.message("/multistream/1.0.0"))
    }

    @Test func listNamesEveryProtocol() {
        let (_, output, _) = self.answer(self.message("/multistream/1.0.0") + self.message("ls"))
        let inner = self.message("/a") + self.message("/b")
        #expect(output == self.message("/multistream/1.0.0") + [UInt8(inner.count + 1)] + inner + [0x0a])
    }

    @Test(arguments: [
        ([19] + Array("/multistream/2.0.0\n".utf8), MultistreamFailure.wrongHeader),
        ([4] + Array("GET ".utf8), .missingNewline),
        ([0], .malformedLength),
        ([0x80, 0x00], .malformedLength),
        ([0x81, 0x08], .messageTooLong),
        ([0xff, 0xff], .messageTooLong),
        ([2, 0xff, 0x0a], .notText),
    ])
    func malformedFirstMessagesFail(_ bytes: [UInt8], _ failure: MultistreamFailure) {
        #expect(self.answer(bytes).0 == .failed(failure))
        var dialer = MultistreamDialer(protocols: ["/a"])
        var input = bytes[...]
        var output: [UInt8] = []
        #expect(dialer.received(&input, output: &output) == .failed(failure))
    }

    @Test func proposalsAreBounded() {
        let flood = (0..<1_001).flatMap { self.message("/no/\($0)") }
        let (result, output, _) = self.answer(self.message("/multistream/1.0.0") + flood)
        #expect(result == .failed(.tooManyProposals))
        #expect(output.count == 20 + 4 * Multistream.maxProposalCount)
    }

    @Test func aPromisedMessageIsNotKeptBeyondTheCap() {
        var listener = MultistreamListener()
        var output: [UInt8] = []
        var input = ([0x80, 0x08] + [UInt8](repeating: 0x61, count: 1_023))[...]
        #expect(listener.received(&input, supported: [], output: &output) == .needMore)
        #expect(listener.bufferedCount <= Multistream.maxMessageSize)
    }

    @Test func dialerTriesTheNextCandidateAfterRefusal() {
        var dialer = MultistreamDialer(protocols: ["/x", "/y"])
        var output: [UInt8] = []
        var input = (self.message("/multistream/1.0.0") + self.message("na"))[...]
        #expect(dialer.received(&input, output: &output) == .needMore)
        #expect(output == self.message("/y"))
        input = (self.message("/y") + [9])[...]
        #expect(dialer.received(&input, output: &output) == .selected("/y"))
        #expect(Array(input) == [9])
    }

    @Test func dialerIsRefusedWhenNoCandidateIsLeft() {
        var dialer = MultistreamDialer(protocols: ["/x"])
        var output: [UInt8] = []
        var input = (self.message("/multistream/1.0.0") + self.message("na"))[...]
        #expect(dialer.received(&input, output: &output) == .refused)
    }

    @Test func dialerRefusesAnAnswerItDidNotPropose() {
        var dialer = MultistreamDialer(protocols: ["/x"])
        var output: [UInt8] = []
        var input = (self.message("/multistream/1.0.0") + self.message("/y"))[...]
        #expect(dialer.received(&input, output: &output) == .failed(.unexpectedAnswer))
    }
}
