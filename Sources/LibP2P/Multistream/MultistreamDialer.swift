/// The side of multistream-select that proposes.
///
/// The header and the first proposal go out in one flight. With a single candidate the caller may send its
/// own bytes right behind them, before the answer (lazy negotiation); it must feed every answer here first
/// and trust nothing that it reads before `.selected`.
///
/// ```
/// start() ──► header read ──► answer == proposal ──► selected
///                   ▲                │ na
///                   └── next ◄───────┴── none left ──► refused
/// ```
package struct MultistreamDialer: Sendable {
    /// What the bytes came to.
    package enum Result: Equatable, Sendable {
        /// The answer is not complete.
        case needMore
        /// The listener echoed this proposal; the rest of the input is its protocol's.
        case selected(String)
        /// The listener speaks none of the candidates.
        case refused
        /// The listener does not speak multistream-select.
        case failed(MultistreamFailure)
    }

    private var candidates: ArraySlice<String>
    private var isHeaderRead = false
    private var reader = MultistreamReader()

    /// Takes the candidates, most wanted first; at least one, each shorter than `Multistream.maxMessageSize`.
    package init(protocols: [String]) {
        precondition(!protocols.isEmpty, "nothing to propose")
        self.candidates = protocols[...]
    }

    /// Returns the first flight: the header and the first proposal.
    package func start() -> [UInt8] {
        var output: [UInt8] = []
        Multistream.append(Multistream.header, to: &output)
        if let first = self.candidates.first {
            Multistream.append(first, to: &output)
        }
        return output
    }

    /// Takes answers off the front of `input`, and appends the next proposal to `output` after a refusal.
    package mutating func received(_ input: inout ArraySlice<UInt8>, output: inout [UInt8]) -> Result {
        do {
            while let line = try self.reader.next(&input) {
                if !self.isHeaderRead {
                    guard line == Multistream.header else { return .failed(.wrongHeader) }
                    self.isHeaderRead = true
                } else if line == self.candidates.first {
                    return .selected(line)
                } else if line == Multistream.refusal {
                    self.candidates = self.candidates.dropFirst()
                    guard let next = self.candidates.first else { return .refused }
                    Multistream.append(next, to: &output)
                } else {
                    return .failed(.unexpectedAnswer)
                }
            }
            return .needMore
        } catch {
            return .failed(error)
        }
    }
}
