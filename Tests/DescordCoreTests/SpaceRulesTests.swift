import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

/// Writes one person's operations.
private struct Writer {
    let key: Ed25519.PrivateKey
    var sequence: UInt64 = 0
    var previous: OperationID?

    init(_ number: UInt8) {
        self.key = Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: number, count: 32)))!
    }

    mutating func write(
        _ payload: some OperationPayload, in space: SpaceID?, links: [OperationID], at time: UInt64
    ) throws -> Operation {
        let header = OperationHeader(
            space: space, sequence: self.sequence, previous: self.previous,
            dependencies: links.filter { $0 != self.previous },
            clock: HybridLogicalClock(milliseconds: time, counter: 0), kind: type(of: payload).kind,
            nonce: space == nil ? [UInt8](repeating: 1, count: 32) : nil, body: payload.encoded)
        let operation = try Operation(signing: header, by: self.key)
        self.sequence += 1
        self.previous = operation.id
        return operation
    }
}

@Suite struct SpaceRulesTests {
    private let now = WallTime(milliseconds: 1_000_000)

    /// A space of the first writer, into which the second was admitted.
    private struct History {
        var creator = Writer(1)
        var member = Writer(2)
        let lookup: MemoryLookup
        let genesis: Operation
        let invite: Operation
        let join: Operation
        let admit: Operation

        init(uses: UInt32 = 1) throws {
            let ticket = Writer(9).key
            self.genesis = try self.creator.write(
                SpaceCreate(name: "s", isPublic: false), in: nil, links: [], at: 10)
            self.invite = try self.creator.write(
                InviteCreate(publicKey: ticket.publicKey, rank: 0, uses: uses, expires: 500_000),
                in: self.genesis.id, links: [], at: 20)
            self.join = try self.member.write(
                MemberJoin(
                    invite: self.invite.id,
                    signature: JoinProof.forOperation(
                        space: self.genesis.id, invite: self.invite.id, joiner: self.member.key.publicKey,
                        by: ticket)),
                in: self.genesis.id, links: [self.invite.id], at: 30)
            self.admit = try self.creator.write(
                MemberAdmit(join: self.join.id, member: self.member.key.publicKey), in: self.genesis.id,
                links: [self.join.id], at: 40)
            self.lookup = MemoryLookup(space: self.genesis.id)
        }

        func settle(_ operations: Operation..., as state: OperationState = .admitted) throws {
            for operation in operations { try self.lookup.settle(operation, as: state) }
        }

        func judge(_ operation: Operation, at now: WallTime) throws -> SpaceRules<MemoryLookup>.Judgement {
            try SpaceRules(self.lookup).judge(operation, now: now)
        }
    }

    @Test func operationsAreJudgedByTheirOwnPast() throws {
        var history = try History()
        #expect(try history.judge(history.genesis, at: self.now) == .admitted(byMember: true))
        try history.settle(history.genesis, history.invite)
        #expect(try history.judge(history.join, at: self.now) == .admitted(byMember: false))
        #expect(try history.judge(history.admit, at: self.now) == .waiting(missing: [history.join.id]))
        try history.settle(history.join)
        #expect(try history.judge(history.admit, at: self.now) == .admitted(byMember: true))
        try history.settle(history.admit)
        // A member's operation whose past does not hold the admission is not permitted by it.
        var early = history.member
        let blind = try early.write(ChannelCreate(name: "c"), in: history.genesis.id, links: [], at: 50)
        #expect(try history.judge(blind, at: self.now) == .void)
        let seeing = try history.member.write(
            ChannelCreate(name: "c"), in: history.genesis.id, links: [history.admit.id], at: 50)
        #expect(try history.judge(seeing, at: self.now) == .admitted(byMember: true))
    }

    @Test func removalVoidsWhatTheLastGoodDoesNotFollow() throws {
        var history = try History()
        try history.settle(history.genesis, history.invite, history.join, history.admit)
        let first = try history.member.write(
            ChannelCreate(name: "a"), in: history.genesis.id, links: [history.admit.id], at: 50)
        try history.settle(first)
        let removal = try history.creator.write(
            MemberRemove(member: history.member.key.publicKey, lastGood: first.id), in: history.genesis.id,
            links: [first.id], at: 60)
        var beside = history.member
        let concurrent = try beside.write(ChannelCreate(name: "b"), in: history.genesis.id, links: [], at: 70)
        let later = try history.member.write(
            ChannelCreate(name: "b"), in: history.genesis.id, links: [removal.id], at: 70)
        try history.settle(removal)
        #expect(try history.judge(concurrent, at: self.now) == .revoked)
        #expect(history.lookup.entry(first.id)?.state == .admitted)
        #expect(try history.judge(later, at: self.now) == .void)
        #expect(try !SpaceRules(history.lookup).isMember(history.member.key.publicKey))
    }

    @Test func admissionIsCheckedAgainstExpiryUsesAndRevocationInItsPast() throws {
        var history = try History()
        try history.settle(history.genesis, history.invite, history.join)
        var late = history.creator
        late.previous = history.invite.id
        late.sequence = 2
        let expired = try late.write(
            MemberAdmit(join: history.join.id, member: history.member.key.publicKey), in: history.genesis.id,
            links: [history.join.id], at: 500_001)
        #expect(try history.judge(expired, at: self.now) == .void)
        late.previous = history.invite.id
        late.sequence = 2
        let revocation = try late.write(
            InviteRevoke(invite: history.invite.id), in: history.genesis.id, links: [], at: 100)
        try history.settle(revocation)
        let after = try late.write(
            MemberAdmit(join: history.join.id, member: history.member.key.publicKey), in: history.genesis.id,
            links: [history.join.id], at: 200)
        #expect(try history.judge(after, at: self.now) == .void)
        // The admission that did not know of the revocation stands.
        #expect(try history.judge(history.admit, at: self.now) == .admitted(byMember: true))
    }

    @Test func clockAndLinksDecideBeforePermission() throws {
        var history = try History()
        try history.settle(history.genesis, history.invite)
        let space = history.genesis.id
        func at(_ time: UInt64) throws -> SpaceRules<MemoryLookup>.Judgement {
            var writer = history.creator
            writer.previous = history.invite.id
            writer.sequence = 2
            return try history.judge(
                writer.write(ChannelCreate(name: "c"), in: space, links: [], at: time), at: self.now)
        }
        #expect(try at(20) == .invalid)
        #expect(try at(21) == .admitted(byMember: true))
        #expect(try at(1_000_000 + 600_000) == .admitted(byMember: true))
        #expect(try at(1_000_000 + 600_001) == .held(until: WallTime(milliseconds: 1_000_001), missing: []))
        #expect(try at(1_000_000 + 86_400_001) == .ignored(.farFuture))
        var stranger = Writer(7)
        let noise = try stranger.write(
            ChannelCreate(name: "c"), in: space, links: [history.invite.id], at: 50)
        #expect(try history.judge(noise, at: self.now) == .ignored(.stranger))
    }

    @Test func invalidityIsInherited() throws {
        var history = try History()
        try history.settle(history.genesis)
        try history.settle(history.invite, as: .invalid)
        let child = try history.creator.write(
            ChannelCreate(name: "c"), in: history.genesis.id, links: [history.invite.id], at: 50)
        var writer = history.creator
        writer.previous = history.genesis.id
        writer.sequence = 1
        let direct = try writer.write(
            ChannelCreate(name: "c"), in: history.genesis.id, links: [history.invite.id], at: 50)
        #expect(try history.judge(direct, at: self.now) == .invalid)
        #expect(try history.judge(child, at: self.now) == .waiting(missing: [history.admit.id]))
    }

    @Test func pastEqualsReachabilityInRandomGraphs() throws {
        var random = PRNG(seed: 20_261_121)
        let rounds = 200
        for _ in 0..<rounds {
            var writer = Writer(1)
            let genesis = try writer.write(SpaceCreate(name: "s", isPublic: false), in: nil, links: [], at: 1)
            let lookup = MemoryLookup(space: genesis.id)
            var operations = [genesis]
            var ancestors: [OperationID: Set<OperationID>] = [genesis.id: []]
            for index in 1..<20 {
                // Each by another author, so that links alone decide.
                var other = Writer(UInt8(index + 10))
                var links = operations
                random.shuffle(&links, prefix: 3)
                let chosen = links.prefix(1 + random.below(3)).map(\.id)
                let operation = try other.write(
                    ChannelCreate(name: "c"), in: genesis.id, links: chosen, at: UInt64(index + 1))
                ancestors[operation.id] = chosen.reduce(into: Set(chosen)) {
                    $0.formUnion(ancestors[$1] ?? [])
                }
                operations.append(operation)
            }
            for operation in operations { try lookup.settle(operation) }
            let root = operations[random.below(operations.count)].id
            let past = operations.map(\.id).filter { id in
                lookup.index(of: id).map(lookup.past(of: root).contains) ?? false
            }
            #expect(Set(past) == (ancestors[root] ?? []).union([root]))
        }
        print("causal pasts: \(rounds) random graphs")
    }

    @Test func budgetRefillsByTheMinuteAndBytesDoNot() {
        let limits = BudgetLimits(burst: 2, perMinute: 6, totalBytes: 100, controlBytes: 30)
        var budget = AuthorBudget(now: WallTime(milliseconds: 0))
        func take(_ size: Int, control: Bool = false, at milliseconds: Int64) -> Bool {
            budget.take(
                size: size, isControl: control, limits: limits, now: WallTime(milliseconds: milliseconds))
        }
        #expect(take(1, at: 0) && take(1, at: 0) && !take(1, at: 0))
        #expect(!take(1, at: 9_999))
        #expect(take(1, at: 10_000) && !take(1, at: 10_000))
        // A clock that goes back gives nothing.
        #expect(!take(1, at: -1_000_000))
        #expect(take(20, control: true, at: 100_000))
        #expect(!take(11, control: true, at: 100_000))
        #expect(take(77, at: 100_000) && !take(1, at: 200_000))
    }
}
