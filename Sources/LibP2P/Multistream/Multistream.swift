import LibP2PCore

/// What was wrong with a multistream-select exchange; it cannot go on.
public enum MultistreamFailure: Error, Equatable, Sendable {
    /// A length is not a minimal varint, or is zero.
    case malformedLength
    /// A message is longer than `Multistream.maxMessageSize`.
    case messageTooLong
    /// A message does not end in a newline.
    case missingNewline
    /// A message is not UTF-8.
    case notText
    /// The first message was not `/multistream/1.0.0`.
    case wrongHeader
    /// The listener answered with something that was not proposed.
    case unexpectedAnswer
    /// The dialer proposed more than `Multistream.maxProposalCount` times.
    case tooManyProposals
}

/// The words and bounds of multistream-select 1.0 (multiformats, "multistream-select").
///
/// Every message is a varint length, UTF-8 text and a newline; the length counts the newline.
package enum Multistream {
    /// The first message of both sides.
    package static let header = "/multistream/1.0.0"
    /// The listener does not speak what was proposed.
    package static let refusal = "na"
    /// A request for the names of all protocols.
    package static let list = "ls"
    /// The longest message that is read, with its newline: protocol names are far shorter, and other
    /// implementations cap them here as well.
    package static let maxMessageSize = 1_024
    /// The most messages a dialer may send after its header: it has no reason to try more names than these.
    package static let maxProposalCount = 64

    /// Appends `line` as a message.
    package static func append(_ line: String, to output: inout [UInt8]) {
        Varint.append(UInt64(line.utf8.count + 1), to: &output)
        output.append(contentsOf: line.utf8)
        output.append(UInt8(ascii: "\n"))
    }

    /// Returns the answer to `ls`: a message that holds one message a protocol.
    package static func listing(of protocols: [String]) -> [UInt8] {
        var inner: [UInt8] = []
        for name in protocols {
            self.append(name, to: &inner)
        }
        var output: [UInt8] = []
        Varint.append(UInt64(inner.count + 1), to: &output)
        output += inner
        output.append(UInt8(ascii: "\n"))
        return output
    }
}

/// Cuts messages out of a byte stream and touches nothing after the last one that was asked for, because what
/// follows belongs to the negotiated protocol.
struct MultistreamReader: Sendable {
    /// The bytes of the length, then those of the message.
    private var buffer: [UInt8] = []
    private var length: Int?

    /// The bytes that are held, at most `Multistream.maxMessageSize`.
    var bufferedCount: Int { self.buffer.count }

    /// Takes the next message off the front of `input`, or everything when it is not complete yet.
    mutating func next(_ input: inout ArraySlice<UInt8>) throws(MultistreamFailure) -> String? {
        while self.length == nil {
            guard let byte = input.popFirst() else { return nil }
            self.buffer.append(byte)
            switch Varint.read(self.buffer) {
            case .incomplete:
                guard self.buffer.count < Varint.size(of: UInt64(Multistream.maxMessageSize)) else {
                    throw .messageTooLong
                }
            case .malformed:
                throw .malformedLength
            case .value(let value, _):
                guard value > 0 else { throw .malformedLength }
                guard value <= UInt64(Multistream.maxMessageSize) else { throw .messageTooLong }
                self.length = Int(value)
                self.buffer = []
            }
        }
        guard let length = self.length else { return nil }
        let taken = input.prefix(length - self.buffer.count)
        self.buffer.append(contentsOf: taken)
        input = input.dropFirst(taken.count)
        guard self.buffer.count == length else { return nil }
        let line = self.buffer
        self.buffer = []
        self.length = nil
        guard line.last == UInt8(ascii: "\n") else { throw .missingNewline }
        guard let text = String(validating: line.dropLast(), as: UTF8.self) else { throw .notText }
        return text
    }
}
