import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// Histories that no honest home writes: forks of keys, acts upon what is not in the past, ends of membership
/// beside everything else. Whatever order they arrive in, every home comes to the same answer.
@Suite struct HostileHistoryTests {
    /// What a home says about a space, as far as it must agree with others.
    private struct View: Equatable {
        var states: [OperationID: OperationState]
        var members: [MemberSummary]
        var isPublic: Bool
        var name: String
        var summary: SyncSummary?
    }

    private func view(_ store: Store, _ space: SpaceID, _ operations: [Operation]) throws -> View {
        var states: [OperationID: OperationState] = [:]
        for operation in operations { states[operation.id] = try store.state(of: operation.id) }
        let found = try #require(try store.queue.read { try SpaceRow.find($0, space) })
        return View(
            states: states, members: try store.memberSummaries(of: space),
            isPublic: found.isPublic, name: found.name,
            summary: try #require(store.syncStorage(of: space)).summary())
    }

    /// Writes `count` operations of four members on top of `world`, each upon a random part of what was
    /// before.
    private func invent(
        _ count: Int, _ world: World, _ homes: [TestHome], _ random: inout PRNG
    ) throws -> [Operation] {
        var all = try world.alice.store.all(world.space)
        var written: [Operation] = []
        var clock = HybridLogicalClock(world.clock.now)
        for _ in 0..<count {
            let author = homes[random.below(homes.count)].store.key
            let own = all.filter { $0.author == author.publicKey }
            // Now and then a second operation upon an older one of the same author: a fork.
            let previous = random.below(6) == 0 ? own[random.below(own.count)] : own[own.count - 1]
            let recent = Array(all.suffix(1 + random.below(8)))
            let links = (0..<random.below(3)).map { _ in recent[random.below(recent.count)] }
                .filter { $0.author != author.publicKey }.map(\.id)
            clock = HybridLogicalClock(rawValue: clock.rawValue + 1)
            var forger = Forger(author, in: world.space)
            forger.sequence = previous.header.sequence + 1
            forger.previous = previous.id
            let links2 = Array(Set(links)).sorted()
            let operation = try self.act(&forger, links2, clock, all, homes, world, &random)
            all.append(operation)
            written.append(operation)
        }
        return written
    }

    private func act(
        _ forger: inout Forger, _ links: [OperationID], _ clock: HybridLogicalClock, _ all: [Operation],
        _ homes: [TestHome], _ world: World, _ random: inout PRNG
    ) throws -> Operation {
        func one(_ kind: OperationKind) -> OperationID {
            let found = all.filter { $0.kind == kind }
            return found.isEmpty ? world.space : found[random.below(found.count)].id
        }
        let someone = homes[1 + random.below(homes.count - 1)].store.publicKey
        switch random.below(12) {
        case 0:
            let invite = InviteCreate(publicKey: person(200).publicKey, rank: 0, uses: 1)
            return try forger.write(invite, links: links, clock: clock)
        case 1: return try forger.write(InviteRevoke(invite: one(.inviteCreate)), links: links, clock: clock)
        case 2: return try forger.write(MemberLeave(), links: links, clock: clock)
        case 3: return try forger.write(MemberRemove(member: someone), links: links, clock: clock)
        case 4:
            return try forger.write(
                MemberAdmit(join: one(.memberJoin), member: someone), links: links, clock: clock)
        case 5:
            return try forger.write(
                SpaceVisibility(isPublic: random.below(2) == 0), links: links, clock: clock)
        case 6: return try forger.write(MemberJoin(), links: links, clock: clock)
        case 7: return try forger.write(ChannelCreate(name: "c"), links: links, clock: clock)
        case 8:
            return try forger.write(
                ChannelUpdate(name: "d"), links: links, clock: clock, channel: one(.channelCreate))
        case 9: return try forger.write(SpaceRename(name: "n\(random.below(9))"), links: links, clock: clock)
        default:
            return try forger.write(
                MessagePost(text: "m"), links: links, clock: clock, channel: world.channel)
        }
    }

    @Test func everyHomeComesToTheSameAnswerAboutHostileHistories() throws {
        var random = PRNG(seed: Randomised.seed)
        let histories = 3 * Randomised.scale
        for _ in 0..<histories {
            let world = try World().joined()
            let homes = try [
                world.alice, world.bob, TestHome(world.clock, seed: 3), TestHome(world.clock, seed: 4),
            ]
            try world.join(homes[2])
            try world.join(homes[3])
            world.clock.advance(by: .seconds(1))
            let base = try world.alice.store.all(world.space)
            let operations = base + (try self.invent(40, world, homes, &random))
            var expected: View?
            for round in 0..<4 {
                var order = operations
                if round > 0 { random.shuffle(&order) }
                let home = try TestHome(world.clock, seed: 9)
                try home.store.beginJoin(world.space)
                while !order.isEmpty {
                    let batch = Array(order.prefix(1 + random.below(24)))
                    order.removeFirst(batch.count)
                    _ = try home.store.ingest(batch, from: .file)
                }
                let view = try self.view(home.store, world.space, operations)
                if let expected { #expect(view == expected) } else { expected = view }
                for operation in operations where view.states[operation.id] != expected?.states[operation.id]
                {
                    print(
                        "differs: \(operation.kind.rawValue) \(view.states[operation.id] as Any)",
                        expected?.states[operation.id] as Any)
                }
            }
        }
        print("hostile histories: \(histories) of 40 operations in 4 orders, seed \(Randomised.seed)")
    }

    /// The author of an invite forks its chain and revokes the invite on the branch that does not follow it.
    @Test func revocationCountsOnlyWithTheInviteInItsPast() throws {
        let world = try World().joined()
        let base = try world.alice.store.all(world.space)
        var branch = try Forger(world.bob.store, in: world.space)
        var other = branch
        let invite = try branch.write(
            InviteCreate(publicKey: person(200).publicKey, rank: 0, uses: 1),
            links: world.heads, clock: .at(world.clock.now, .seconds(1)))
        let revocation = try other.write(
            InviteRevoke(invite: invite.id), links: world.heads, clock: .at(world.clock.now, .seconds(2)))
        for order in [[invite, revocation], [revocation, invite]] {
            let home = try TestHome(world.clock, seed: 9)
            try home.store.beginJoin(world.space)
            for operation in base + order { _ = try home.store.ingest([operation], from: .file) }
            #expect(try home.store.state(of: invite.id) == .admitted)
            #expect(try home.store.state(of: revocation.id) == .void)
        }
    }

    /// A channel that is not in a message's past may not exist for others yet: the message counts nowhere.
    @Test func messageNeedsItsChannelInItsPast() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let early = try forger.write(
            MessagePost(text: "early"), links: world.heads, clock: .at(world.clock.now, .seconds(1)),
            channel: world.channel, advances: false)
        let channel = try world.alice.store.createChannel(
            name: ChannelName(parsing: "second"), in: world.space
        ).operation
        let beside = try forger.write(
            MessagePost(text: "beside"), links: [], clock: .at(world.clock.now, .seconds(2)),
            channel: channel.id, advances: false)
        let after = try forger.write(
            MessagePost(text: "after"), links: [channel.id], clock: .at(world.clock.now, .seconds(3)),
            channel: channel.id, advances: false)
        let misnamed = try forger.write(
            MessagePost(text: "misnamed"), links: [channel.id], clock: .at(world.clock.now, .seconds(4)),
            channel: world.space, advances: false)
        let verdicts = try world.alice.store.ingest([early, beside, after, misnamed], from: .file).verdicts
        #expect(verdicts[0].forwards && verdicts[1] == .void && verdicts[2].forwards && verdicts[3] == .void)
    }

    /// Of twenty heads a message links to eight; its channel is among them when no other leads to it.
    @Test func postLinksToItsChannelAmongManyHeads() throws {
        let world = try World()
        let homes = try (10..<30).map { try TestHome(world.clock, seed: $0) }
        for home in homes { try world.join(home) }
        try world.sync(to: world.alice)
        world.clock.advance(by: .seconds(1))
        let first = try homes[0].store.createChannel(name: ChannelName(parsing: "first"), in: world.space)
        world.clock.advance(by: .seconds(1))
        let others = try homes.dropFirst().map {
            try $0.store.createChannel(name: ChannelName(parsing: "other"), in: world.space).operation
        }
        let store = world.alice.store
        _ = try store.ingest([first.operation] + others, from: .file)
        let post = try store.post("hello", channel: first.id, in: world.space)
        #expect(post.arrival != nil && post.operation.header.links.contains(first.id))
    }

    @Test func oneJoinThatTwoMembersAnswerIsOneUse() throws {
        let world = try World().joined()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 1, expires: nil)
        try world.sync(to: world.bob)
        let join = try world.request(TestHome(world.clock, seed: 60), invite: invite.id, key: key)
        guard case .admitted(let first, _) = try world.alice.store.admit(join),
            case .admitted(let second, _) = try world.bob.store.admit(join)
        else { throw StoreError.notPermitted }
        for store in [world.alice.store, world.bob.store] {
            _ = try store.ingest([join, first, second], from: .file)
            #expect(try store.members(of: world.space).filter(\.isOverLimit).isEmpty)
            #expect(try store.invites(of: world.space).first { $0.id == invite.id }?.used == 1)
        }
    }

    /// What an event loop reads does not wait for the disk of a thread that writes.
    @Test func readsGoOnWhileATransactionIsOpen() throws {
        let world = try World()
        let before = try world.alice.store.newestArrival()
        try world.alice.store.write { db in
            try db.run("UPDATE operations SET arrival = arrival + 100")
            #expect(try world.alice.store.newestArrival() == before)
        }
        #expect(try world.alice.store.newestArrival() == before + 100)
    }

    /// Somebody who left goes on writing: what each costs does not grow with the history.
    @Test(arguments: [200, 2_000]) func judgingFormerMembersDoesNotWalkTheHistory(_ count: Int) throws {
        let world = try World().joined()
        let leave = try world.bob.store.leave(world.space)
        _ = try world.alice.store.ingest([leave.operation], from: .file)
        var forger = try Forger(world.alice.store, in: world.space)
        var clock = HybridLogicalClock(world.clock.now + .seconds(1))
        var operations: [Operation] = []
        for _ in 0..<count {
            clock = HybridLogicalClock(rawValue: clock.rawValue + 1)
            operations.append(
                try forger.write(MessagePost(text: "m"), clock: clock, channel: world.channel))
        }
        _ = try world.alice.store.ingest(operations, from: .file)
        var ghost = Forger(world.bob.store.key, in: world.space)
        ghost.sequence = leave.operation.header.sequence + 1
        ghost.previous = leave.id
        let late = try ghost.write(
            MessagePost(text: "boo"), links: [operations[count - 1].id],
            clock: HybridLogicalClock(rawValue: clock.rawValue + 1), channel: world.channel)
        let counter = try world.alice.store.statements {
            _ = try world.alice.store.ingest([late], from: .file)
        }
        #expect(try world.alice.store.state(of: late.id) == .void)
        #expect(counter < 100, "\(counter) statements over \(count) operations")
    }
}

extension Store {
    fileprivate func memberSummaries(of space: SpaceID) throws -> [MemberSummary] {
        try self.queue.read { db in
            guard let row = try SpaceRow.find(db, space) else { return [] }
            return try Self.members(db, row)
        }
    }

    /// Counts the statements that `body` runs.
    fileprivate func statements(_ body: () throws -> Void) throws -> Int {
        let counter = Counter()
        try self.queue.writeWithoutTransaction { db in db.trace { _ in counter.add() } }
        try body()
        try self.queue.writeWithoutTransaction { db in db.trace(nil) }
        return counter.value
    }
}

private final class Counter: @unchecked Sendable {
    private(set) var value = 0
    func add() { self.value += 1 }  // on the database's own queue alone
}
