import ArgumentParser
import DescordCore
import DescordCrypto
import LibP2PCore

/// `descord space invite`
package struct SpaceInviteCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Print a ticket that lets somebody join a space.",
        discussion: """
            A ticket is a secret: whoever holds it can join until it expires or is used up. It works \
            while you are away, through any member who is there.
            """)

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @Option(help: "The rank of who joins by it, 0 to 1000 and below yours.") package var rank: UInt32 = 0
    @Option(help: "How many may join by it.") package var uses: UInt32 = 1
    @Option(help: ArgumentHelp("When it ends: an age such as 7d, a time, or never.", valueName: "when"))
    package var expires: ExpiryArgument = .default
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package mutating func validate() throws {
        guard self.rank <= PayloadLimits.maxRank else { throw ValidationError("--rank is 0 to 1000") }
        guard (1...PayloadLimits.maxInviteUses).contains(self.uses) else {
            throw ValidationError("--uses is 1 to \(PayloadLimits.maxInviteUses)")
        }
    }

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let row = try References(home.records, environment: context.surroundings.environment).space(
            self.space)
        let now = context.now
        let expires = self.expires.time(now)
        if let expires, expires <= now {
            throw CommandError(.usage, .badValue, "--expires lies in the past: \(Timestamp.format(expires))")
        }
        let contacts = await context.surroundings.network.contacts(
            try context.network(.oneShot, home), for: row.id)
        let (invite, key) = try home.records.createInvite(
            in: row.id, rank: self.rank, uses: self.uses, expires: expires, now: now)
        await context.surroundings.network.notifyRunningNode(of: [invite], in: row.id, home: home)
        let ticket = Ticket(
            space: row.id, spaceName: row.name ?? "", invite: invite, key: key, peers: contacts,
            signedBy: home.key)
        try context.output.result(
            [
                "ticket": .string(ticket.text), "space": .string(row.id.hex), "invite": .string(invite.hex),
                "expires": .optional(expires), "uses": .integer(Int64(self.uses)),
            ], ticket.text)
    }
}

/// When something ends: from now on, at a time, or never.
package enum ExpiryArgument: ExpressibleByArgument, Equatable, Sendable {
    case after(Duration)
    case at(WallTime)
    case never

    /// A week.
    package static let `default` = ExpiryArgument.after(.seconds(7 * 86_400))

    package init?(argument: String) {
        if argument == "never" {
            self = .never
        } else if let duration = Timestamp.parseAge(argument), duration > .zero {
            self = .after(duration)
        } else if let time = Timestamp.parse(argument) {
            self = .at(time)
        } else {
            return nil
        }
    }

    package var defaultValueDescription: String { "7d" }

    /// The time itself.
    func time(_ now: WallTime) -> WallTime? {
        switch self {
        case .after(let duration): now + duration
        case .at(let time): time
        case .never: nil
        }
    }
}
