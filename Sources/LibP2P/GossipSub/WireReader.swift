/// Why bytes are not an RPC that is accepted. The stream that they came on is of no further use.
public enum RPCDecodingFailure: Error, Hashable, Sendable {
    /// A field runs over the end.
    case truncated
    /// A varint of more than 10 bytes.
    case malformedVarint
    /// A field number of 0, one above 2²⁹ − 1, an unknown wire type, or a group that does not end.
    case malformedTag
    /// A known field of the wrong wire type.
    case wrongWireType
    /// The whole is larger than allowed.
    case tooLarge
    /// More announcements than any peer has reason to send at once.
    case tooManySubscriptions
    /// More messages than fit into an RPC when they are signed.
    case tooManyMessages
    /// A topic's name above `Topic.maxSize`.
    case topicTooLong
}

/// Reads protobuf's wire format from a part of a byte array, without copying what is skipped.
///
/// Accepts what gogo-protobuf accepts (overlong varints too), because what go forwards is no peer's fault.
struct WireReader {
    enum WireType: UInt8 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case groupStart = 3
        case groupEnd = 4
        case fixed32 = 5
    }

    /// How deep unknown groups may nest; nobody sends any.
    private static let groupDepthMax = 16

    let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
    }

    var isAtEnd: Bool { self.position == self.end }

    mutating func varint() throws(RPCDecodingFailure) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard self.position < self.end else { throw .truncated }
            let byte = self.bytes[self.position]
            self.position += 1
            // The tenth byte has room for one bit.
            guard shift < 63 || byte <= 1 else { throw .malformedVarint }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    /// Takes a field's number and wire type.
    mutating func tag() throws(RPCDecodingFailure) -> (field: UInt64, type: WireType) {
        let tag = try self.varint()
        guard let type = WireType(rawValue: UInt8(tag & 7)), tag >> 3 >= 1, tag >> 3 < 1 << 29 else {
            throw .malformedTag
        }
        return (tag >> 3, type)
    }

    /// Takes a length and returns where its bytes lie; nothing is copied yet.
    mutating func range(_ type: WireType) throws(RPCDecodingFailure) -> Range<Int> {
        guard type == .bytes else { throw .wrongWireType }
        let length = try self.varint()
        guard length <= UInt64(self.end - self.position) else { throw .truncated }
        let range = self.position..<self.position + Int(length)
        self.position = range.upperBound
        return range
    }

    /// Takes a varint field.
    mutating func number(_ type: WireType) throws(RPCDecodingFailure) -> UInt64 {
        guard type == .varint else { throw .wrongWireType }
        return try self.varint()
    }

    /// Takes a byte string.
    mutating func octets(_ type: WireType) throws(RPCDecodingFailure) -> [UInt8] {
        Array(self.bytes[try self.range(type)])
    }

    /// Takes a topic's name.
    mutating func topic(_ type: WireType) throws(RPCDecodingFailure) -> Topic {
        let range = try self.range(type)
        guard range.count <= Topic.maxSize else { throw .topicTooLong }
        return Topic(bytes: Array(self.bytes[range]))
    }

    /// Passes over the value of a field that we don't know.
    mutating func skip(_ field: UInt64, _ type: WireType, depth: Int = 0) throws(RPCDecodingFailure) {
        switch type {
        case .varint: _ = try self.varint()
        case .bytes: _ = try self.range(.bytes)
        case .fixed64: try self.advance(8)
        case .fixed32: try self.advance(4)
        case .groupEnd: throw .malformedTag
        case .groupStart:
            guard depth < Self.groupDepthMax else { throw .malformedTag }
            while true {
                let (inner, innerType) = try self.tag()
                if innerType == .groupEnd {
                    guard inner == field else { throw .malformedTag }
                    return
                }
                try self.skip(inner, innerType, depth: depth + 1)
            }
        }
    }

    private mutating func advance(_ count: Int) throws(RPCDecodingFailure) {
        guard self.end - self.position >= count else { throw .truncated }
        self.position += count
    }
}
