/// JSON of strangers (RFC 8259), read within bounds: so many bytes, so deep, and no name twice in an object.
///
/// Numbers keep their text, because what they mean is their reader's business.
package indirect enum BoundedJSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([BoundedJSON])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: BoundedJSON
    }

    /// The deepest nesting that is read; what we look for is four deep.
    package static let depthMax = 8

    /// Reads one value that fills all of `bytes`; nil when it is not JSON, or beyond the bounds.
    package init?(_ bytes: [UInt8], maxSize: Int) {
        guard bytes.count <= maxSize, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = Reader(Array(text.unicodeScalars))
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// The value of the first of these names that an object has.
    package subscript(names: String...) -> BoundedJSON? {
        guard case .object(let members) = self else { return nil }
        for name in names {
            if let member = members.first(where: { $0.name == name }) { return member.value }
        }
        return nil
    }

    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private var position = 0

        init(_ scalars: [Unicode.Scalar]) {
            self.scalars = scalars
        }

        /// Whether nothing but white space is left.
        var isAtEnd: Bool {
            mutating get {
                self.skipSpace()
                return self.position == self.scalars.count
            }
        }

        private var next: Unicode.Scalar? {
            self.position < self.scalars.count ? self.scalars[self.position] : nil
        }

        private mutating func skipSpace() {
            while let scalar = self.next, scalar == " " || scalar == "\n" || scalar == "\r" || scalar == "\t"
            {
                self.position += 1
            }
        }

        private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard self.next == scalar else { return false }
            self.position += 1
            return true
        }

        private mutating func take(word: String) -> Bool {
            word.unicodeScalars.allSatisfy { self.take($0) }
        }

        mutating func value(depth: Int) -> BoundedJSON? {
            guard depth <= BoundedJSON.depthMax else { return nil }
            self.skipSpace()
            switch self.next {
            case "n": return self.take(word: "null") ? .null : nil
            case "t": return self.take(word: "true") ? .bool(true) : nil
            case "f": return self.take(word: "false") ? .bool(false) : nil
            case "\"": return self.string().map { .string($0) }
            case "[": return self.array(depth)
            case "{": return self.object(depth)
            default: return self.number().map { .number($0) }
            }
        }

        private mutating func array(_ depth: Int) -> BoundedJSON? {
            self.position += 1
            var values: [BoundedJSON] = []
            self.skipSpace()
            if self.take("]") { return .array(values) }
            while true {
                guard let value = self.value(depth: depth + 1) else { return nil }
                values.append(value)
                self.skipSpace()
                if self.take("]") { return .array(values) }
                guard self.take(",") else { return nil }
            }
        }

        private mutating func object(_ depth: Int) -> BoundedJSON? {
            self.position += 1
            var members: [Member] = []
            var names: Set<String> = []
            self.skipSpace()
            if self.take("}") { return .object(members) }
            while true {
                self.skipSpace()
                guard self.next == "\"", let name = self.string(), names.insert(name).inserted else {
                    return nil
                }
                self.skipSpace()
                guard self.take(":"), let value = self.value(depth: depth + 1) else { return nil }
                members.append(Member(name: name, value: value))
                self.skipSpace()
                if self.take("}") { return .object(members) }
                guard self.take(",") else { return nil }
            }
        }

        /// RFC 8259 §6: no leading zero, no plus, digits on both sides of a point.
        private mutating func number() -> String? {
            let start = self.position
            _ = self.take("-")
            let first = self.position
            guard self.digits() > 0 else { return nil }
            if self.scalars[first] == "0", self.position > first + 1 { return nil }
            if self.take(".") {
                guard self.digits() > 0 else { return nil }
            }
            if self.take("e") || self.take("E") {
                if !self.take("-") { _ = self.take("+") }
                guard self.digits() > 0 else { return nil }
            }
            return self.text(start..<self.position)
        }

        private mutating func digits() -> Int {
            let start = self.position
            while let scalar = self.next, (0x30...0x39).contains(scalar.value) { self.position += 1 }
            return self.position - start
        }

        private func text(_ range: Range<Int>) -> String {
            var text = String.UnicodeScalarView()
            text.append(contentsOf: self.scalars[range])
            return String(text)
        }

        private mutating func string() -> String? {
            self.position += 1
            var text = String.UnicodeScalarView()
            while let scalar = self.next {
                self.position += 1
                switch scalar {
                case "\"": return String(text)
                case "\\":
                    guard let escaped = self.escape() else { return nil }
                    text.append(escaped)
                default:
                    guard scalar.value >= 0x20 else { return nil }
                    text.append(scalar)
                }
            }
            return nil
        }

        /// What stands after a backslash.
        private mutating func escape() -> Unicode.Scalar? {
            guard let scalar = self.next else { return nil }
            self.position += 1
            switch scalar {
            case "\"", "\\", "/": return scalar
            case "b": return "\u{8}"
            case "f": return "\u{C}"
            case "n": return "\n"
            case "r": return "\r"
            case "t": return "\t"
            case "u":
                guard let unit = self.unit() else { return nil }
                guard (0xD800..<0xDC00).contains(unit) else { return Unicode.Scalar(unit) }
                guard self.take(word: "\\u"), let low = self.unit(), (0xDC00..<0xE000).contains(low) else {
                    return nil
                }
                return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
            default: return nil
            }
        }

        private mutating func unit() -> UInt32? {
            guard self.position + 4 <= self.scalars.count else { return nil }
            var unit: UInt32 = 0
            for scalar in self.scalars[self.position..<self.position + 4] {
                guard scalar.isASCII, let digit = Character(scalar).hexDigitValue else { return nil }
                unit = unit << 4 | UInt32(digit)
            }
            self.position += 4
            return unit
        }
    }
}
