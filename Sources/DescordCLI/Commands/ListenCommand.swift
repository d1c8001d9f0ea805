import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// `descord listen`
package struct ListenCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "listen", abstract: "Stay on the air and print messages as they arrive, your own too.",
        discussion: """
            Follows the current space until it is interrupted, COUNT messages were printed, or --timeout \
            is over. With --since it begins with what is stored. What happens to a message (an edit, a \
            deletion, a reaction, a pin) prints it again, as it stands then.

            With --cursor a consumer has a name, and gets each message once over all its runs, in order of \
            arrival: the cursor, which belongs to the name and to the space or channel that is followed, \
            moves once the line was written or the hook has succeeded. Its first use begins at the first \
            stored message, or with --since at what was written since. A second process with the same \
            cursor ends at once with 75. After a loss of power the last messages may come again; none is \
            left out. descord cursor lists and removes cursors.

            With --once it prints what is stored and what the members bring who can be reached, and ends: \
            with 75 when there are other members and none answered.

            With --exec nothing is printed: for each message, one after another, /bin/sh -c COMMAND runs \
            with the message's object (as of --json) as a line on its standard input. Its environment has \
            DESCORD_EVENT, DESCORD_OP, DESCORD_SPACE, DESCORD_CHANNEL, DESCORD_THREAD, DESCORD_AUTHOR, \
            DESCORD_ACTOR, DESCORD_TIME and DESCORD_RECEIVED, and nothing that somebody wrote. A hook that \
            fails is tried again after 2, 4, 8 … 60 seconds; what it failed at --tries times is parked and \
            passed over (descord cursor parked). When descord is interrupted, the hook gets SIGTERM and is \
            waited for, and its message counts as not seen.
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
    @Option(help: ArgumentHelp("Go on where the consumer of this name ended.", valueName: "name"))
    package var cursor: CursorName?
    @Flag(help: "End when everything that is stored or can be fetched was printed.")
    package var once = false
    @Option(help: ArgumentHelp("Run a shell command for each message.", valueName: "command"))
    package var exec: String?
    @Option(
        help: ArgumentHelp("How often --exec is tried for a message.", valueName: "n"),
        transform: Self.parseTries)
    package var tries: Int = HookPolicy.triesDefault
    @Option(help: MessageFormat.help) package var format: MessageFormat?
    @Flag(help: "Show text as it is, also on a terminal.") package var raw = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func validate() throws {
        guard self.exec == nil || self.format == nil else {
            throw ValidationError("--exec and --format exclude each other")
        }
        try MessageFormat.validate(self.format, with: self.global)
    }

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let scope = try References(home.records, environment: context.surroundings.environment).scope(
            self.channel)
        if let exec, context.surroundings.isInteractive,
            TerminalPrompt.confirms("Run \"\(TerminalText.clean(exec))\" for every message?") != true
        {
            throw CommandError(.notPermitted, .notPermitted, "nothing was run")
        }
        let key = self.cursor.map {
            CursorKey(name: $0.text, space: scope.space.id, channel: scope.channel?.id)
        }
        let lock = try key.map { key throws(CommandError) in try CursorLock(key, of: home.home) }
        defer { withExtendedLifetime(lock) {} }
        var feed = try self.feed(scope, key, home, context.now)
        let sink = self.sink(key, home, context)
        guard feed.wantsMore else { return }
        let session = try await context.session(self.once ? .oneShot : .stay)
        try await sink.prepare()
        if self.once {
            try await self.drainOnce(&feed, into: sink, scope.space.id, session, context)
        } else {
            try await self.follow(&feed, into: sink, session, context)
        }
    }

    private func follow(
        _ feed: inout MessageFeed, into sink: MessageSink, _ session: any NetworkSession,
        _ context: CommandContext
    ) async throws {
        // Asked for before the stored messages are read, so that nothing falls between the two.
        let arrivals = session.arrivals(deadline: context.stayingDeadline)
        for address in try await session.addresses() { context.output.note("listening on \(address)") }
        try await feed.drain(sink.take)
        guard feed.wantsMore else { return }
        for try await arrival in arrivals {
            try await feed.drain(upTo: arrival.upTo, sink.take)
            guard feed.wantsMore else { return }
        }
        try Task.checkCancellation()
    }

    private func drainOnce(
        _ feed: inout MessageFeed, into sink: MessageSink, _ space: SpaceID,
        _ session: any NetworkSession, _ context: CommandContext
    ) async throws {
        try await feed.drain(sink.take)
        guard feed.wantsMore else { return }
        let outcome = try await session.sync(space, deadline: context.deadline)
        try await feed.drain(sink.take)
        guard outcome.unanswered.contains(space) else { return }
        throw CommandError(
            .tryLater, .noPeers, "no other member answered",
            hint: "try again when one listens, or name one with --connect MULTIADDR")
    }

    private func feed(
        _ scope: References.Scope, _ key: CursorKey?, _ home: OpenHome, _ now: WallTime
    ) throws(CommandError) -> MessageFeed {
        let since = self.since?.time(now)
        let leavingOut = self.notMine ? home.peerID : nil
        if let key {
            return MessageFeed(
                records: home.records, scope: scope, cursor: key,
                at: try home.records.beginCursor(key, since: since, now: now), leavingOut: leavingOut,
                limit: self.number?.count)
        }
        let start =
            if let since { try home.records.place(before: since, in: scope.space.id) } else {
                try home.records.lastArrival()
            }
        return MessageFeed(
            records: home.records, scope: scope, after: start, since: since, leavingOut: leavingOut,
            limit: self.number?.count)
    }

    private func sink(_ key: CursorKey?, _ home: OpenHome, _ context: CommandContext) -> MessageSink {
        guard let exec else {
            return MessageSink(MessageText(context.output, isRaw: self.raw, format: self.format))
        }
        return MessageSink(
            Hook(
                command: exec, policy: HookPolicy(tries: self.tries),
                environment: context.surroundings.environment, output: context.output, records: home.records,
                cursor: key))
    }

    private static func parseTries(_ text: String) throws -> Int {
        guard let count = Int(text), (1...HookPolicy.triesMax).contains(count) else {
            throw ValidationError("--tries takes a number from 1 to \(HookPolicy.triesMax)")
        }
        return count
    }
}

/// Where `listen` puts messages: standard output, or a hook. Confined to the command's task.
private final class MessageSink {
    private enum Target {
        case text(MessageText)
        case hook(Hook)
    }

    private var target: Target

    init(_ text: MessageText) {
        self.target = .text(text)
    }

    init(_ hook: Hook) {
        self.target = .hook(hook)
    }

    /// Does what is left from earlier runs.
    func prepare() async throws {
        if case .hook(let hook) = self.target { try await hook.deliverDue() }
    }

    func take(_ row: MessageRow) async throws -> MessageFeed.Delivery {
        switch self.target {
        case .hook(let hook): return try await hook.deliver(row)
        case .text(var text):
            try text.show(row)
            self.target = .text(text)
            return .delivered
        }
    }
}
