/// What a Yamux peer did that ends the connection.
public enum YamuxFailure: Error, Equatable, Sendable {
    /// Not version 0.
    case unsupportedVersion(UInt8)
    /// Not one of the four frame types.
    case unknownFrameType(UInt8)
    /// A stream was opened with an id of the other side's parity, or zero.
    case wrongStreamParity(UInt32)
    /// A stream was opened with an id that was used before.
    case streamReused(UInt32)
    /// A frame for a stream that was never opened.
    case unknownStream(UInt32)
    /// More data than the window allowed.
    case windowExceeded(UInt32)
    /// Credit that does not fit the 32 bits of a window.
    case windowOverflow(UInt32)
    /// Streams are opened beyond the limit faster than they can be refused.
    case streamFlood
}

/// A Yamux frame header: 12 bytes, big-endian (hashicorp/yamux `spec.md`; libp2p specs "yamux").
package struct YamuxHeader: Equatable, Sendable {
    /// Bytes in a header.
    package static let size = 12

    /// What a frame is.
    package enum Kind: UInt8, Sendable {
        case data = 0
        case windowUpdate = 1
        case ping = 2
        case goAway = 3
    }

    /// What a frame does besides; unknown bits are ignored.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package static let syn = Flags(rawValue: 1)
        package static let ack = Flags(rawValue: 2)
        package static let fin = Flags(rawValue: 4)
        package static let rst = Flags(rawValue: 8)

        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }
    }

    package var kind: Kind
    package var flags: Flags
    /// Zero for pings and go-aways.
    package var stream: UInt32
    /// Bytes of data that follow, credit, the opaque value of a ping, or an error code.
    package var length: UInt32

    package init(_ kind: Kind, _ flags: Flags = [], stream: UInt32, length: UInt32) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.length = length
    }

    /// Reads the first 12 of `bytes`.
    package static func read(_ bytes: UnsafeRawBufferPointer) -> Result<YamuxHeader, YamuxFailure> {
        guard bytes[0] == 0 else { return .failure(.unsupportedVersion(bytes[0])) }
        guard let kind = Kind(rawValue: bytes[1]) else { return .failure(.unknownFrameType(bytes[1])) }
        let flags = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        return .success(
            YamuxHeader(
                kind, Flags(rawValue: flags),
                stream: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
                length: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))))
    }

    /// Appends the 12 bytes.
    package func append(to buffer: inout [UInt8]) {
        buffer.append(0)
        buffer.append(self.kind.rawValue)
        withUnsafeBytes(of: self.flags.rawValue.bigEndian) { buffer.append(contentsOf: $0) }
        withUnsafeBytes(of: self.stream.bigEndian) { buffer.append(contentsOf: $0) }
        withUnsafeBytes(of: self.length.bigEndian) { buffer.append(contentsOf: $0) }
    }
}
