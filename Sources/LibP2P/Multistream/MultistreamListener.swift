/// The side of multistream-select that answers.
///
/// Its header waits for the dialer's, so that header and echo leave in one flight when the dialer coalesced
/// its own.
package struct MultistreamListener: Sendable {
    /// What the bytes came to.
    package enum Result: Equatable, Sendable {
        /// No acceptable proposal yet.
        case needMore
        /// This protocol was agreed; the rest of the input is its own.
        case selected(String)
        /// The dialer does not speak multistream-select, or does not stop proposing.
        case failed(MultistreamFailure)
    }

    private var isHeaderRead = false
    private var proposalCount = 0
    private var reader = MultistreamReader()

    package init() {}

    /// The bytes of an incomplete message that are held.
    package var bufferedCount: Int { self.reader.bufferedCount }

    /// Takes proposals off the front of `input` and appends the answers to `output`.
    package mutating func received(
        _ input: inout ArraySlice<UInt8>, supported: [String], output: inout [UInt8]
    ) -> Result {
        do {
            while let line = try self.reader.next(&input) {
                if !self.isHeaderRead {
                    guard line == Multistream.header else { return .failed(.wrongHeader) }
                    self.isHeaderRead = true
                    Multistream.append(Multistream.header, to: &output)
                    continue
                }
                self.proposalCount += 1
                guard self.proposalCount <= Multistream.maxProposalCount else {
                    return .failed(.tooManyProposals)
                }
                if supported.contains(line) {
                    Multistream.append(line, to: &output)
                    return .selected(line)
                }
                if line == Multistream.list {
                    output += Multistream.listing(of: supported)
                } else {
                    Multistream.append(Multistream.refusal, to: &output)
                }
            }
            return .needMore
        } catch {
            return .failed(error)
        }
    }
}
