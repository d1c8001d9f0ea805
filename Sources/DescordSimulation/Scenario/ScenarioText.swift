/// What is wrong with a scenario's text, and where.
package struct ScenarioFailure: Error, Equatable, Sendable {
    /// What kind of mistake it is.
    package enum Kind: Equatable, Sendable {
        /// The text is not one JSON object, or its members are not those of a scenario.
        case form
        /// It names a profile or parameters that do not exist or contradict each other.
        case parameters
    }

    package var kind: Kind
    /// The line, from 1; nil when no line is to blame.
    package var line: Int?
    /// Lower case, no full stop.
    package var message: String

    package init(_ kind: Kind = .form, line: Int?, _ message: String) {
        self.kind = kind
        self.line = line
        self.message = message
    }
}

/// A value of JSON (RFC 8259) that knows the line on which it stands.
struct ScenarioValue: Sendable {
    indirect enum Content: Sendable {
        case null
        case flag(Bool)
        case number(Double)
        case text(String)
        case list([ScenarioValue])
        case object([(name: String, value: ScenarioValue)])
    }

    let line: Int
    let content: Content

    /// The largest text that is read, in bytes: a scenario is a page.
    private static let maxSize = 262_144

    /// Reads a text that holds one value and nothing else.
    init(parsing bytes: [UInt8]) throws(ScenarioFailure) {
        guard bytes.count <= Self.maxSize else {
            throw ScenarioFailure(line: nil, "more than \(Self.maxSize) bytes")
        }
        var parser = Parser(bytes: bytes)
        self = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.isAtEnd else { throw parser.failure("there is something after the object") }
    }

    fileprivate init(line: Int, content: Content) {
        self.line = line
        self.content = content
    }

    /// What it is called in an error.
    var kindName: String {
        switch content {
        case .null: "null"
        case .flag: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

private struct Parser {
    /// Deeper nesting than a scenario can have.
    private static let depthMax = 16

    let bytes: [UInt8]
    var position = 0
    var line = 1

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    func failure(_ message: String) -> ScenarioFailure { ScenarioFailure(line: line, message) }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d {
            if byte == 0x0a { line += 1 }
            position += 1
        }
    }

    mutating func value(depth: Int) throws(ScenarioFailure) -> ScenarioValue {
        skipSpace()
        guard depth < Self.depthMax else { throw failure("nested too deeply") }
        let start = line
        switch next {
        case UInt8(ascii: "{"):
            return ScenarioValue(line: start, content: .object(try object(depth: depth)))
        case UInt8(ascii: "["): return ScenarioValue(line: start, content: .list(try list(depth: depth)))
        case UInt8(ascii: "\""): return ScenarioValue(line: start, content: .text(try text()))
        case .some(let byte) where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte):
            return ScenarioValue(line: start, content: .number(try number()))
        default:
            for (word, content) in Self.words where take(word) {
                return ScenarioValue(line: start, content: content)
            }
            throw failure(isAtEnd ? "the text ends too early" : "a value is expected here")
        }
    }

    private static let words: [(String, ScenarioValue.Content)] = [
        ("true", .flag(true)), ("false", .flag(false)), ("null", .null),
    ]

    private mutating func take(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func object(depth: Int) throws(ScenarioFailure) -> [(String, ScenarioValue)] {
        var members: [(String, ScenarioValue)] = []
        position += 1
        skipSpace()
        if take("}") { return members }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("the name of a member is expected here") }
            let name = try text()
            if members.contains(where: { $0.0 == name }) { throw failure("\"\(name)\" stands there twice") }
            skipSpace()
            guard take(":") else { throw failure("a colon is expected after \"\(name)\"") }
            members.append((name, try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return members }
            guard take(",") else { throw failure("a comma or } is expected here") }
        }
    }

    private mutating func list(depth: Int) throws(ScenarioFailure) -> [ScenarioValue] {
        var values: [ScenarioValue] = []
        position += 1
        skipSpace()
        if take("]") { return values }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return values }
            guard take(",") else { throw failure("a comma or ] is expected here") }
        }
    }

    /// Texts of a scenario are names and one line for people: no escapes but the two that they may need.
    private mutating func text() throws(ScenarioFailure) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw failure("a text that is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                guard let escaped = next, escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\")
                else { throw failure("of escapes only \\\" and \\\\ are known") }
                content.append(escaped)
                position += 1
            case 0..<0x20: throw failure("a control character inside a text")
            default: content.append(byte)
            }
        }
        throw failure("a text without its closing quotation mark")
    }

    private mutating func number() throws(ScenarioFailure) -> Double {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let number = Double(digits), number.isFinite else {
            throw failure("\"\(digits)\" is no number")
        }
        return number
    }
}
