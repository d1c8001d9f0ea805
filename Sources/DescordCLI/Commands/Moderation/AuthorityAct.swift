import ArgumentParser
import DescordCore
import DescordCrypto
import DescordStore
import LibP2PCore

/// The options of every command that changes who may do what.
package struct AuthorityActOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A name or the beginning of an id; else the current space.", valueName: "space"),
        completion: Completions.spaces)
    package var space: String?
    @Option(
        help: ArgumentHelp(
            "Wait until so many other members have stored it; 0 does not wait.", valueName: "n"))
    package var wait: UInt32 = 1

    package init() {}
}

/// Which of the target's operations stay in force.
package struct LastGoodOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The last operation of the member that stays in force, or none; else all that is here.",
            valueName: "op"))
    package var lastGood: String?

    package init() {}

    func value(of space: SpaceRow, _ records: Records) throws(CommandError) -> LastGood {
        switch self.lastGood {
        case nil: .newest
        case "none": .nothing
        case let reference?: .operation(try records.operation(reference, in: space.id))
        }
    }
}

/// One change of who may do what: written, then handed to whoever can be reached, like a message.
struct AuthorityAct {
    let context: CommandContext
    let home: OpenHome
    let space: SpaceRow
    private let wait: UInt32

    init(_ options: AuthorityActOptions, in context: CommandContext) throws(CommandError) {
        let home = try context.home()
        let space = try References(home.records, environment: context.surroundings.environment)
            .space(options.space)
        self.init(space, wait: options.wait, home, in: context)
    }

    init(_ space: SpaceRow, wait: UInt32, _ home: OpenHome, in context: CommandContext) {
        self.context = context
        self.home = home
        self.space = space
        self.wait = wait
    }

    /// The key of a member, or of anybody whose whole peer id is given.
    func key(of reference: String) throws(CommandError) -> Ed25519.PublicKey {
        let references = References(self.home.records, environment: self.context.surroundings.environment)
        let peer = try references.author(
            reference, of: self.space, own: self.home.peerID, acceptsNames: false)
        guard let key = peer.ed25519 else {
            throw CommandError(.badInput, .unknownReference, "\"\(reference)\" is not an Ed25519 peer id")
        }
        return key
    }

    /// Says what was written and how far it came; ends with 75 when others are there and none has it.
    func conclude(_ op: OperationID, _ act: String, _ fields: KeyValuePairs<String, JSONValue>) async throws {
        let output = self.context.output
        if !output.isJSON { try output.line(op.hex) }
        let delivery = try await Delivery.of(op, in: self.space.id, wait: self.wait, self.home, self.context)
            .delivery
        if output.isJSON {
            let known: [JSONValue.Member] = [
                .init(name: "op", value: .string(op.hex)),
                .init(name: "space", value: .string(self.space.id.hex)),
                .init(name: "act", value: .string(act)),
            ]
            let outcome: [JSONValue.Member] = [
                .init(name: "stored_by", value: .integer(Int64(delivery.storedBy))),
                .init(name: "status", value: .string(delivery.status.rawValue)),
            ]
            try output.emit(.object(known + fields.map { .init(name: $0.key, value: $0.value) } + outcome))
        } else {
            output.note(
                delivery.storedBy > 0 ? "stored by \(delivery.storedBy)" : delivery.status.rawValue)
        }
        if let failure = delivery.failure(wait: self.wait) { throw failure }
    }
}
