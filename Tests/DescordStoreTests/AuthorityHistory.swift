import DescordCore
import DescordCrypto
import LibP2PCore

/// A history that several people write at once, each with what it knows: honest ones, and some who write two
/// operations of one number or pretend not to have read.
struct AuthorityHistory {
    /// Somebody who writes.
    private struct Writer {
        let key: Ed25519.PrivateKey
        /// What it has read, in the order in which it did.
        var known: [Operation] = []
        /// Where its chain goes on.
        var chain: [Operation] = []
    }

    /// Every operation, parents before children.
    private(set) var operations: [Operation] = []
    let space: SpaceID

    private var random: PRNG
    private var writers: [Writer]
    private var tickets: [OperationID: Ed25519.PrivateKey] = [:]
    private var pasts: [OperationID: Set<OperationID>] = [:]

    private static let start: Int64 = 1_790_000_000_000

    /// A history of `size` operations by at most `people`.
    init(seed: UInt64, size: Int, people: Int = 5) {
        self.random = PRNG(seed: seed)
        self.writers = (0..<people).map { Writer(key: person(UInt8(40 + $0))) }
        let header = OperationHeader(
            space: nil, sequence: 0, previous: nil, dependencies: [],
            clock: HybridLogicalClock(WallTime(milliseconds: Self.start)), kind: .spaceCreate,
            nonce: [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: 32),
            body: SpaceCreate(name: "s", isPublic: self.random.below(4) == 0).encoded)
        guard let genesis = try? Operation(signing: header, by: self.writers[0].key) else {
            preconditionFailure("a genesis is well formed")
        }
        self.space = genesis.id
        self.pasts[genesis.id] = []
        self.operations = [genesis]
        for index in self.writers.indices { self.writers[index].known = [genesis] }
        self.writers[0].chain = [genesis]
        self.found()
        while self.operations.count < size { self.step() }
    }

    private func key(_ person: Int) -> Ed25519.PublicKey { self.writers[person].key.publicKey }

    /// Lets in most people with some rank, so that there is something to take away, and makes a channel.
    private mutating func found() {
        self.write(ChannelCreate(name: "c"), by: 0)
        for person in 1..<self.writers.count where self.random.below(8) > 0 {
            let ticket = Self.ticket(self.operations.count)
            let rank = [0, 100, 500, 500, 900][self.random.below(5)]
            let invite = InviteCreate(publicKey: ticket.publicKey, rank: UInt32(rank), uses: 1, expires: nil)
            guard let made = self.write(invite, by: 0) else { continue }
            self.tickets[made.id] = ticket
            self.read(by: person, from: 0)
            self.join(person, with: made)
            self.read(by: 0, from: person)
            guard let join = self.operations.last, join.kind == .memberJoin else { continue }
            self.write(MemberAdmit(join: join.id, member: join.author), by: 0, links: [join.id])
            self.read(by: person, from: 0)
        }
    }

    private static func ticket(_ number: Int) -> Ed25519.PrivateKey { person(UInt8(100 + number % 100)) }

    // MARK: - One step

    private mutating func step() {
        // Who was just revoked goes on before hearing of it: what revocations are to reach.
        if let key = self.operations.last?.revokedMember, self.random.below(3) > 0,
            let target = self.writers.firstIndex(where: { $0.key.publicKey == key })
        {
            for _ in 0...self.random.below(2) { self.act(target) }
            return
        }
        // Who founded the space and who came early act more often, or little would be permitted.
        let writer = min(self.random.below(self.writers.count), self.random.below(self.writers.count))
        if self.random.below(2) == 0 { self.read(by: writer, from: self.random.below(self.writers.count)) }
        self.act(writer)
    }

    /// Goes on with one writer alone, who reads what the others have, or a part of it, now and then.
    mutating func goOn(by writer: Int, steps: Int) {
        for _ in 0..<steps {
            if self.random.below(3) == 0 {
                self.read(by: writer, from: self.random.below(self.writers.count))
            }
            self.act(writer)
        }
    }

    /// Somebody's key.
    func publicKey(of writer: Int) -> Ed25519.PublicKey { self.key(writer) }

    /// Takes over all that another has read, or its first part.
    private mutating func read(by reader: Int, from other: Int) {
        let seen = Set(self.writers[reader].known.map(\.id))
        let count = self.writers[other].known.count
        let part = self.random.below(4) == 0 ? self.random.below(count + 1) : count
        self.writers[reader].known += self.writers[other].known.prefix(part).filter { !seen.contains($0.id) }
    }

    private mutating func act(_ writer: Int) {
        let known = self.writers[writer].known
        func any(_ kind: OperationKind, _ random: inout PRNG) -> Operation? {
            let found = known.filter { $0.kind == kind }
            return found.isEmpty ? nil : found[random.below(found.count)]
        }
        var target = self.random.below(self.writers.count)
        // What was begun goes on: who was revoked before is revoked again, or restored.
        let revoked = known.compactMap(\.revokedMember).last.flatMap { key in
            self.writers.firstIndex { $0.key.publicKey == key }
        }
        if let revoked, self.random.below(2) == 0 { target = revoked }
        let member = self.key(target)
        let ranks: [UInt32] = [0, 0, 100, 400, 500, 800, 900]
        let rank = ranks[self.random.below(ranks.count)]
        let channel = any(.channelCreate, &self.random)?.id
        switch self.random.below(30) {
        case 0, 1:
            let ticket = Self.ticket(self.operations.count)
            let invite = InviteCreate(
                publicKey: ticket.publicKey, rank: rank, uses: UInt32(1 + self.random.below(2)), expires: nil)
            if let made = self.write(invite, by: writer) { self.tickets[made.id] = ticket }
        case 2, 3: self.join(writer, with: any(.inviteCreate, &self.random))
        case 5, 6:
            guard let join = any(.memberJoin, &self.random) else { return }
            self.write(MemberAdmit(join: join.id, member: join.author), by: writer, links: [join.id])
        case 9:
            let role = RoleDefine(name: "r", rank: rank, permissions: self.random.next() & 0x7ff)
            self.write(role, by: writer)
        case 10, 11, 12: self.write(RoleGrant(role: self.role(known), member: member), by: writer)
        case 8, 13:
            self.revoke(target, by: writer) { RoleTake(role: $1, member: member, lastGood: $0) }
        case 4, 14:
            self.revoke(target, by: writer) { good, _ in MemberRemove(member: member, lastGood: good) }
        case 7, 15: self.revoke(target, by: writer) { good, _ in Ban(member: member, lastGood: good) }
        case 16: self.write(Unban(member: member), by: writer)
        case 17:
            let until: UInt64? = self.random.below(2) == 0 ? 0 : nil
            self.revoke(target, by: writer) { good, _ in Mute(member: member, lastGood: good, until: until) }
        case 18:
            guard let channel else {
                self.write(ChannelCreate(name: "c"), by: writer)
                return
            }
            switch self.random.below(3) {
            case 0: self.write(ChannelArchive(archived: self.random.below(2) == 0), by: writer, in: channel)
            case 1: self.write(ChannelUpdate(isReadOnly: true), by: writer, in: channel)
            default:
                let word = ChannelModerator(member: member, isModerator: self.random.below(3) > 0)
                self.write(word, by: writer, in: channel)
            }
        case 19: self.write(ChannelCreate(name: "c"), by: writer)
        case 20:
            if self.random.below(3) == 0 { self.write(MemberLeave(), by: writer) }
        case 21, 22, 23, 24, 25, 26: self.actUponMessage(any(.messagePost, &self.random), writer, known)
        default:
            guard let channel else { return }
            self.write(MessagePost(text: "m\(self.operations.count)"), by: writer, in: channel)
        }
    }

    /// Does something to a message, now and then without having read it.
    private mutating func actUponMessage(_ message: Operation?, _ writer: Int, _ known: [Operation]) {
        guard let message else { return }
        func all(_ kind: OperationKind) -> [OperationID] {
            known.filter { $0.kind == kind && $0.header.target == message.id }.map(\.id)
        }
        let payload: any OperationPayload =
            switch self.random.below(9) {
            case 0, 1: MessageDelete()
            case 2, 3, 4: MessageEdit(text: "e\(self.operations.count)")
            case 5: ReactionAdd(emoji: ["a", "b"][self.random.below(2)])
            case 6: ReactionRemove(additions: Array(all(.reactionAdd).prefix(64)))
            case 7: Pin()
            default: Unpin(pins: Array(all(.pin).prefix(64)))
            }
        self.write(
            payload, by: writer, links: self.random.below(12) == 0 ? [] : [message.id],
            in: message.header.channel, target: message.id)
    }

    private mutating func role(_ known: [Operation]) -> OperationID {
        let defined = known.filter { $0.kind == .roleDefine }.map(\.id)
        let all = BuiltInRole.allCases.map(\.id) + defined
        return all[self.random.below(all.count)]
    }

    private mutating func join(_ writer: Int, with invite: Operation?) {
        guard let invite, let ticket = self.tickets[invite.id] else { return }
        let signature = JoinProof.forOperation(
            space: self.space, invite: invite.id, joiner: self.key(writer), by: ticket)
        self.write(MemberJoin(invite: invite.id, signature: signature), by: writer, links: [invite.id])
    }

    /// Writes a revocation that leaves one of the target's operations in force, or none.
    private mutating func revoke(
        _ target: Int, by writer: Int,
        _ payload: (OperationID?, OperationID) -> some OperationPayload
    ) {
        let known = self.writers[writer].known
        let good = known.filter { $0.author == self.key(target) }
        let last = good.isEmpty || self.random.below(4) == 0 ? nil : good[self.random.below(good.count)].id
        self.write(payload(last, self.role(known)), by: writer, links: last.map { [$0] } ?? [])
    }

    // MARK: - Writing

    /// Signs an operation after what the writer has read, or after a part of it.
    @discardableResult
    private mutating func write(
        _ payload: some OperationPayload, by writer: Int, links: [OperationID] = [],
        in channel: ChannelID? = nil, target: OperationID? = nil
    ) -> Operation? {
        let chain = self.writers[writer].chain
        // One in twelve goes back in its chain: two operations of one number, or none of what was read since.
        let isForked = !chain.isEmpty && self.random.below(12) == 0
        let previous = isForked ? chain[self.random.below(chain.count)] : chain.last
        let isBlind = self.random.below(8) == 0
        let read = isBlind ? Array(self.writers[writer].known.prefix(2)) : self.writers[writer].known
        var dependencies = links.filter { $0 != previous?.id }
        let covered = dependencies + (previous.map { [$0.id] } ?? [])
        for head in self.heads(of: read, beside: covered) where dependencies.count < 8 {
            if !dependencies.contains(head), head != previous?.id { dependencies.append(head) }
        }
        guard previous != nil || !dependencies.isEmpty else { return nil }
        let kind = type(of: payload).kind
        let parents = (dependencies + [previous?.id].compactMap { $0 })
        let clock = self.operations.filter { parents.contains($0.id) }.map(\.header.clock).max()
        // Clocks say nothing: some run ahead, some stand.
        let lead = self.random.below(3) == 0 ? UInt64(self.random.below(100)) << 16 : 1
        let isContent = kind.operationClass == .content
        let header = OperationHeader(
            space: self.space, sequence: previous.map { $0.header.sequence + 1 } ?? 0, previous: previous?.id,
            dependencies: dependencies, clock: HybridLogicalClock(rawValue: (clock?.rawValue ?? 0) + lead),
            kind: kind, channel: channel, target: target, body: isContent ? nil : payload.encoded)
        let salt = (0..<32).map { _ in UInt8(truncatingIfNeeded: self.random.next()) }
        guard
            let operation = try? Operation(
                signing: header, content: isContent ? payload.encoded : nil, salt: isContent ? salt : nil,
                by: self.writers[writer].key),
            self.pasts[operation.id] == nil
        else { return nil }
        self.pasts[operation.id] = parents.reduce(into: Set(parents)) { $0.formUnion(self.pasts[$1] ?? []) }
        self.operations.append(operation)
        self.writers[writer].known.append(operation)
        if isForked, self.random.below(2) == 0 {
            self.writers[writer].chain.removeAll { $0.header.sequence > previous?.header.sequence ?? 0 }
        }
        self.writers[writer].chain.append(operation)
        return operation
    }

    private func heads(of read: [Operation], beside covered: [OperationID]) -> [OperationID] {
        var followed: Set<OperationID> = []
        for id in read.map(\.id) + covered { followed.formUnion(self.pasts[id] ?? []) }
        return read.map(\.id).filter { !followed.contains($0) }.sorted()
    }

    /// The operations in an order of their own, some of them twice.
    mutating func shuffled() -> [Operation] {
        var order = self.operations
        order += self.operations.filter { _ in self.random.below(5) == 0 }
        self.random.shuffle(&order)
        return order
    }

    mutating func below(_ bound: Int) -> Int { self.random.below(bound) }
}
