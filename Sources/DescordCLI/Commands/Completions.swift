import ArgumentParser
import DescordCore
import DescordStore
import Glibc
import LibP2PCore

/// What a shell offers for spaces, channels and members, read from the database when TAB is pressed.
///
/// A shell may expand what it is offered (bash does), so that only names of letters, digits, dots,
/// underscores and hyphens are ever printed; everything else is offered by its id. Nothing is asked and
/// nothing is made: without a key that opens by itself there are no candidates.
enum Completions {
    static let spaces = CompletionKind.custom { words, _, _ in Self.candidates(words, Self.spaceWords) }
    static let channels = CompletionKind.custom { words, _, _ in Self.candidates(words, Self.channelWords) }
    static let members = CompletionKind.custom { words, _, _ in Self.candidates(words, Self.memberWords) }

    /// The spaces' names.
    static func spaceWords(_ records: Records) throws(CommandError) -> [String] {
        let spaces = try records.spaces()
        return spaces.map { self.word($0, among: spaces) }
    }

    /// The channels of the current space, and those of all spaces as `SPACE/CHANNEL`.
    static func channelWords(_ records: Records) throws(CommandError) -> [String] {
        let spaces = try records.spaces()
        guard let first = spaces.first else { return [] }
        let current = try records.currentSpace() ?? first.id
        var words: [String] = []
        for space in spaces {
            let channels = try records.channels(of: space.id)
            for channel in channels {
                let name = self.safe(
                    channel.name, isUnique: channels.filter { $0.name == channel.name }.count == 1)
                let word = name ?? Short.id(channel.id)
                if space.id == current { words.append(word) }
                words.append(self.word(space, among: spaces) + "/" + word)
            }
        }
        return words
    }

    /// The members of the current space, by name or peer id.
    static func memberWords(_ records: Records) throws(CommandError) -> [String] {
        let spaces = try records.spaces()
        guard let first = spaces.first else { return [] }
        let members = try records.members(of: try records.currentSpace() ?? first.id)
        return ["me"]
            + members.map { member in
                self.safe(member.name, isUnique: members.filter { $0.name == member.name }.count == 1)
                    ?? member.peer.description
            }
    }

    private static func word(_ space: SpaceRow, among spaces: [SpaceRow]) -> String {
        self.safe(space.name, isUnique: spaces.filter { $0.name == space.name }.count == 1)
            ?? Short.id(space.id)
    }

    /// Returns the name when every shell takes it for a plain word and it means one thing.
    static func safe(_ name: String?, isUnique: Bool = true) -> String? {
        guard let name, isUnique, let channel = try? ChannelName(parsing: name) else { return nil }
        return channel.text
    }

    private static func candidates(
        _ words: [String], _ read: (Records) throws(CommandError) -> [String]
    ) -> [String] {
        let environment = CommandLineProgram.environment()
        var option: String?
        for (index, word) in words.enumerated() {
            if word == "--home", index + 1 < words.count { option = words[index + 1] }
            if word.hasPrefix("--home=") { option = String(word.dropFirst(7)) }
        }
        do throws(CommandError) {
            let home = try Home.find(option: option, environment: environment)
            // Opening it makes the database, so that a home without one is left as it is.
            guard access(home.databasePath, R_OK) == 0 else { return [] }
            let silent = PassphraseSource(descriptor: nil, file: nil, asksAtTerminal: false)
            return try read(OpenHome(opening: home, passphrase: silent).records)
        } catch {
            return []  // a completion never speaks
        }
    }
}
