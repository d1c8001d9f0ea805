/// Why a text is no name.
public enum NameFailure: Error, Hashable, Sendable {
    /// No characters, or white space alone.
    case empty
    /// More than 64 Unicode scalars.
    case tooLong
    /// White space at the beginning or the end.
    case surroundedBySpace
    /// It begins with `-`, which commands would take for an option.
    case leadingHyphen
    /// A scalar that names do not have.
    case forbidden(Unicode.Scalar)
}

/// The bounds and the alphabet that names share.
enum NameRules {
    /// The most scalars in a name.
    static let maxScalarCount = 64
    /// What reorders text around itself, and what is invisible: U+200E, U+200F, U+061C, the embeddings,
    /// overrides and isolates, and the byte order mark.
    static let invisible: [ClosedRange<UInt32>] = [
        0x061c...0x061c, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069, 0xfeff...0xfeff,
    ]

    /// Returns `text` in normalization form C when it keeps the rules of all names.
    static func parse(_ text: some StringProtocol) throws(NameFailure) -> String {
        // Composition shortens: 8 times the limit is more than any text that could still fit.
        guard text.unicodeScalars.prefix(self.maxScalarCount * 8 + 1).count <= self.maxScalarCount * 8
        else { throw .tooLong }
        let name = String(text).canonicallyComposed
        guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last,
            !name.unicodeScalars.allSatisfy(\.properties.isWhitespace)
        else { throw .empty }
        guard name.unicodeScalars.count <= self.maxScalarCount else { throw .tooLong }
        guard first != "-" else { throw .leadingHyphen }
        for scalar in name.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: throw .forbidden(scalar)
            default: break
            }
            guard scalar != "/", !self.invisible.contains(where: { $0.contains(scalar.value) })
            else { throw .forbidden(scalar) }
        }
        guard !first.properties.isWhitespace, !last.properties.isWhitespace else { throw .surroundedBySpace }
        return name
    }
}

/// What a space may be called: NFC, 1 to 64 scalars, no control or bidi characters, no `/`, no leading `-`.
///
/// Anything else that a peer calls its space is shown by id.
public struct SpaceName: Hashable, Sendable, CustomStringConvertible {
    /// The name in normalization form C.
    public let text: String

    /// Parses a name, composing it.
    public init(parsing text: some StringProtocol) throws(NameFailure) {
        self.text = try NameRules.parse(text)
    }

    public var description: String { self.text }
}

/// What a member may be called: by the rules of a space's name. Several may have one name, and nobody's name
/// says who it is.
///
/// Who calls itself anything else is shown by peer id.
public struct MemberName: Hashable, Sendable, CustomStringConvertible {
    /// The name in normalization form C.
    public let text: String

    /// Parses a name, composing it.
    public init(parsing text: some StringProtocol) throws(NameFailure) {
        self.text = try NameRules.parse(text)
    }

    public var description: String { self.text }
}

/// What a channel may be called: a space's name of letters, numbers, `.`, `_` and `-` alone.
///
/// So that no shell, completing such a name, finds a character in it that means something to it.
public struct ChannelName: Hashable, Sendable, CustomStringConvertible {
    /// The name in normalization form C.
    public let text: String

    /// Parses a name, composing it.
    public init(parsing text: some StringProtocol) throws(NameFailure) {
        let name = try NameRules.parse(text)
        for scalar in name.unicodeScalars where !Self.isAllowed(scalar) { throw .forbidden(scalar) }
        self.text = name
    }

    public var description: String { self.text }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            true
        default: scalar == "." || scalar == "_" || scalar == "-"
        }
    }
}
