import DescordCore
import DescordCrypto
import LibP2PCore

/// Whom a text speaks of: `@` and a member's name or whole peer id, at the beginning of a word.
enum MentionText {
    /// Returns the keys of the members that are spoken of, in their order, each once; at most as many as a
    /// message holds. Of a name that several have all are meant.
    static func mentions(in text: String, of members: [MemberRow]) -> [Ed25519.PublicKey] {
        let names = members.flatMap { member in
            [member.name, member.peer.description].compactMap { $0 }.map { (name: $0, member: member) }
        }
        var found: [Ed25519.PublicKey] = []
        var isAtWord = true
        var rest = text.canonicallyComposed[...]
        while let character = rest.first {
            if character == "@", isAtWord {
                let after = rest.dropFirst()
                let fitting = names.filter { after.hasPrefix($0.name) && isEnd(after, $0.name) }
                let longest = fitting.map(\.name.count).max()
                for (name, member) in fitting where name.count == longest {
                    if let key = member.peer.ed25519, !found.contains(key) { found.append(key) }
                }
            }
            isAtWord = !isInWord(character)
            rest = rest.dropFirst()
        }
        return Array(found.prefix(PayloadLimits.maxTargetCount))
    }

    private static func isEnd(_ text: Substring, _ name: String) -> Bool {
        text.dropFirst(name.count).first.map { !isInWord($0) } ?? true
    }

    private static func isInWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }
}
