import LibP2PCore

/// A JSON value whose members keep the order in which they were written, so that output is the same every
/// time.
package indirect enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A name and its value.
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSONValue
    }

    /// The value as one line of JSON.
    package var line: String {
        var text = ""
        self.write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += Self.text(of: value)
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.write(member.name, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    /// Whole numbers without a fraction; what JSON cannot say becomes null.
    private static func text(of value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return String(value)
    }

    /// Escapes what JSON requires, and besides everything that a terminal could take for a command: DEL, the
    /// C1 controls, line separators and the bidi characters. A program reads the same text either way.
    private static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if TerminalText.isHarmful(scalar) || scalar.value == 0x2028 || scalar.value == 0x2029 {
                    for unit in String(scalar).utf16 {
                        let digits = String(unit, radix: 16)
                        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    }
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral
{
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member(name: $0.0, value: $0.1) })
    }

    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(nilLiteral: ()) { self = .null }
}

/// What can stand in an object of `--json`.
package protocol JSONConvertible {
    /// The value as JSON.
    var json: JSONValue { get }
}

extension JSONValue: JSONConvertible {
    package var json: JSONValue { self }

    /// Writes nil as null.
    package static func optional(_ value: (some JSONConvertible)?) -> JSONValue { value?.json ?? .null }

    /// Returns the member called `name`, when this is an object that has one.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

extension String: JSONConvertible {
    package var json: JSONValue { .string(self) }
}

extension Bool: JSONConvertible {
    package var json: JSONValue { .bool(self) }
}

extension Int: JSONConvertible {
    package var json: JSONValue { .integer(Int64(self)) }
}

extension Int64: JSONConvertible {
    package var json: JSONValue { .integer(self) }
}

extension UInt64: JSONConvertible {
    package var json: JSONValue { .integer(Int64(clamping: self)) }
}

extension UInt32: JSONConvertible {
    package var json: JSONValue { .integer(Int64(self)) }
}

extension Double: JSONConvertible {
    package var json: JSONValue { .number(self) }
}

extension WallTime: JSONConvertible {
    package var json: JSONValue { .string(Timestamp.format(self)) }
}

extension Duration: JSONConvertible {
    /// Milliseconds with three decimals.
    package var json: JSONValue { .number(Double(self.saturatedNanoseconds / 1_000) / 1_000) }
}

extension Array: JSONConvertible where Element: JSONConvertible {
    package var json: JSONValue { .array(self.map(\.json)) }
}
