/// What a person looks for, as a query of the index.
package struct SearchQuery: Hashable, Sendable {
    /// The longest query in bytes: a screen full of words.
    private static let maxSize = 4_096
    /// The most words: the index joins them one inside the other, and takes 256.
    private static let maxWordCount = 100

    /// In the syntax of FTS5.
    package let match: String

    /// Words that all have to be there, in any order; between quotation marks next to each other. Nothing in
    /// them is an operator.
    package init(words text: String) throws(CommandError) {
        let words = Self.split(text).filter { $0.unicodeScalars.contains(where: Self.isPartOfAWord) }
        guard text.utf8.count <= Self.maxSize, !words.isEmpty, words.count <= Self.maxWordCount else {
            throw words.isEmpty
                ? CommandError(
                    .badInput, .badQuery, "the query holds no word",
                    hint: "words are letters and digits; other characters part them")
                : CommandError(
                    .badInput, .badQuery, "the query is too long",
                    hint: "at most \(Self.maxWordCount) words and \(Self.maxSize) bytes")
        }
        self.match = words.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: " ")
    }

    /// A query in the syntax of FTS5 itself.
    package init(expression text: String) throws(CommandError) {
        guard text.utf8.count <= Self.maxSize, text.contains(where: { !$0.isWhitespace }) else {
            throw CommandError(
                .badInput, .badQuery, "the query is empty or longer than \(Self.maxSize) bytes")
        }
        self.match = text
    }

    /// White space parts, quotation marks keep together; one that is not closed reaches to the end.
    private static func split(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in text {
            if character == "\"" {
                isQuoted.toggle()
                words.append(word)
                word = ""
            } else if character.isWhitespace, !isQuoted {
                words.append(word)
                word = ""
            } else {
                word.append(character)
            }
        }
        return (words + [word]).filter { !$0.isEmpty }
    }

    /// Whether the index takes the scalar for a part of a word: letters, digits and private use, as
    /// `unicode61` does.
    private static func isPartOfAWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .privateUse:
            true
        default: false
        }
    }
}
