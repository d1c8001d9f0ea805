import DescordCrypto
import LibP2PCore
import SwiftProtobuf
import Testing

@testable import DescordCore

/// Peers that break the rules of the method `negentropy/1`, and its bounds.
@Suite struct SyncNegentropyHostileTests {
    private typealias Frame = PBSyncFrame.OneOf_Frame

    private static func message(_ bytes: [UInt8], stopped: Bool = false) -> Frame {
        var message = PBSyncNegentropy()
        if stopped { message.stopped = true } else { message.message = .init(octets: bytes) }
        return .negentropy(message)
    }

    private static func ids(_ ids: [OperationID], last: Bool = true) -> PBSyncIDs {
        var list = PBSyncIDs()
        list.ids = .init(octets: ids.flatMap(\.bytes))
        list.last = last
        return list
    }

    /// Hands frames to an end, and returns the frames that it answers.
    private static func exchange(_ end: inout End, _ frames: [Frame]) -> [Frame] {
        for frame in frames {
            var events: [SyncSession.Event] = []
            end.session.received(SyncHostileTests.frame(frame), into: &events)
            end.handle(events)
        }
        var bytes: [UInt8] = []
        end.session.takeOutbound(into: &bytes, maxBytes: .max)
        var decoder = FrameDecoder(maxFrameSize: SyncLimits.maxFrameSize)
        decoder.append(bytes)
        var answers: [Frame] = []
        while let next = try? decoder.next() {
            if let frame = PBSyncFrame(octets: next)?.frame { answers.append(frame) }
        }
        return answers
    }

    /// Bob's session, told that negentropy it is: its opening, hello and first message are gone.
    private static func initiator(_ world: World) -> Pair {
        var pair = world.pair()
        pair.start()
        var hello = PBSyncHello()
        hello.method = "negentropy/1"
        let first = Self.exchange(&pair.initiator, [.hello(hello)])
        #expect(Self.isMessage(first.last))
        return pair
    }

    /// Alice's session, which has chosen negentropy.
    private static func responder(_ world: World) -> Pair {
        var pair = world.pair()
        pair.initiator.session.offered = [.negentropy]
        pair.start()
        var flight: [UInt8] = []
        pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max)
        var events: [SyncSession.Event] = []
        pair.responder.session.received(flight, into: &events)
        pair.responder.handle(events)
        _ = Self.exchange(&pair.responder, [])
        let method = pair.responder.session.method
        #expect(method == .negentropy)
        return pair
    }

    private static func isMessage(_ frame: Frame?) -> Bool {
        if case .negentropy(let message)? = frame { message.hasMessage && !message.stopped } else { false }
    }

    /// A world in which Bob has one message that Alice has not.
    private static func world() -> World {
        var world = World()
        world.bobStorage.insert(world.bob.content(MessagePost(text: "mine"), channel: world.channel))
        return world
    }

    private static let allSkipped = Self.message([0x61])
    private static let nothingHere = Self.message([0x61, 0, 0, 2, 0])

    @Test func framesOutOfPlaceFail() {
        // By another method, and before any.
        #expect(SyncHostileTests.failure(after: SyncHostileTests.frame(Self.allSkipped)) == .unexpected)
        let stopped = Self.message([], stopped: true)
        for (frames, failure) in [
            ([Self.message([])], SyncFailure.malformed), ([Self.message([0x61, 0, 0, 9])], .malformed),
            ([Self.message([0x62])], .malformed), ([stopped], .unexpected),
            ([Self.allSkipped, Self.allSkipped], .unexpected), ([.ids(Self.ids([]))], .unexpected),
            ([.want(Self.ids([]))], .unexpected),
        ] {
            var pair = Self.initiator(Self.world())
            _ = Self.exchange(&pair.initiator, frames)
            #expect(pair.initiator.failure == failure && failure.isMisbehaviour)
        }
        for (frames, failure) in [
            ([Self.message([])], SyncFailure.malformed), ([Self.message([0x61, 0, 0, 9])], .malformed),
            ([stopped, stopped], .unexpected), ([stopped, Self.nothingHere], .unexpected),
            ([.want(Self.ids([])), Self.nothingHere], .unexpected), ([.ids(Self.ids([]))], .unexpected),
        ] {
            var pair = Self.responder(Self.world())
            _ = Self.exchange(&pair.responder, frames)
            #expect(pair.responder.failure == failure)
        }
        // An unknown version is answered, as the specification has it.
        var pair = Self.responder(Self.world())
        let answers = Self.exchange(&pair.responder, [Self.message([0x62, 1])])
        #expect(answers == [Self.message([0x61])] && pair.responder.failure == nil)
    }

    @Test func responderAnswersSixtyFourMessages() {
        var pair = Self.responder(Self.world())
        for _ in 0..<SyncLimits.maxNegentropyCount {
            #expect(Self.exchange(&pair.responder, [Self.nothingHere]).count == 1)
        }
        #expect(pair.responder.failure == nil)
        _ = Self.exchange(&pair.responder, [Self.nothingHere])
        #expect(pair.responder.failure == .unexpected)
    }

    /// A responder whose answers never end: what was found until then is exchanged, and nobody claims more.
    @Test func initiatorStopsAfterSixtyFourMessagesWithWhatWasFound() throws {
        let world = Self.world()
        var pair = Self.initiator(world)
        let missing = OperationID(bytes: [UInt8](repeating: 3, count: 32))!
        // One range that is listed, with an id of ours; then one that never agrees.
        let listed = NegentropyBound(timestamp: 5)
        var writer = NegentropyWriter()
        writer.ids([NegentropyItem(timestamp: 1, id: missing)!], to: listed)
        writer.fingerprint([UInt8](repeating: 1, count: 16), to: .infinity)
        for _ in 1..<SyncLimits.maxNegentropyCount {
            let answers = Self.exchange(&pair.initiator, [Self.message(writer.bytes)])
            #expect(answers.count == 1 && Self.isMessage(answers.first))
        }
        let last = Self.exchange(&pair.initiator, [Self.message(writer.bytes)])
        #expect(last.contains(Self.message([], stopped: true)) && !last.contains { Self.isMessage($0) })
        #expect(last.contains(.want(Self.ids([missing]))) && last.contains(.done(PBSyncDone())))
        _ = Self.exchange(&pair.initiator, [.lacking(Self.ids([missing])), .done(PBSyncDone())])
        #expect(pair.initiator.events == ["accepted", "stoppedShort"] && pair.initiator.failure == nil)
        let report = pair.initiator.session.report
        #expect(!report.isComplete && report.lacking == 1 && report.received == 0)
    }

    @Test func responderThatIsToldOfTheStopClaimsNothing() {
        let world = Self.world()
        var pair = Self.responder(world)
        _ = Self.exchange(
            &pair.responder,
            [Self.message([], stopped: true), .want(Self.ids([world.channel])), .done(PBSyncDone())])
        #expect(pair.responder.events == ["opened", "stoppedShort"] && pair.responder.failure == nil)
        let report = pair.responder.session.report
        #expect(!report.isComplete && report.sent == 1)
    }

    /// A peer that lists what it has not, whether it says so later or is silent.
    @Test func whatIsListedAndNotServedIsCounted() throws {
        let claimed = (1...3).map { OperationID(bytes: [UInt8](repeating: $0, count: 32))! }
        for admits in [true, false] {
            let world = Self.world()
            var pair = Self.initiator(world)
            let list = [0x61, 0, 0, 2, 3] + claimed.flatMap(\.bytes)
            let answers = Self.exchange(&pair.initiator, [Self.message(list)])
            #expect(answers.contains(.want(Self.ids(claimed))))
            // What was not wanted is not lacking.
            let lacking = Self.ids(claimed + claimed + [world.channel])
            _ = Self.exchange(
                &pair.initiator, (admits ? [.lacking(lacking)] : []) + [.done(PBSyncDone())])
            #expect(pair.initiator.events == ["accepted", "stoppedShort"] && pair.initiator.failure == nil)
            let report = pair.initiator.session.report
            #expect(report.lacking == 3 && !report.isComplete && report.received == 0)
        }
    }

    /// An initiator that wants what the comparison did not show gets what there is of it, once.
    @Test func whatIsWantedUnheardOfIsServedOrLacking() {
        let world = Self.world()
        var pair = Self.responder(world)
        let unknown = OperationID(bytes: [UInt8](repeating: 3, count: 32))!
        let late = world.aliceStorage
        var writer = world
        let message = writer.message("later")
        late.insert(message)
        let answers = Self.exchange(
            &pair.responder, [.want(Self.ids([unknown, message.id, world.channel, message.id]))])
        #expect(answers.contains(.lacking(Self.ids([unknown]))))
        #expect(pair.responder.session.report.sent == 2)
    }

    @Test func mutatedStreamsNeverTrap() {
        var prng = PRNG(seed: suiteSeed)
        var world = World()
        for index in 0..<20 {
            world.aliceStorage.insert(world.message("\(index)"))
            world.bobStorage.insert(world.bob.content(MessagePost(text: "b\(index)"), channel: world.channel))
        }
        let count = 200 * suiteScale
        var failures = 0
        for _ in 0..<count {
            let before = (world.aliceStorage.operations, world.bobStorage.operations)
            var pair = world.pair()
            pair.initiator.session.offered = [.negentropy]
            pair.start()
            for _ in 0..<6 {
                let first = SyncHostileTests.exchange(&pair.initiator, &pair.responder, using: &prng)
                let second = SyncHostileTests.exchange(&pair.responder, &pair.initiator, using: &prng)
                failures += (first ? 1 : 0) + (second ? 1 : 0)
            }
            (world.aliceStorage.operations, world.bobStorage.operations) = before
        }
        print("negentropy session mutations: \(count), failures \(failures), seed \(suiteSeed)")
        #expect(failures > count / 2)
    }
}
