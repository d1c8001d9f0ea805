/// Bytes as text with a checksum (BIP 350, without its limit on length).
enum Bech32m {
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let checksumConstant: UInt32 = 0x2bc8_30a3
    private static let checksumSize = 6

    /// Returns `prefix`, `1`, the bytes in groups of five bits, and the checksum.
    static func encode(_ bytes: [UInt8], prefix: String) -> String {
        var groups: [UInt8] = []
        var accumulator = 0
        var bits = 0
        for byte in bytes {
            accumulator = (accumulator << 8 | Int(byte)) & 0xfff
            bits += 8
            while bits >= 5 {
                bits -= 5
                groups.append(UInt8(accumulator >> bits & 31))
            }
        }
        if bits > 0 { groups.append(UInt8(accumulator << (5 - bits) & 31)) }
        let zeros = [UInt8](repeating: 0, count: self.checksumSize)
        let remainder = self.polymod(self.expand(prefix) + groups + zeros) ^ self.checksumConstant
        for index in 0..<self.checksumSize {
            groups.append(UInt8(remainder >> UInt32(5 * (self.checksumSize - 1 - index)) & 31))
        }
        return prefix + "1" + String(decoding: groups.map { self.alphabet[Int($0)] }, as: UTF8.self)
    }

    /// Returns the bytes of a text that is all lower or all upper case, or nil.
    static func decode(_ text: String, prefix: String) -> [UInt8]? {
        guard text == text.lowercased() || text == text.uppercased() else { return nil }
        let characters = Array(text.lowercased().utf8)
        let lead = Array((prefix + "1").utf8)
        guard characters.starts(with: lead), characters.count >= lead.count + self.checksumSize else {
            return nil
        }
        var groups: [UInt8] = []
        for character in characters.dropFirst(lead.count) {
            guard let value = self.alphabet.firstIndex(of: character) else { return nil }
            groups.append(UInt8(value))
        }
        guard self.polymod(self.expand(prefix) + groups) == self.checksumConstant else { return nil }
        var bytes: [UInt8] = []
        var accumulator = 0
        var bits = 0
        for group in groups.dropLast(self.checksumSize) {
            accumulator = (accumulator << 5 | Int(group)) & 0xfff
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(accumulator >> bits & 0xff))
            }
        }
        guard bits < 5, accumulator & ((1 << bits) - 1) == 0 else { return nil }
        return bytes
    }

    private static func expand(_ prefix: String) -> [UInt8] {
        prefix.utf8.map { $0 >> 5 } + [0] + prefix.utf8.map { $0 & 31 }
    }

    private static func polymod(_ values: [UInt8]) -> UInt32 {
        var checksum: UInt32 = 1
        for value in values {
            let top = checksum >> 25
            checksum = (checksum & 0x1ff_ffff) << 5 ^ UInt32(value)
            for (bit, generator) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
                .enumerated()
            where top >> UInt32(bit) & 1 == 1 {
                checksum ^= UInt32(generator)
            }
        }
        return checksum
    }
}
