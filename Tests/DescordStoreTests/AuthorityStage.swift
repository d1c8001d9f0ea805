import DescordCore
import DescordCrypto
import LibP2PCore

/// A space of five, in which named operations are written beside and after one another.
///
/// Ann made it. Ben is an admin (rank 900), Cat a moderator (500), Dan and Eve are members (0); Ann admitted
/// them all. Whoever writes has read what `base` has, its own operations, and what `after` names.
struct AuthorityStage {
    enum Person: UInt8, CaseIterable {
        case ann = 60
        case ben, cat, dan, eve, fay

        var key: Ed25519.PrivateKey { person(self.rawValue) }
        var publicKey: Ed25519.PublicKey { self.key.publicKey }
    }

    /// The operations before the scene, parents first.
    private(set) var base: [Operation] = []
    /// Those of the scene, in the order in which they were written.
    private(set) var scene: [Operation] = []
    private(set) var named: [String: Operation] = [:]
    let space: SpaceID
    private(set) var channel: ChannelID
    private var last: [Person: Operation] = [:]

    init(isPublic: Bool = false) {
        let header = OperationHeader(
            space: nil, sequence: 0, previous: nil, dependencies: [],
            clock: HybridLogicalClock(WallTime(milliseconds: 1_790_000_000_000)), kind: .spaceCreate,
            nonce: [UInt8](repeating: 7, count: 32), body: SpaceCreate(name: "s", isPublic: isPublic).encoded)
        guard let genesis = try? Operation(signing: header, by: Person.ann.key) else {
            preconditionFailure("a genesis is well formed")
        }
        self.space = genesis.id
        self.channel = genesis.id
        self.base = [genesis]
        self.last[.ann] = genesis
        self.channel = self.write(nil, by: .ann, ChannelCreate(name: "c")).id
        for (someone, rank) in [(Person.ben, UInt32(900)), (.cat, 500), (.dan, 0), (.eve, 0)] {
            self.bringIn(someone, rank: rank)
        }
        // Everybody has read the whole base.
        self.base = self.scene.reduce(into: self.base) { $0.append($1) }
        self.scene = []
    }

    private mutating func bringIn(_ someone: Person, rank: UInt32) {
        let ticket = person(someone.rawValue + 100)
        let invite = self.write(
            nil, by: .ann, InviteCreate(publicKey: ticket.publicKey, rank: rank, uses: 1, expires: nil))
        let join = self.join(nil, someone, invite: invite, ticket: ticket)
        self.write(nil, by: .ann, MemberAdmit(join: join.id, member: someone.publicKey), after: [join])
    }

    /// Writes somebody's request to be let in.
    @discardableResult
    mutating func join(
        _ name: String?, _ someone: Person, invite: Operation, ticket: Ed25519.PrivateKey
    ) -> Operation {
        let signature = JoinProof.forOperation(
            space: self.space, invite: invite.id, joiner: someone.publicKey, by: ticket)
        return self.write(
            name, by: someone, MemberJoin(invite: invite.id, signature: signature), after: [invite])
    }

    /// Writes an operation, after the base and what is named.
    @discardableResult
    mutating func write<Payload: OperationPayload>(
        _ name: String?, by author: Person, _ payload: Payload, in channel: ChannelID? = nil,
        on target: Operation? = nil, target named: OperationID? = nil, after others: [Operation] = [],
        ahead: UInt64 = 1
    ) -> Operation {
        let previous = self.last[author]
        // Who wrote nothing in the scene yet has read the base; later operations follow the own chain.
        let isFirst = !self.scene.contains { $0.author == author.publicKey }
        let read = others + [target].compactMap { $0 } + (isFirst ? [self.base.last].compactMap { $0 } : [])
        var dependencies: [OperationID] = []
        for id in read.map(\.id) where id != previous?.id && !dependencies.contains(id) {
            dependencies.append(id)
        }
        let parents = self.base + self.scene
        let links = dependencies + (previous.map { [$0.id] } ?? [])
        let clock = parents.filter { links.contains($0.id) }.map(\.header.clock.rawValue).max() ?? 0
        let isContent = Payload.kind.operationClass == .content
        let header = OperationHeader(
            space: self.space, sequence: previous.map { $0.header.sequence + 1 } ?? 0, previous: previous?.id,
            dependencies: dependencies, clock: HybridLogicalClock(rawValue: clock + ahead),
            kind: Payload.kind, channel: channel, target: target?.id ?? named,
            body: isContent ? nil : payload.encoded)
        let salt = [UInt8](repeating: UInt8(truncatingIfNeeded: self.scene.count), count: 32)
        guard
            let operation = try? Operation(
                signing: header, content: isContent ? payload.encoded : nil, salt: isContent ? salt : nil,
                by: author.key)
        else { preconditionFailure("an operation of a scene is well formed") }
        self.last[author] = operation
        self.scene.append(operation)
        if let name { self.named[name] = operation }
        return operation
    }

    /// Posts a message.
    @discardableResult
    mutating func post(_ name: String, by author: Person, after others: [Operation] = []) -> Operation {
        self.write(name, by: author, MessagePost(text: name), in: self.channel, after: others)
    }

    /// Does something to a message.
    @discardableResult
    mutating func act(
        _ name: String, by author: Person, _ payload: some OperationPayload, on message: Operation,
        after others: [Operation] = []
    ) -> Operation {
        self.write(name, by: author, payload, in: self.channel, on: message, after: others)
    }

    /// Removes somebody; what it wrote up to `lastGood` stays.
    @discardableResult
    mutating func kick(
        _ name: String, by author: Person, _ target: Person, lastGood: Operation? = nil,
        after others: [Operation] = []
    ) -> Operation {
        self.write(
            name, by: author, MemberRemove(member: target.publicKey, lastGood: lastGood?.id),
            after: others + [lastGood].compactMap { $0 })
    }

    /// Gives a role.
    @discardableResult
    mutating func grant(
        _ name: String, by author: Person, _ role: OperationID, to target: Person,
        after others: [Operation] = []
    ) -> Operation {
        self.write(name, by: author, RoleGrant(role: role, member: target.publicKey), after: others)
    }
}
