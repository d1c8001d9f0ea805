/// The text forms of IP addresses: dotted decimal, and RFC 5952 for version 6.
public enum IPAddressText {
    /// Returns the 4 bytes of dotted decimal without leading zeros, or nil.
    public static func parse4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), part.count == 1 || part.first != "0",
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// Returns the 16 bytes of an address with at most one `::` and an optional dotted tail, or nil.
    public static func parse6(_ text: some StringProtocol) -> [UInt8]? {
        func groups(_ part: Substring) -> [UInt8]? {
            if part.isEmpty { return [] }
            var bytes: [UInt8] = []
            let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
            for (index, piece) in pieces.enumerated() {
                if index == pieces.count - 1, piece.contains(".") {
                    guard let tail = Self.parse4(piece) else { return nil }
                    bytes += tail
                } else {
                    guard (1...4).contains(piece.utf8.count), piece.utf8.first != UInt8(ascii: "+"),
                        let group = UInt16(piece, radix: 16)
                    else { return nil }
                    bytes += [UInt8(group >> 8), UInt8(group & 0xff)]
                }
            }
            return bytes
        }
        let text = Substring(text)
        guard let gap = text.firstRange(of: "::") else {
            guard let bytes = groups(text), bytes.count == 16 else { return nil }
            return bytes
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 14, head.count.isMultiple(of: 2)
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// Returns dotted decimal of 4 bytes.
    public static func format4(_ bytes: [UInt8]) -> String {
        bytes.map { String($0) }.joined(separator: ".")
    }

    /// Returns the RFC 5952 form of 16 bytes: lower case, the longest run of zero groups shortened.
    public static func format6(_ bytes: [UInt8]) -> String {
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var longest = 0..<0
        var index = 0
        while index < 8 {
            let run = groups[index...].prefix { $0 == 0 }.count
            if run > longest.count, run > 1 { longest = index..<(index + run) }
            index += max(run, 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}
