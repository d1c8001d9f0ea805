/// The fields of a signed message that this version does not know: what stands behind those that it knows.
///
/// They are kept and passed on as they came. Readers that disagreed about which bytes are well formed would
/// never agree about a set of operations, so there is one form: numbers above the known ones, no groups,
/// minimal varints.
enum UnknownFields {
    /// The largest field number of protobuf.
    private static let maxNumber: UInt64 = 1 << 29 - 1
    /// The most bytes of a varint of 64 bits.
    private static let maxVarintSize = 10

    /// Returns whether `bytes` are fields of that form with numbers above `known`.
    static func areCanonical(_ bytes: [UInt8], above known: UInt64) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let tag = self.takeVarint(&rest), tag >> 3 > known, tag >> 3 <= self.maxNumber
            else { return false }
            let size: UInt64
            switch tag & 7 {
            case 0:
                guard self.takeVarint(&rest) != nil else { return false }
                size = 0
            case 1: size = 8
            case 2:
                guard let counted = self.takeVarint(&rest) else { return false }
                size = counted
            case 5: size = 4
            default: return false
            }
            guard size <= UInt64(rest.count) else { return false }
            rest = rest.dropFirst(Int(size))
        }
        return true
    }

    /// Takes a minimal varint of at most 64 bits off the front.
    private static func takeVarint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for (index, byte) in rest.prefix(self.maxVarintSize).enumerated() {
            if index == self.maxVarintSize - 1, byte > 1 { return nil }
            value |= UInt64(byte & 0x7f) << (7 * UInt64(index))
            guard byte & 0x80 == 0 else { continue }
            if byte == 0, index > 0 { return nil }
            rest = rest.dropFirst(index + 1)
            return value
        }
        return nil
    }
}
