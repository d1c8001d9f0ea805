import ArgumentParser
import DescordCore
import LibP2PCore

/// `descord plumbing negentropy`: one end of a reconciliation, in the lines of the reference implementation's
/// conformance tests.
package struct PlumbingNegentropyCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "negentropy", abstract: "Reconcile two sets by Negentropy V1, line by line.",
        discussion: """
            Reads lines on standard input and answers on standard output, each line at once:

            item,TIMESTAMP,ID puts an item into the set: a number below 2^64 - 1, and 64 hexadecimal digits. \
            seal ends the set. initiate makes this end the initiator, and prints its first message. msg,HEX \
            is a message of the other end.

            msg,HEX is printed for the other end; an initiator prints have,ID and need,ID for what it finds \
            to be on one side alone, and done when all was compared.

            FRAMESIZELIMIT in the environment, 4096 or more, is the most bytes of a message.
            """)

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package static var toleratesBadSettings: Bool { true }
    package static var needsProfile: Bool { false }

    /// A message of two million ids.
    private static let lineMaxSize = 134_217_728

    package init() {}

    package func run(in context: CommandContext) async throws {
        guard !context.surroundings.inputIsTaken else {
            throw CommandError(.usage, .usage, "standard input holds the commands here")
        }
        var end = NegentropyLines(
            frameSize: try Self.frameSize(context.surroundings.environment["FRAMESIZELIMIT"]))
        let input = LineReader(maxLineSize: Self.lineMaxSize)
        while let line = try await input.next() {
            for answer in try end.answers(to: line) { try context.output.line(answer) }
        }
    }

    /// Nil for no limit: nothing, or 0.
    private static func frameSize(_ text: String?) throws(CommandError) -> Int? {
        guard let text, !text.isEmpty, text != "0" else { return nil }
        guard let size = Int(text), size >= Negentropy.minFrameSize else {
            throw CommandError(
                .usage, .badValue,
                "FRAMESIZELIMIT is no number of bytes from \(Negentropy.minFrameSize) on: \"\(text)\"")
        }
        return size
    }
}

/// What the lines that came so far make of one end.
struct NegentropyLines {
    private var items: [NegentropyItem] = []
    /// Once the set is sealed.
    private var storage: NegentropyStorage?
    private var initiator: NegentropyInitiator?
    private let frameSize: Int?
    private var number = 0

    init(frameSize: Int?) {
        self.frameSize = frameSize
    }

    /// Takes one line, and returns the lines that answer it.
    mutating func answers(to line: String) throws(CommandError) -> [String] {
        self.number += 1
        let line = line.last == "\r" ? line.dropLast() : line[...]
        let words = line.split(separator: ",", omittingEmptySubsequences: false)
        switch (words[0], words.count) {
        case ("item", 3):
            guard self.storage == nil else { throw self.bad("the set is sealed already") }
            self.items.append(try self.item(words[1], words[2]))
            return []
        case ("seal", 1):
            guard self.storage == nil else { throw self.bad("the set is sealed already") }
            let items = self.items
            self.storage = try self.usable { () throws(NegentropyFailure) in try NegentropyStorage(items) }
            self.items = []
            return []
        case ("initiate", 1):
            guard self.initiator == nil else { throw self.bad("this end has begun already") }
            let initiator = NegentropyInitiator(try self.sealed(), maxFrameSize: self.frameSize)
            self.initiator = initiator
            return [Self.line(initiator.opening())]
        case ("msg", 2):
            return try self.answers(to: try self.message(words[1]))
        default: throw self.bad("it is none of item,TIMESTAMP,ID, seal, initiate and msg,HEX")
        }
    }

    private mutating func answers(to message: [UInt8]) throws(CommandError) -> [String] {
        guard var initiator = self.initiator else {
            let end = Negentropy(try self.sealed(), maxFrameSize: self.frameSize)
            return [
                Self.line(try self.usable { () throws(NegentropyFailure) in try end.answer(to: message) })
            ]
        }
        let known = (initiator.have.count, initiator.need.count)
        let next = try self.usable { () throws(NegentropyFailure) in try initiator.received(message) }
        self.initiator = initiator
        return initiator.have.dropFirst(known.0).map { "have,\($0)" }
            + initiator.need.dropFirst(known.1).map { "need,\($0)" } + [next.map(Self.line) ?? "done"]
    }

    private func sealed() throws(CommandError) -> NegentropyStorage {
        guard let storage else { throw self.bad("the set is not sealed yet") }
        return storage
    }

    private func usable<Value>(
        _ body: () throws(NegentropyFailure) -> Value
    ) throws(CommandError) -> Value {
        do throws(NegentropyFailure) {
            return try body()
        } catch {
            throw self.bad("\(error)")
        }
    }

    private func item(_ time: Substring, _ id: Substring) throws(CommandError) -> NegentropyItem {
        guard let timestamp = UInt64(time), let id = OperationID(hex: id),
            let item = NegentropyItem(timestamp: timestamp, id: id)
        else { throw self.bad("a timestamp is a number below 2^64 - 1, and an id 64 hexadecimal digits") }
        return item
    }

    private func message(_ text: Substring) throws(CommandError) -> [UInt8] {
        guard let bytes = Multibase.decodeHex(text) else {
            throw self.bad("a message is an even number of hexadecimal digits")
        }
        return bytes
    }

    private func bad(_ reason: String) -> CommandError {
        CommandError(.badInput, .badLine, "line \(self.number) cannot be used: \(reason)")
    }

    private static func line(_ message: [UInt8]) -> String { "msg," + Multibase.hex(message) }
}
