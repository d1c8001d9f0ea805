import ArgumentParser
import DescordCore
import DescordStore

/// `descord cursor`
package struct CursorCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "cursor",
        abstract: "Look after the places of listen --cursor, and what hooks gave up on.",
        subcommands: [
            CursorListCommand.self, CursorRemoveCommand.self, CursorParkedCommand.self,
            CursorRetryCommand.self, CursorDropCommand.self,
        ])

    package init() {}
}

/// `descord cursor list`
package struct CursorListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the cursors of listen --cursor.")

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let records = try context.home().records
        let names = try ScopeNames(records)
        var table = TextTable()
        for cursor in try records.cursors() {
            if context.output.isJSON {
                try context.output.emit([
                    "cursor": .string(cursor.key.name), "space": .string(cursor.key.space.hex),
                    "space_name": .optional(names.space(cursor.key.space)),
                    "channel": .optional(cursor.key.channel?.hex),
                    "channel_name": .optional(names.channel(cursor.key.channel)),
                    "parked": .integer(Int64(cursor.parked)), "updated": cursor.updated.json,
                ])
            } else {
                table.add(
                    cursor.key.name, context.output.foreign(names.text(cursor.key)),
                    Timestamp.format(cursor.updated),
                    cursor.parked == 0 ? "" : "\(cursor.parked) parked")
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

/// `descord cursor remove`
package struct CursorRemoveCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a cursor, so that its next use begins anew.",
        discussion: "Forgets it in every space, and what is parked with it.")

    @Argument(help: "The cursor's name.") package var name: CursorName
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let records = try context.home().records
        let removed = try records.cursors().filter { $0.key.name == self.name.text }
        guard !removed.isEmpty else { throw CommandError.noCursor(self.name) }
        // None of them is moved by anybody meanwhile.
        let locks = try removed.map { cursor throws(CommandError) in
            try CursorLock(cursor.key, of: context.home().home)
        }
        defer { withExtendedLifetime(locks) {} }
        let count = try records.removeCursors(named: self.name.text)
        try context.output.result(
            ["cursor": .string(self.name.text), "removed": .integer(Int64(count))],
            "removed \(self.name.text)")
    }
}

/// `descord cursor parked`
package struct CursorParkedCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "parked", abstract: "List the messages that hooks of listen --exec gave up on.")

    @Argument(help: "A cursor's name; else all.") package var name: CursorName?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let records = try context.home().records
        try ParkedText.show(try records.parked(named: self.name?.text), context.output)
    }
}

/// `descord cursor retry`
package struct CursorRetryCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Have the next run of a cursor's hook try parked messages again.")

    @Argument(help: "The cursor's name.") package var name: CursorName
    @Argument(help: "The beginning of an operation's id; else all.") package var op: [String] = []
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let records = try context.home().records
        let chosen = try ParkedText.find(self.op, of: self.name, records)
        let count = try records.retryParked(named: self.name.text, chosen)
        try context.output.result(
            ["cursor": .string(self.name.text), "due": .integer(Int64(count))],
            "\(Count.text(count, "message")) due")
    }
}

/// `descord cursor drop`
package struct CursorDropCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Forget parked messages; they stay in the history.")

    @Argument(help: "The cursor's name.") package var name: CursorName
    @Argument(help: "The beginning of an operation's id.") package var op: [String] = []
    @Flag(help: "Everything that is parked with the cursor.") package var all = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func validate() throws {
        guard self.all == self.op.isEmpty else {
            throw ValidationError("name what to drop, or give --all")
        }
    }

    package func run(in context: CommandContext) async throws {
        let records = try context.home().records
        let chosen = try ParkedText.find(self.op, of: self.name, records)
        let count = try records.dropParked(named: self.name.text, chosen)
        try context.output.result(
            ["cursor": .string(self.name.text), "dropped": .integer(Int64(count))],
            "\(Count.text(count, "message")) dropped")
    }
}

/// Parked messages for programs and for people.
private enum ParkedText {
    static func show(_ parked: [ParkedMessage], _ output: Output) throws(CommandError) {
        var table = TextTable()
        for message in parked {
            if output.isJSON {
                try output.emit([
                    "cursor": .string(message.key.name), "op": .string(message.op.hex),
                    "space": .string(message.key.space.hex), "channel": .optional(message.key.channel?.hex),
                    "attempts": .integer(Int64(message.attempts)), "last_error": .string(message.lastError),
                    "parked_at": message.parkedAt.json, "due": .bool(message.isDue),
                ])
            } else {
                table.add(
                    message.key.name, Short.id(message.op), Count.text(message.attempts, "attempt"),
                    message.lastError, message.isDue ? "due" : "")
            }
        }
        for line in table.lines { try output.line(line) }
    }

    /// Returns the parked operations that references name; nil for all.
    static func find(
        _ references: [String], of name: CursorName, _ records: Records
    ) throws(CommandError) -> [OperationID]? {
        guard !references.isEmpty else { return nil }
        let parked = try records.parked(named: name.text)
        var found: [OperationID] = []
        for reference in references {
            let fitting = parked.filter {
                reference.count >= References.minPrefixLength && $0.op.hex.hasPrefix(reference.lowercased())
            }
            guard let first = fitting.first else {
                throw CommandError(
                    .badInput, .unknownReference, "there is no parked message \"\(reference)\"",
                    hint: "descord cursor parked")
            }
            guard fitting.allSatisfy({ $0.op == first.op }) else {
                throw CommandError(
                    .badInput, .ambiguousReference, "\"\(reference)\" fits \(fitting.count) parked messages",
                    hint: "give more of the id", details: fitting.map(\.op.hex))
            }
            found.append(first.op)
        }
        return found
    }
}

/// The names of what cursors follow, where they are known.
private struct ScopeNames {
    private let spaces: [SpaceRow]
    private let channels: [ChannelRow]

    init(_ records: Records) throws(CommandError) {
        self.spaces = try records.spaces()
        var channels: [ChannelRow] = []
        for space in self.spaces { channels += try records.channels(of: space.id) }
        self.channels = channels
    }

    func space(_ id: SpaceID) -> String? { self.spaces.first { $0.id == id }?.name }

    func channel(_ id: ChannelID?) -> String? {
        id.flatMap { id in self.channels.first { $0.id == id }?.name }
    }

    func text(_ key: CursorKey) -> String {
        let space = self.space(key.space) ?? Short.id(key.space)
        guard let channel = key.channel else { return space }
        return space + "/" + (self.channel(channel) ?? Short.id(channel))
    }
}

extension CommandError {
    fileprivate static func noCursor(_ name: CursorName) -> CommandError {
        CommandError(
            .badInput, .unknownReference, "there is no cursor \"\(name.text)\"", hint: "descord cursor list")
    }
}
