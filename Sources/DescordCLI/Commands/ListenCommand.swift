import ArgumentParser
import DescordCore
import LibP2PCore

/// `descord listen`
package struct ListenCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "listen", abstract: "Stay on the air and print messages as they arrive, your own too.",
        discussion: """
            Follows the current space until it is interrupted, COUNT messages were printed, or --timeout \
            is over. With --since it begins with what is stored.
            """)

    @Option(
        name: .shortAndLong, help: "CHANNEL or SPACE/CHANNEL; else every channel of the current space.",
        completion: Completions.channels)
    package var channel: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("End after so many messages.", valueName: "count"))
    package var number: CountArgument?
    @Option(help: ArgumentHelp("Begin with what was written since.", valueName: "t"))
    package var since: TimeArgument?
    @Flag(help: "Leave out what this home wrote.") package var notMine = false
    @Flag(help: "Show text as it is, also on a terminal.") package var raw = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let scope = try References(home.records, environment: context.surroundings.environment).scope(
            self.channel)
        let start = try self.since == nil ? home.records.lastArrival() : 0
        var follower = Follower(
            records: home.records, scope: scope, after: start, since: self.since?.time(context.now),
            leavingOut: self.notMine ? home.peerID : nil, limit: self.number?.count)
        var text = MessageText(context.output, isRaw: self.raw)
        guard follower.wantsMore else { return }
        let session = try await context.session(.stay)
        // Asked for before the stored messages are read, so that nothing falls between the two.
        let arrivals = session.arrivals(deadline: context.stayingDeadline)
        for address in try await session.addresses() { context.output.note("listening on \(address)") }
        try follower.drain(upTo: nil) { row throws(CommandError) in try text.show(row) }
        guard follower.wantsMore else { return }
        for try await arrival in arrivals {
            try follower.drain(upTo: arrival.upTo) { row throws(CommandError) in try text.show(row) }
            guard follower.wantsMore else { return }
        }
        try Task.checkCancellation()
    }
}

/// Reads what arrived since the last look, in the order of arrival.
package struct Follower {
    /// Messages that are read at once.
    private static let batchSize = 500

    private let records: Records
    private let scope: References.Scope
    private var position: Int64
    private let since: WallTime?
    private let leavingOut: PeerID?
    private var remaining: Int?

    package init(
        records: Records, scope: References.Scope, after position: Int64, since: WallTime? = nil,
        leavingOut: PeerID? = nil, limit: Int? = nil
    ) {
        self.records = records
        self.scope = scope
        self.position = position
        self.since = since
        self.leavingOut = leavingOut
        self.remaining = limit
    }

    /// Whether the limit was not reached yet.
    package var wantsMore: Bool { self.remaining != 0 }

    /// Shows everything new; the position moves behind a message only after it was shown. What arrived up to
    /// `upTo` is not looked at again.
    package mutating func drain(
        upTo: Int64?, _ show: (MessageRow) throws(CommandError) -> Void
    ) throws(CommandError) {
        while true {
            let rows = try self.records.messages(
                MessageQuery(
                    space: self.scope.space.id, channel: self.scope.channel?.id, since: self.since,
                    limit: Self.batchSize, order: .arrival(after: self.position)))
            for row in rows {
                guard self.wantsMore else { return }
                if row.author != self.leavingOut {
                    try show(row)
                    self.remaining = self.remaining.map { $0 - 1 }
                }
                self.position = max(self.position, row.arrival)
            }
            guard rows.count == Self.batchSize else { break }
        }
        if let upTo { self.position = max(self.position, upTo) }
    }
}
