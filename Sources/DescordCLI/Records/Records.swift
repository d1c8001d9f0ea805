import DescordCore
import DescordCrypto
import DescordStore
import LibP2PCore

/// What the commands ask of the home's database, in their own words; every failure is explained already.
///
/// Names that others chose come out as nil unless they keep the rules for names: what is shown instead is the
/// id.
package struct Records: Sendable {
    let store: Store

    package init(_ store: Store) {
        self.store = store
    }

    // MARK: - What there is

    /// The spaces that this home is a member of, first created or joined first.
    package func spaces() throws(CommandError) -> [SpaceRow] {
        try self.explained { () throws(StoreError) in try self.store.spaces() }.map { space in
            SpaceRow(
                id: space.id, name: Self.shown(space: space.name), isPublic: space.isPublic,
                memberCount: space.members, channelCount: space.channels)
        }
    }

    /// The channels of a space, oldest first.
    package func channels(of space: SpaceID) throws(CommandError) -> [ChannelRow] {
        try self.explained { () throws(StoreError) in try self.store.channels(of: space) }.map { channel in
            ChannelRow(
                id: channel.id, space: channel.space, name: Self.shown(channel: channel.name),
                purpose: channel.purpose, isArchived: channel.isArchived, isReadOnly: channel.isReadOnly)
        }
    }

    /// The members of a space, the creator first, then in the order of their admission.
    package func members(of space: SpaceID) throws(CommandError) -> [MemberRow] {
        let members = try self.explained { () throws(StoreError) in try self.store.members(of: space) }
        let profiles = try self.explained { () throws(StoreError) in
            try self.store.profiles(of: members.map(\.key), in: space)
        }
        return members.map { member in
            MemberRow(
                peer: member.peer, name: profiles[member.key].flatMap { Self.shown(member: $0.name) },
                rank: Int(member.rank), since: member.since,
                isSelf: member.key == self.store.publicKey, isOverLimit: member.isOverLimit)
        }
    }

    /// Counts, heads and forks of a space.
    package func info(of space: SpaceID) throws(CommandError) -> SpaceInfoRow {
        let details = try self.explained { () throws(StoreError) in try self.store.details(of: space) }
        let members = try self.members(of: space)
        let creator = PeerID(details.summary.creator)
        func count(_ state: OperationState) -> Int { details.operations[state] ?? 0 }
        return SpaceInfoRow(
            creator: creator, created: members.first { $0.peer == creator }?.since,
            operations: details.operations.values.reduce(0, +), waiting: count(.waiting), held: count(.held),
            invalid: count(.invalid), void: count(.void),
            revoked: count(.revoked), heads: details.heads,
            forks: details.forks.map { PeerID($0.author) }, rank: members.first { $0.isSelf }?.rank ?? 0)
    }

    /// Messages, in the order that the query asks for.
    package func messages(_ query: MessageQuery) throws(CommandError) -> [MessageRow] {
        let filter = MessageFilter(
            space: query.space, channel: query.channel, thread: query.thread,
            author: query.author?.ed25519, isPinned: query.isPinned, since: query.since,
            until: query.until)
        // A peer id that holds no key names nobody who could have written here.
        if query.author != nil, filter.author == nil { return [] }
        return try self.explained { () throws(StoreError) in
            switch query.order {
            case .clock: try self.store.messages(filter, limit: query.limit)
            case .arrival(let position):
                try self.store.messages(after: position, filter, limit: query.limit ?? Int.max)
            }
        }.map(Self.row)
    }

    /// The newest arrival number, 0 when nothing is stored.
    package func lastArrival() throws(CommandError) -> Int64 {
        try self.explained { () throws(StoreError) in try self.store.newestArrival() }
    }

    /// What waits for other members, oldest first.
    package func outbox() throws(CommandError) -> [OutboxRow] {
        try self.explained { () throws(StoreError) in try self.store.outbox() }.map { entry in
            OutboxRow(
                op: entry.operation, space: entry.space, attempts: entry.attempts, lastError: entry.lastError)
        }
    }

    /// What was measured in all runs, by topic.
    package func metrics(topic: String?, since: WallTime?) throws(CommandError) -> [TopicReport] {
        let spaces = try self.spaces()
        return try self.explained { () throws(StoreError) in
            try self.store.metrics(topic: topic, since: since)
        }.map { metrics in
            TopicReport(metrics, spaceName: spaces.first { $0.topic == metrics.topic }?.name)
        }
    }

    /// Whether any other member's operation was ever admitted in the space.
    package func hasMetOthers(in space: SpaceID) throws(CommandError) -> Bool {
        try self.explained { () throws(StoreError) in try self.store.hasForeignOperations(in: space) }
    }

    // MARK: - What is written: durable when a call returns

    package func createSpace(
        _ name: SpaceName, isPublic: Bool, now: WallTime
    ) throws(CommandError) -> SpaceID {
        try self.explained { () throws(StoreError) in
            try self.store.createSpace(name: name, isPublic: isPublic, at: now)
        }.operation.id
    }

    package func createChannel(
        _ name: ChannelName, in space: SpaceID, now: WallTime
    ) throws(CommandError) -> ChannelID {
        try self.explained { () throws(StoreError) in
            try self.store.createChannel(name: name, in: space, at: now)
        }.operation.id
    }

    /// Makes an invite; its key is for the ticket.
    package func createInvite(
        in space: SpaceID, rank: UInt32, uses: UInt32, expires: WallTime?, now: WallTime
    ) throws(CommandError) -> (id: OperationID, key: Ed25519.PrivateKey) {
        let made = try self.explained { () throws(StoreError) in
            try self.store.createInvite(in: space, rank: rank, uses: uses, expires: expires, at: now)
        }
        return (made.invite.operation.id, made.key)
    }

    package func post(
        _ text: String, files: [PostedFile] = [], in channel: ChannelID, of space: SpaceID,
        context: MessageContext = MessageContext(), now: WallTime
    ) throws(CommandError) -> OperationID {
        try self.explained { () throws(StoreError) in
            try self.store.post(
                text, files: files, channel: channel, in: space, context: context, at: now)
        }.operation.id
    }

    /// Leaves a space: it is not listed any more, and nothing can be written in it.
    package func leave(_ space: SpaceID, now: WallTime) throws(CommandError) -> OperationID {
        try self.explained { () throws(StoreError) in try self.store.leave(space, at: now) }.operation.id
    }

    /// Makes queued operations due at once, and returns how many.
    @discardableResult
    package func retryOutbox(_ ids: [OperationID]) throws(CommandError) -> Int {
        try self.explained { () throws(StoreError) in try self.store.retryOutbox(ids) }
    }

    /// Stops carrying queued operations, which stay in the history, and returns how many.
    @discardableResult
    package func dropOutbox(_ ids: [OperationID]) throws(CommandError) -> Int {
        try self.explained { () throws(StoreError) in try self.store.dropOutbox(ids) }
    }

    /// Writes an operation, and returns its id once it is durable.
    package func write(
        now: WallTime, _ body: (Store, WallTime) throws(StoreError) -> Authored
    ) throws(CommandError) -> OperationID {
        try self.explained { () throws(StoreError) in try body(self.store, now) }.id
    }

    // MARK: - What is current

    package func currentSpace() throws(CommandError) -> SpaceID? {
        try self.explained { () throws(StoreError) in try self.store.currentSpace() }
    }

    package func currentChannel(of space: SpaceID) throws(CommandError) -> ChannelID? {
        try self.explained { () throws(StoreError) in try self.store.currentChannel(in: space) }
    }

    package func useSpace(_ space: SpaceID) throws(CommandError) {
        try self.explained { () throws(StoreError) in try self.store.setCurrentSpace(space) }
    }

    package func useChannel(_ channel: ChannelID, of space: SpaceID) throws(CommandError) {
        try self.explained { () throws(StoreError) in try self.store.setCurrentChannel(channel, in: space) }
    }

    /// Remembers the port to listen on, unless one is remembered.
    package func rememberPort(_ choose: () -> UInt16?) throws(CommandError) {
        try self.explained { () throws(StoreError) in
            guard try self.store.listenPort() == nil, let port = choose() else { return }
            try self.store.rememberListenPort(port)
        }
    }

    // MARK: - Translation

    func explained<Value>(_ body: () throws(StoreError) -> Value) throws(CommandError) -> Value {
        do {
            return try body()
        } catch {
            throw CommandError(error, database: self.store.home.databasePath)
        }
    }

    private static func shown(space name: String) -> String? {
        try? SpaceName(parsing: name).text  // what is no name is not shown
    }

    private static func shown(channel name: String) -> String? {
        try? ChannelName(parsing: name).text  // what is no name is not shown
    }

    static func shown(member name: String) -> String? {
        try? MemberName(parsing: name).text  // what is no name is not shown
    }

    static func row(_ message: MessageSummary) -> MessageRow {
        MessageRow(
            op: message.id, space: message.space, spaceName: self.shown(space: message.spaceName),
            channel: message.channel, channelName: self.shown(channel: message.channelName),
            thread: message.thread, author: PeerID(message.author),
            authorName: message.authorName.flatMap { self.shown(member: $0) }, time: message.time,
            received: message.received, arrival: message.arrival, text: message.text,
            isEdited: message.isEdited, isDeleted: message.isDeleted, isPinned: message.isPinned,
            reactions: message.reactions, replyTo: message.replyTo,
            mentions: message.mentions.map { PeerID($0) }, storedBy: message.storedBy, event: message.event,
            actor: PeerID(message.actor), act: message.act, files: message.files)
    }
}
