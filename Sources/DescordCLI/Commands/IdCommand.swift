import ArgumentParser
import DescordCore
import DescordCrypto
import LibP2PCore

/// `descord id`
package struct IdCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "id", abstract: "Show the identity of this home; with -v its addresses.")

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        var addresses: [String]?
        if context.output.verbosity > 0 {
            let contacts = await context.surroundings.network.contacts(
                try context.network(.oneShot, home), for: nil)
            addresses = contacts.first { $0.id == home.peerID }?.addresses
                .map { $0.with(peer: home.peerID).description }
        }
        try context.output.result(
            [
                "peer_id": .string(home.peerID.description),
                "public_key": .string(Multibase.hex(home.key.publicKey.bytes)),
                "home": .string(home.directory),
                "addresses": .optional(addresses),
            ], ([home.peerID.description] + (addresses ?? [])).joined(separator: "\n"))
    }
}
