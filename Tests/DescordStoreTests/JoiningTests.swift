import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct JoiningTests {
    @Test func joinBringsTheWholeHistory() throws {
        let world = try World()
        try world.post(world.alice, "early")
        // An authority operation that follows content, which newcomers get only afterwards.
        let (invite, key) = try world.alice.store.createInvite(in: world.space, expires: nil)
        try world.join(world.bob, invite: invite.id, key: key)
        #expect(try world.bob.store.messages(MessageFilter()).map(\.text) == ["early"])
        #expect(try world.bob.store.spaces().map(\.name) == ["Garden"])
        #expect(
            try world.bob.store.members(of: world.space).map(\.key) == [
                world.alice.store.publicKey, world.bob.store.publicKey,
            ])
        for operation in try world.alice.store.all(world.space) {
            #expect(try world.bob.store.state(of: operation.id) == .admitted)
        }
        let reply = try world.post(world.bob, "hello")
        #expect(try world.alice.store.ingest([reply], from: .file).verdicts[0].forwards)
    }

    @Test func failedJoinStoresNothing() throws {
        let world = try World()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, expires: nil)
        _ = try world.request(world.bob, invite: invite.id, key: key)
        #expect(try world.bob.store.spaces().isEmpty && world.bob.store.heldSpaces().isEmpty)
        #expect(world.bob.store.syncDirectory().spaces().isEmpty)
        #expect(throws: StoreError.unknownSpace) { try world.post(world.bob, "x") }
        try world.bob.store.abandonJoin(world.space)
        for table in [
            "spaces", "operations", "heads", "tips", "requests", "outbox", "pending_links", "budgets",
        ] {
            #expect(
                try world.bob.store.queue.read { try $0.integer("SELECT count(*) FROM \(table)") } == 0,
                "\(table)")
        }
        // The ticket stays good.
        try world.join(world.bob, invite: invite.id, key: key)
        #expect(try world.bob.store.spaces().count == 1)
    }

    /// Two shells join with two tickets; the one whose ticket is bad must not take the other's rows away.
    @Test func abandoningOneJoinLeavesAnotherUnderWay() throws {
        let world = try World()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, expires: nil)
        let other = try world.bob.reopened()
        try other.beginJoin(world.space)
        let request = try world.request(world.bob, invite: invite.id, key: key)
        try other.abandonJoin(world.space)
        guard case .admitted(let admission, _) = try world.alice.store.admit(request) else {
            throw StoreError.notPermitted
        }
        _ = try world.bob.store.ingest([admission], from: world.fromAlice)
        #expect(try world.bob.store.holds(world.space))
        // Both fail: the last one leaves nothing.
        let carol = try TestHome(world.clock, seed: 3)
        try carol.store.beginJoin(world.space)
        try carol.store.beginJoin(world.space)
        try carol.store.abandonJoin(world.space)
        #expect(carol.store.syncStorage(of: world.space) != nil)
        try carol.store.abandonJoin(world.space)
        #expect(carol.store.syncStorage(of: world.space) == nil)
        #expect(try carol.store.queue.read { try $0.integer("SELECT count(*) FROM settings") } == 0)
    }

    @Test func abandoningNeverTouchesAJoinedSpace() throws {
        let world = try World().joined()
        try world.bob.store.abandonJoin(world.space)
        #expect(try world.bob.store.spaces().count == 1)
    }

    @Test func secondTryWritesTheSameJoin() throws {
        let world = try World()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, expires: nil)
        let first = try world.request(world.bob, invite: invite.id, key: key)
        let second = try world.request(world.bob, invite: invite.id, key: key)
        #expect(first.id == second.id)
        // And a lost answer is given again.
        guard case .admitted(let one, let arrived) = try world.alice.store.admit(first),
            case .admitted(let two, let none) = try world.alice.store.admit(first)
        else {
            Issue.record("refused")
            return
        }
        #expect(one.id == two.id && arrived.map(\.operation.id) == [first.id, one.id] && none.isEmpty)
    }

    @Test func twentyJoinsOnOneUseLetOneIn() async throws {
        let world = try World()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 1, expires: nil)
        let requests = try (0..<20).map { index in
            try world.request(TestHome(world.clock, seed: UInt8(60 + index)), invite: invite.id, key: key)
        }
        let verdicts = try await withThrowingTaskGroup(of: JoinVerdict.self) { group in
            for request in requests {
                let store = try world.alice.reopened()
                group.addTask {
                    switch try store.admit(request) {
                    case .admitted: .allowed
                    case .refused(let verdict): verdict
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(verdicts.filter { $0 == .allowed }.count == 1)
        #expect(verdicts.filter { $0 == .usedUp }.count == 19)
        #expect(try world.alice.store.members(of: world.space).count == 2)
        #expect(try world.alice.store.invites(of: world.space).map(\.used) == [1])
        // What was refused left nothing behind.
        #expect(try world.alice.store.all(world.space).filter { $0.kind == .memberJoin }.count == 1)
    }

    @Test func concurrentExcessStaysAndIsMarked() throws {
        let world = try World().joined()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 1, expires: nil)
        try world.sync(to: world.bob)
        let one = try world.request(TestHome(world.clock, seed: 60), invite: invite.id, key: key)
        let two = try world.request(TestHome(world.clock, seed: 61), invite: invite.id, key: key)
        guard case .admitted(let first, _) = try world.alice.store.admit(one) else {
            throw StoreError.notPermitted
        }
        world.clock.advance(by: .seconds(1))
        guard case .admitted(let second, _) = try world.bob.store.admit(two) else {
            throw StoreError.notPermitted
        }
        for store in [world.alice.store, world.bob.store] {
            let verdicts = try store.ingest([one, first, two, second], from: .file).verdicts
            #expect(verdicts.allSatisfy { $0.isDurable })
            let members = try store.members(of: world.space)
            #expect(members.count == 4)
            #expect(members.filter(\.isOverLimit).map(\.key) == [two.author])
            // And the next one is refused by everybody.
            #expect(
                store.syncStorage(of: world.space)?.joinVerdict(
                    invite: invite.id, joiner: person(62).publicKey, now: world.clock.now) == .usedUp)
        }
    }

    @Test func admissionBeyondTheUsesOfItsOwnPastIsVoid() throws {
        let world = try World().joined()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 1, expires: nil)
        let one = try world.request(TestHome(world.clock, seed: 60), invite: invite.id, key: key)
        let two = try world.request(TestHome(world.clock, seed: 61), invite: invite.id, key: key)
        guard case .admitted(let first, _) = try world.alice.store.admit(one) else {
            throw StoreError.notPermitted
        }
        var forger = try Forger(world.bob.store, in: world.space)
        let excess = try forger.write(
            MemberAdmit(join: two.id, member: two.author), links: [first.id, two.id],
            clock: .at(world.clock.now, .seconds(1)))
        let verdicts = try world.alice.store.ingest([two, excess], from: .file).verdicts
        #expect(verdicts[0].isDurable && verdicts[1] == .void)
        #expect(try world.alice.store.members(of: world.space).count == 3)
    }

    @Test func expiryIsByTheAdmittingMembersClock() throws {
        let world = try World()
        let expires = world.clock.now + .seconds(60)
        let (invite, key) = try world.alice.store.createInvite(in: world.space, expires: expires)
        let early = try world.request(world.bob, invite: invite.id, key: key)
        // The newcomer's own clock does not help.
        world.clock.advance(by: .seconds(61))
        guard case .refused(.expired) = try world.alice.store.admit(early) else {
            Issue.record("let in after the end")
            return
        }
        #expect(try world.alice.store.operation(early.id) == nil)
        let wrong = try World.admitted(
            early, by: world.alice.store, in: world.space, at: .at(expires, .milliseconds(1)))
        #expect(try world.replicaVerdict(of: [early, wrong]) == [.requestedLike, .void])
        guard case .admitted = try world.alice.store.admit(early, at: expires) else {
            Issue.record("refused before the end")
            return
        }
    }

    /// By the admitting member's clock there is time left, by the clock that the admission must bear there is
    /// none: it would be void for everybody.
    @Test func admissionThatWouldBearALaterClockIsExpired() throws {
        let world = try World().joined()
        let (invite, key) = try world.alice.store.createInvite(
            in: world.space, expires: world.clock.now + .seconds(10))
        var forger = try Forger(world.bob.store, in: world.space)
        let ahead = try forger.write(
            MessagePost(text: "ahead"), links: world.heads, clock: .at(world.clock.now, .seconds(30)),
            channel: world.channel)
        _ = try world.alice.store.ingest([ahead], from: .file)
        let request = try world.request(TestHome(world.clock, seed: 60), invite: invite.id, key: key)
        guard case .refused(.expired) = try world.alice.store.admit(request) else {
            Issue.record("let in by an admission that is void")
            return
        }
        #expect(try world.alice.store.operation(request.id) == nil)
    }

    @Test func revokedInviteAndRevokedInviterLetNobodyIn() throws {
        let world = try World().joined()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 9, expires: nil)
        let (bobs, bobsKey) = try world.bob.store.createInvite(in: world.space, uses: 9, expires: nil)
        _ = try world.alice.store.ingest([bobs.operation], from: .file)
        let one = try world.request(TestHome(world.clock, seed: 60), invite: invite.id, key: key)
        let two = try world.request(TestHome(world.clock, seed: 61), invite: bobs.id, key: bobsKey)
        _ = try world.alice.store.revokeInvite(invite.id, in: world.space)
        _ = try world.alice.store.author(MemberRemove(member: world.bob.store.publicKey), in: world.space)
        for request in [one, two] {
            guard case .refused(.revoked) = try world.alice.store.admit(request) else {
                Issue.record("let in with a revoked invite")
                continue
            }
        }
        #expect(try world.alice.store.invites(of: world.space).filter(\.isRevoked).map(\.id) == [invite.id])
    }

    @Test func copiedSignatureDoesNotWorkUnderAnotherKey() throws {
        let world = try World()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 9, expires: nil)
        let honest = try world.request(world.bob, invite: invite.id, key: key)
        let copied = try #require(honest.payload(MemberJoin.self))
        var thief = Forger(person(50), in: world.space)
        let join = try thief.write(
            copied, links: [invite.id], clock: .at(world.clock.now, .seconds(1)), advances: false)
        guard case .refused = try world.alice.store.admit(join) else {
            Issue.record("let in with a copied signature")
            return
        }
        #expect(try world.alice.store.ingest([join], from: .file).verdicts == [.ignored(.stranger)])
        // Nor does a member's admission of it count.
        let admit = try World.admitted(
            join, by: world.alice.store, in: world.space, at: .at(world.clock.now, .seconds(2)))
        #expect(try world.alice.store.ingest([join, admit], from: .file).verdicts[0] == .ignored(.stranger))
    }

    @Test func ticketNeverBringsBackWhoLeftOrWasRemoved() throws {
        let world = try World().joined()
        let carol = try TestHome(world.clock, seed: 60)
        try world.join(carol)
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 9, expires: nil)
        let leave = try world.bob.store.leave(world.space)
        _ = try world.alice.store.ingest([leave.operation], from: .file)
        _ = try world.alice.store.author(MemberRemove(member: carol.store.publicKey), in: world.space)
        let links = world.heads
        for home in [world.bob, carol] {
            var forger = try Forger(home.store, in: world.space)
            let signature = JoinProof.forOperation(
                space: world.space, invite: invite.id, joiner: home.store.publicKey, by: key)
            let join = try forger.write(
                MemberJoin(invite: invite.id, signature: signature), links: links,
                clock: .at(world.clock.now, .seconds(5)))
            guard case .refused(.revoked) = try world.alice.store.admit(join) else {
                Issue.record("a ticket restored a member")
                continue
            }
            #expect(try world.alice.store.ingest([join], from: .file).verdicts == [.void])
            #expect(
                world.alice.store.syncStorage(of: world.space)?.joinVerdict(
                    invite: invite.id, joiner: home.store.publicKey, now: world.clock.now) == .revoked)
        }
    }

    /// Who left still hands over its leave, and lets nobody in.
    @Test func homesThatAreNoMembersLetNobodyIn() throws {
        let world = try World().joined()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, expires: nil)
        try world.sync(to: world.bob)
        let bob = try #require(world.bob.store.syncStorage(of: world.space))
        func verdict() -> JoinVerdict {
            bob.joinVerdict(invite: invite.id, joiner: person(60).publicKey, now: world.clock.now)
        }
        #expect(verdict() == .allowed)
        _ = try world.bob.store.leave(world.space)
        #expect(world.bob.store.syncDirectory().spaces() == [world.space])
        #expect(verdict() == .unknown)
        let request = try world.request(TestHome(world.clock, seed: 60), invite: invite.id, key: key)
        guard case .refused(.unknown) = try world.bob.store.admit(request) else {
            Issue.record("let in by a home that left")
            return
        }
    }

    @Test func bannedKeyIsTold() throws {
        let world = try World().joined()
        let (invite, _) = try world.alice.store.createInvite(in: world.space, uses: 9, expires: nil)
        _ = try world.alice.store.author(Ban(member: world.bob.store.publicKey), in: world.space)
        #expect(
            world.alice.store.syncStorage(of: world.space)?.joinVerdict(
                invite: invite.id, joiner: world.bob.store.publicKey, now: world.clock.now) == .banned)
    }

    @Test func publicSpaceAdmitsWithoutATicketAndTakesBackWhoLeft() throws {
        let world = try World(isPublic: true)
        try world.join(world.bob, invite: nil, key: nil)
        #expect(try world.bob.store.spaces().map(\.isPublic) == [true])
        let leave = try world.bob.store.leave(world.space)
        _ = try world.alice.store.ingest([leave.operation], from: .file)
        #expect(try world.alice.store.members(of: world.space).count == 1)
        world.clock.advance(by: .seconds(1))
        try world.join(world.bob, invite: nil, key: nil)
        #expect(try world.alice.store.members(of: world.space).count == 2)
        #expect(try world.bob.store.spaces().count == 1)
        let post = try world.post(world.bob, "back")
        #expect(try world.alice.store.ingest([post], from: .file).verdicts[0].forwards)
    }

    @Test func privateSpaceAdmitsNobodyWithoutATicket() throws {
        let world = try World()
        try world.bob.store.beginJoin(world.space)
        _ = try world.sync(to: world.bob)
        #expect(throws: StoreError.notPermitted) { try world.bob.store.authorPublicJoin(of: world.space) }
        var forger = Forger(world.bob.store.key, in: world.space)
        let join = try forger.write(
            MemberJoin(), links: world.heads, clock: .at(world.clock.now, .seconds(1)))
        guard case .refused(.unknown) = try world.alice.store.admit(join) else {
            Issue.record("let in without a ticket")
            return
        }
    }

    @Test func strangersOfAPublicSpaceShareOneBudget() throws {
        let world = try World(isPublic: true)
        let joins = try (0..<Int(SpaceLimits.publicJoinBurst) + 2).map { index in
            let key = try #require(
                Ed25519.PrivateKey(
                    seed: SecretBytes(
                        [UInt8](repeating: 7, count: 30) + [UInt8(index >> 8), UInt8(index & 255)])))
            var forger = Forger(key, in: world.space)
            return try forger.write(
                MemberJoin(), links: world.heads, clock: .at(world.clock.now, .seconds(1)))
        }
        let verdicts = try world.alice.store.ingest(joins, from: .file).verdicts
        #expect(verdicts.filter { $0.isDurable }.count == Int(SpaceLimits.publicJoinBurst))
        #expect(verdicts.last == .ignored(.overBudget))
    }

    @Test func introductionIsTheChainOfAdmissionsUpToTheCreator() throws {
        let world = try World().joined()
        let (invite, key) = try world.bob.store.createInvite(in: world.space, expires: nil)
        let carol = try TestHome(world.clock, seed: 60)
        try carol.store.beginJoin(world.space)
        _ = try carol.store.ingest(try world.bob.store.all(world.space), from: .file)
        let join = try carol.store.authorJoin(of: world.space, invite: invite.id, ticketKey: key)
        guard case .admitted(let admission, _) = try world.bob.store.admit(join.operation) else {
            throw StoreError.notPermitted
        }
        _ = try carol.store.ingest([admission], from: .file)
        let introduction = try #require(carol.store.syncStorage(of: world.space)).introduction()
        #expect(introduction.map(\.author) == [world.bob.store.publicKey, world.alice.store.publicKey])
        let alice = try #require(world.alice.store.syncStorage(of: world.space))
        let carolKey = carol.store.publicKey
        #expect(!alice.isMember(carolKey))
        #expect(alice.acceptsIntroduction(of: carolKey, by: introduction))
        #expect(alice.acceptsIntroduction(of: carolKey, by: [introduction[0]]))
        #expect(!alice.acceptsIntroduction(of: person(70).publicKey, by: introduction))
        #expect(!alice.acceptsIntroduction(of: carolKey, by: [introduction[1]]))
        #expect(!alice.acceptsIntroduction(of: carolKey, by: []))
        _ = try world.alice.store.author(MemberRemove(member: world.bob.store.publicKey), in: world.space)
        #expect(!alice.acceptsIntroduction(of: carolKey, by: introduction))
    }
}

/// A verdict without its arrival.
enum Likeness: Equatable {
    case requestedLike, storedLike, void, other
}

extension World {
    /// An admission as a member writes it who checks nothing.
    static func admitted(
        _ join: Operation, by store: Store, in space: SpaceID, at clock: HybridLogicalClock
    ) throws -> Operation {
        var forger = try Forger(store, in: space)
        return try forger.write(
            MemberAdmit(join: join.id, member: join.author), links: [join.id], clock: clock)
    }

    /// What a third home makes of operations.
    func replicaVerdict(of operations: [Operation]) throws -> [Likeness] {
        let home = try TestHome(self.clock, seed: 98)
        try home.store.beginJoin(self.space)
        _ = try home.store.ingest(try self.alice.store.all(self.space), from: .file)
        return try home.store.ingest(operations, from: .file).verdicts.map {
            switch $0 {
            case .requested: .requestedLike
            case .stored: .storedLike
            case .void: .void
            default: .other
            }
        }
    }
}
