/// The text encodings of bytes that libp2p uses: base58btc (`z`), base32 lower case without padding (`b`),
/// base16.
public enum Multibase {
    /// The longest text that is decoded: base58 takes quadratic time.
    public static let maxTextSize = 1_024

    private static let alphabet58 = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
    private static let alphabet32 = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    private static let digits16 = Array("0123456789abcdef".utf8)

    /// Returns `bytes` in base58btc, without a multibase prefix.
    public static func base58(_ bytes: [UInt8]) -> String {
        let zeros = bytes.prefix { $0 == 0 }.count
        var digits: [UInt8] = []
        for byte in bytes.dropFirst(zeros) {
            var carry = Int(byte)
            for index in digits.indices {
                carry += Int(digits[index]) << 8
                digits[index] = UInt8(carry % 58)
                carry /= 58
            }
            while carry > 0 {
                digits.append(UInt8(carry % 58))
                carry /= 58
            }
        }
        let text =
            [UInt8](repeating: self.alphabet58[0], count: zeros)
            + digits.reversed().map { self.alphabet58[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Returns the bytes of base58btc `text`, or nil when it is not base58 or too long.
    public static func decodeBase58(_ text: some StringProtocol) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count <= Self.maxTextSize else { return nil }
        let zeros = characters.prefix { $0 == self.alphabet58[0] }.count
        var bytes: [UInt8] = []
        for character in characters.dropFirst(zeros) {
            guard let digit = self.alphabet58.firstIndex(of: character) else { return nil }
            var carry = digit
            for index in bytes.indices {
                carry += Int(bytes[index]) * 58
                bytes[index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            while carry > 0 {
                bytes.append(UInt8(truncatingIfNeeded: carry))
                carry >>= 8
            }
        }
        return [UInt8](repeating: 0, count: zeros) + bytes.reversed()
    }

    /// Returns `bytes` in RFC 4648 base32, lower case, without padding or multibase prefix.
    public static func base32(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits = 0
        var accumulator = 0
        for byte in bytes {
            accumulator = (accumulator << 8 | Int(byte)) & 0xfff
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(self.alphabet32[accumulator >> bits & 31])
            }
        }
        if bits > 0 { text.append(self.alphabet32[accumulator << (5 - bits) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Returns the bytes of base32 `text`, or nil when it is not base32, has stray bits, or is too long.
    public static func decodeBase32(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count <= Self.maxTextSize else { return nil }
        var bytes: [UInt8] = []
        var bits = 0
        var accumulator = 0
        for character in text.utf8 {
            guard let digit = self.alphabet32.firstIndex(of: character) else { return nil }
            accumulator = (accumulator << 5 | digit) & 0xfff
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: accumulator >> bits))
            }
        }
        guard bits < 5, accumulator & ((1 << bits) - 1) == 0 else { return nil }
        return bytes
    }

    /// Returns `bytes` in lower-case hexadecimal.
    public static func hex(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(self.digits16[Int(byte >> 4)])
            text.append(self.digits16[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Returns the bytes of hexadecimal `text` of either case, or nil.
    public static func decodeHex(_ text: some StringProtocol) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 2) else { return nil }
        func value(_ character: UInt8) -> UInt8? {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 2)
        for index in stride(from: 0, to: characters.count, by: 2) {
            guard let high = value(characters[index]), let low = value(characters[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// Returns the bytes of a text with a multibase prefix (`z`, `b` or `f`), or nil.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        switch text.first {
        case "z": self.decodeBase58(text.dropFirst())
        case "b": self.decodeBase32(text.dropFirst())
        case "f": self.decodeHex(text.dropFirst())
        default: nil
        }
    }
}
