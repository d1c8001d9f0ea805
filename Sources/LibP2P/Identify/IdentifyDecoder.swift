import LibP2PCore

/// Reads the parts of an identify message until the peer closes its side of the stream.
///
/// Holds at most `maxPartCount` parts of `maxReadPartSize` bytes and one that is incomplete.
public struct IdentifyDecoder: Sendable {
    /// Why a message was refused; the stream is to be reset.
    public enum Failure: Error, Equatable, Sendable {
        /// A length is malformed, or the last part is incomplete.
        case malformedFrame
        /// A part is larger than `IdentifyMessage.maxReadPartSize`.
        case partTooLarge
        /// There are more parts than `IdentifyMessage.maxPartCount`.
        case tooManyParts
        /// The parts are not an identify message, or there are none.
        case malformedMessage
    }

    private var frames = FrameDecoder(maxFrameSize: IdentifyMessage.maxReadPartSize)
    private var merged: [UInt8] = []
    private var partCount = 0

    public init() {}

    /// Adds bytes that arrived.
    public mutating func append(_ bytes: [UInt8]) throws(Failure) {
        self.frames.append(bytes)
        do throws(FrameDecoder.Failure) {
            while let part = try self.frames.next() {
                self.partCount += 1
                guard self.partCount <= IdentifyMessage.maxPartCount else { break }
                self.merged += part
            }
        } catch {
            switch error {
            case .malformedLength: throw .malformedFrame
            case .tooLarge: throw .partTooLarge
            }
        }
        guard self.partCount <= IdentifyMessage.maxPartCount else { throw .tooManyParts }
    }

    /// Returns the message, once the peer finished.
    public consuming func finish() throws(Failure) -> IdentifyMessage {
        guard !self.frames.isInFrame else { throw .malformedFrame }
        guard self.partCount > 0, let message = IdentifyMessage(merged: self.merged) else {
            throw .malformedMessage
        }
        return message
    }
}
