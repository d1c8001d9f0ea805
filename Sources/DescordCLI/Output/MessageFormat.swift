import ArgumentParser

/// What `--format` says a line is made of: text, and fields of the message's object in braces.
package struct MessageFormat: ExpressibleByArgument, Hashable, Sendable {
    /// What the option is told to do.
    static let help = ArgumentHelp(
        "A line of your own, of text and fields of the object in braces: \"{time} {author}\\t{text}\".",
        valueName: "template")
    /// The fields, named as in the object of `--json`.
    package static let fields = [
        "event", "op", "space", "space_name", "channel", "channel_name", "thread", "author", "author_name",
        "time", "received", "text", "edited", "deleted", "reactions", "stored_by",
        "reply_to", "mentions", "pinned", "actor", "files",
    ]
    /// The one that `--raw` leaves as it is.
    static let textField = "text"

    private enum Part: Hashable {
        case literal(String)
        case field(String)
    }

    private let template: Result<[Part], TemplateFailure>

    package init?(argument: String) {
        // Why it is none is said by `validate`: a refused argument leaves no room for a reason.
        self.template = Result { () throws(TemplateFailure) in try Self.parse(argument) }
    }

    /// Why a template is none.
    package enum TemplateFailure: Error, Hashable, Sendable {
        case unknownField(String)
        case unclosedBrace
        case strayBrace
        case unknownEscape(String)

        var message: String {
            switch self {
            case .unknownField(let name):
                "there is no field \"\(TerminalText.clean(name))\" of a message; there are "
                    + MessageFormat.fields.joined(separator: ", ")
            case .unclosedBrace: "a { of --format is not closed; a brace itself is written {{"
            case .strayBrace: "a } of --format closes nothing; a brace itself is written }}"
            case .unknownEscape(let text):
                "--format knows \\n, \\t and \\\\, and not \"\\\(TerminalText.clean(text))\""
            }
        }
    }

    /// Refuses a template that is none, and one beside `--json`.
    static func validate(_ format: MessageFormat?, with global: GlobalOptions) throws {
        guard let format else { return }
        if case .failure(let failure) = format.template { throw ValidationError(failure.message) }
        guard !global.json else { throw ValidationError("--format and --json exclude each other") }
    }

    /// Returns the line of a message's object; what stands in a field goes through `shown`, and is never
    /// taken for a part of the template.
    func line(_ object: JSONValue, _ shown: (String, String) -> String) -> String {
        guard case .success(let parts) = self.template else {
            preconditionFailure("the command was validated")
        }
        var line = ""
        for part in parts {
            switch part {
            case .literal(let text): line += text
            case .field(let name): line += shown(name, Self.text(object[name] ?? .null))
            }
        }
        return line
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: return ""
        case .string(let text): return text
        case .object(let members):
            return members.map { $0.name + " " + Self.text($0.value) }.joined(separator: " ")
        default: return value.line
        }
    }

    private static func parse(_ template: String) throws(TemplateFailure) -> [Part] {
        var parts: [Part] = []
        var literal = String.UnicodeScalarView()
        var rest = Substring(template).unicodeScalars[...]
        func flush() {
            if !literal.isEmpty { parts.append(.literal(String(literal))) }
            literal = .init()
        }
        while let scalar = rest.popFirst() {
            switch scalar {
            case "{" where rest.first == "{", "}" where rest.first == "}":
                rest.removeFirst()
                literal.append(scalar)
            case "{":
                guard let end = rest.firstIndex(of: "}") else { throw .unclosedBrace }
                let name = String(rest[..<end])
                guard Self.fields.contains(name) else { throw .unknownField(name) }
                flush()
                parts.append(.field(name))
                rest = rest[rest.index(after: end)...]
            case "}": throw .strayBrace
            case "\\":
                switch rest.popFirst() {
                case "n": literal.append("\n")
                case "t": literal.append("\t")
                case "\\": literal.append("\\")
                case let other: throw .unknownEscape(other.map { String($0) } ?? "")
                }
            default: literal.append(scalar)
            }
        }
        flush()
        return parts
    }
}
