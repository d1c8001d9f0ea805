import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// The option of every command that changes what is said.
package struct MessageActOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait until so many other members have stored it; 0 does not wait.", valueName: "n"))
    package var wait: UInt32 = 1

    package init() {}
}

/// One change of a message: written, then handed to whoever can be reached, like the message itself.
struct MessageAct {
    let context: CommandContext
    let home: OpenHome
    private let options: MessageActOptions

    init(_ options: MessageActOptions, in context: CommandContext) throws(CommandError) {
        self.context = context
        self.home = try context.home()
        self.options = options
    }

    /// Changes the message that a reference names, and says how far the change came.
    func act(
        upon reference: String,
        _ body: (Store, OperationID, WallTime) throws(StoreError) -> Authored
    ) async throws {
        let message = try home.records.message(reference)
        let op = try home.records.write(now: context.now) { store, now throws(StoreError) in
            try body(store, message.op, now)
        }
        try await conclude(op, in: message.space, about: ("target", message.op.hex))
    }

    /// Says what was written and how far it came; ends with 75 when others are there and none has it.
    func conclude(
        _ op: OperationID, in space: SpaceID, about field: (name: String, value: String)? = nil
    ) async throws {
        let output = context.output
        if !output.isJSON { try output.line(op.hex) }
        let delivery = try await Delivery.of(op, in: space, wait: options.wait, home, context).delivery
        if output.isJSON {
            var members: [JSONValue.Member] = [
                .init(name: "op", value: .string(op.hex)), .init(name: "space", value: .string(space.hex)),
            ]
            if let field { members.append(.init(name: field.name, value: .string(field.value))) }
            members += [
                .init(name: "stored_by", value: .integer(Int64(delivery.storedBy))),
                .init(name: "status", value: .string(delivery.status.rawValue)),
            ]
            try output.emit(.object(members))
        } else {
            output.note(
                delivery.storedBy > 0 ? "stored by \(delivery.storedBy)" : delivery.status.rawValue)
        }
        if let failure = delivery.failure(wait: options.wait) { throw failure }
    }
}
