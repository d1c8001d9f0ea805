/// Cuts a byte stream into frames that are each preceded by their length as a varint: libp2p's "delimited"
/// messages.
///
/// The length is checked against the cap before anything is kept for it, so that a peer can make us hold at
/// most `maxFrameSize` bytes and a length.
public struct FrameDecoder: Sendable {
    /// What was wrong with a frame; the stream cannot be read further.
    public enum Failure: Error, Equatable {
        /// The length is not a minimal varint.
        case malformedLength
        /// The length is above the cap.
        case tooLarge(UInt64)
    }

    /// The largest frame that is accepted, without its length.
    public let maxFrameSize: Int

    private var buffer: [UInt8] = []
    private var consumed = 0

    public init(maxFrameSize: Int) {
        self.maxFrameSize = maxFrameSize
    }

    /// Whether a frame has begun and not ended.
    public var isInFrame: Bool { self.consumed < self.buffer.count }

    /// Adds bytes that arrived.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if self.consumed > 0, self.consumed == self.buffer.count || self.consumed >= 65_536 {
            self.buffer.removeFirst(self.consumed)
            self.consumed = 0
        }
        self.buffer.append(contentsOf: bytes)
    }

    /// Returns the next whole frame, or nil until more bytes arrive.
    public mutating func next() throws(Failure) -> [UInt8]? {
        switch Varint.read(self.buffer[self.consumed...].prefix(Varint.maxSize)) {
        case .incomplete: return nil
        case .malformed: throw .malformedLength
        case .value(let length, let size):
            guard length <= UInt64(self.maxFrameSize) else { throw .tooLarge(length) }
            let start = self.consumed + size
            guard self.buffer.count - start >= Int(length) else { return nil }
            self.consumed = start + Int(length)
            return Array(self.buffer[start..<self.consumed])
        }
    }

    /// Returns `message` with its length in front.
    public static func frame(_ message: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(message.count + Varint.maxSize)
        Varint.append(UInt64(message.count), to: &frame)
        frame.append(contentsOf: message)
        return frame
    }

    /// Takes whatever follows the frames that were read, when a stream changes its protocol.
    public mutating func takeRemainder() -> [UInt8] {
        defer {
            self.buffer = []
            self.consumed = 0
        }
        return Array(self.buffer[self.consumed...])
    }
}
