import DescordCore
import DescordStore
import Glibc
import LibP2PCore

/// Messages for programs and for people.
package struct MessageText {
    /// Whether text is shown as it is, escape sequences and all.
    private let isRaw: Bool
    private let output: Output
    /// The calendar day of the last message that was shown, so that a new one gets a line of its own.
    private var day = ""

    /// What a line is made of, when somebody said so.
    private let format: MessageFormat?

    package init(_ output: Output, isRaw: Bool, format: MessageFormat? = nil) {
        self.output = output
        self.isRaw = isRaw
        self.format = format
    }

    /// Prints one message: as an object, or in lines.
    package mutating func show(_ row: MessageRow) throws(CommandError) {
        if let format {
            try self.output.line(
                format.line(Self.object(row)) { field, value in
                    self.isRaw && field == MessageFormat.textField ? value : self.output.foreign(value)
                })
        } else if self.output.isJSON {
            try self.output.emit(Self.object(row))
        } else {
            for line in self.lines(row) { try self.output.line(line) }
        }
    }

    /// The object of `log` and `listen`.
    package static func object(_ row: MessageRow) -> JSONValue {
        let reactions = row.reactions.map {
            JSONValue.Member(name: $0.emoji, value: .integer(Int64($0.count)))
        }
        return [
            "event": .string(row.event.rawValue), "op": .string(row.op.hex), "space": .string(row.space.hex),
            "space_name": .optional(row.spaceName), "channel": .string(row.channel.hex),
            "channel_name": .optional(row.channelName), "thread": .optional(row.thread?.hex),
            "author": .string(row.author.description), "author_name": .optional(row.authorName),
            "time": row.time.json, "received": row.received.json, "text": .optional(row.text),
            "edited": .bool(row.isEdited), "deleted": .bool(row.isDeleted), "reactions": .object(reactions),
            "stored_by": .optional(row.storedBy), "reply_to": .optional(row.replyTo?.hex),
            "mentions": .array(row.mentions.map { .string($0.description) }), "pinned": .bool(row.isPinned),
            "actor": .string(row.actor.description), "files": row.files.json,
        ]
    }

    /// `02:17  #general  alice  the text`, further lines of a text below its first one, so that no text can
    /// look like another message; a line with the date before the first message of a day.
    package mutating func lines(_ row: MessageRow) -> [String] {
        var lines: [String] = []
        let (day, clock) = LocalTime.parts(row.time)
        if day != self.day {
            self.day = day
            lines.append(self.output.styled("── \(day) ──", .dim))
        }
        let channel = "#" + self.output.foreign(row.channelName ?? Short.id(row.channel))
        let author = self.output.foreign(row.authorName ?? Short.peer(row.author))
        let head = [
            self.output.styled(clock, .dim), self.output.styled(channel, .cyan),
            self.output.styled(author, .bold),
        ].joined(separator: " ")
        let indent = String(repeating: " ", count: clock.count + 1)
        let text =
            row.isDeleted
            ? self.output.styled("(deleted)", .dim)
            : row.text == nil
                ? self.output.styled("(not here)", .dim)
                : (self.isRaw ? row.text ?? "" : self.output.foreign(row.text ?? "", keepsLines: true))
        var parts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if row.isPinned { parts[parts.count - 1] += self.output.styled(" (pinned)", .dim) }
        if row.isEdited, !row.isDeleted { parts[parts.count - 1] += self.output.styled(" (edited)", .dim) }
        lines.append(head + "  " + parts[0])
        lines += parts.dropFirst().map { indent + "| " + $0 }
        for file in row.files {
            let name = self.output.foreign(file.name)
            lines.append(indent + self.output.styled("file \(name), \(file.size) bytes", .dim))
        }
        if !row.reactions.isEmpty {
            let reactions = row.reactions.map { "\(self.output.foreign($0.emoji)) \($0.count)" }
            lines.append(indent + reactions.joined(separator: "  "))
        }
        return lines
    }
}

/// Times as the person's own clock shows them.
enum LocalTime {
    /// The day as `2026-11-21` and the time as `02:17`.
    static func parts(_ time: WallTime) -> (day: String, clock: String) {
        var seconds = time_t(time.milliseconds / 1_000)
        var local = tm()
        guard localtime_r(&seconds, &local) != nil else {
            let text = Timestamp.format(time)
            return (String(text.prefix(10)), String(text.dropFirst(11).prefix(5)))
        }
        func pad(_ value: Int32, _ width: Int) -> String { String(value).leftPadded(to: width) }
        return (
            "\(pad(local.tm_year + 1_900, 4))-\(pad(local.tm_mon + 1, 2))-\(pad(local.tm_mday, 2))",
            "\(pad(local.tm_hour, 2)):\(pad(local.tm_min, 2))"
        )
    }
}
