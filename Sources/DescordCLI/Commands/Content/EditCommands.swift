import ArgumentParser
import DescordCore
import DescordStore

/// `descord edit`
package struct EditCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Replace the text of one of your messages.",
        discussion: """
            The text is the arguments joined by a space, or standard input for - or for no arguments. Of \
            several edits the last one counts. What stood there before stays in the history of whoever has \
            it, until the message is deleted.
            """)

    @Argument(help: ArgumentHelp("The beginning of the message's id.", valueName: "op"))
    package var message: String
    @Argument(help: "The text, or - for standard input.") package var text: [String] = []
    @OptionGroup package var options: MessageActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try MessageAct(options, in: context)
        let text = try TextInput(context).message(text)
        let message = try act.home.records.message(message)
        let mentions = MentionText.mentions(in: text, of: try act.home.records.members(of: message.space))
        try await act.act(upon: message.op.hex) { store, id, now throws(StoreError) in
            try store.edit(id, text: text, mentions: mentions, at: now)
        }
    }
}

/// `descord delete`
package struct DeleteCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a message: your own, or as a moderator that of another.",
        discussion: """
            The text and its edits leave this disk at once, and every member's that hears of it. That it \
            was written, by whom and when, stays. Deleting the message of another needs the permission to \
            moderate, and a rank above its author's.
            """)

    @Argument(help: ArgumentHelp("The beginning of the message's id.", valueName: "op"))
    package var message: String
    @OptionGroup package var options: MessageActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        try await MessageAct(options, in: context).act(upon: message) { store, id, now throws(StoreError) in
            try store.delete(id, at: now)
        }
    }
}

/// `descord react`
package struct ReactCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "react", abstract: "React to a message, or take your reaction back.")

    @Argument(help: ArgumentHelp("The beginning of the message's id.", valueName: "op"))
    package var message: String
    @Argument(help: "An emoji, or a short word.", transform: Self.parse) package var emoji: String
    @Flag(help: "Take the reaction back.") package var remove = false
    @OptionGroup package var options: MessageActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try MessageAct(options, in: context)
        try await act.act(upon: message) { store, id, now throws(StoreError) in
            remove
                ? try store.unreact(to: id, with: emoji, at: now)
                : try store.react(to: id, with: emoji, at: now)
        }
    }

    private static func parse(_ text: String) throws -> String {
        let emoji = text.canonicallyComposed
        guard !emoji.isEmpty, emoji.utf8.count <= PayloadLimits.maxEmojiSize,
            emoji.unicodeScalars.allSatisfy({ !$0.properties.isWhitespace }),
            TerminalText.clean(emoji) == emoji
        else {
            throw ValidationError(
                "a reaction is an emoji or a word of at most \(PayloadLimits.maxEmojiSize) bytes")
        }
        return emoji
    }
}

/// `descord pin`
package struct PinCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Pin a message in its channel, or take its pins back.",
        discussion: "descord log --pinned shows what is pinned.")

    @Argument(help: ArgumentHelp("The beginning of the message's id.", valueName: "op"))
    package var message: String
    @Flag(help: "Take the pins back that are known here.") package var remove = false
    @OptionGroup package var options: MessageActOptions
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let act = try MessageAct(options, in: context)
        try await act.act(upon: message) { store, id, now throws(StoreError) in
            remove ? try store.unpin(id, at: now) : try store.pin(id, at: now)
        }
    }
}
