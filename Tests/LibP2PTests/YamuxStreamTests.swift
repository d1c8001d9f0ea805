import LibP2PCore
import Testing

@testable import LibP2P

@Suite struct YamuxStreamTests {
    private let window = YamuxConfiguration.initialWindow

    // MARK: - Data

    @Test func streamsWithDataTakeTurns() {
        var subject = YamuxSubject()
        for id in [1, 3, 5] as [UInt32] {
            subject.receive(.data, .syn, id, 0)
            subject.session.write([UInt8](repeating: UInt8(id), count: 50_000), on: id)
        }
        let frames = subject.sentFrames().filter { $0.0.kind == .data }
        #expect(frames.prefix(6).map(\.0.stream) == [1, 3, 5, 1, 3, 5])
        #expect(frames.prefix(6).allSatisfy { $0.1.count == YamuxSession.fairDataSize })
        for id in [1, 3, 5] as [UInt32] {
            let bytes = frames.filter { $0.0.stream == id }.flatMap(\.1)
            #expect(bytes == [UInt8](repeating: UInt8(id), count: 50_000))
        }
    }

    @Test(arguments: [1, 5, 11, 12, 13])
    func framesAreReadInPiecesOfAnySize(_ size: Int) {
        var subject = YamuxSubject()
        let bytes =
            YamuxSubject.frame(.data, .syn, 1, 20, payload: Array(0..<20))
            + YamuxSubject.frame(.ping, .syn, 0, 7)
            + YamuxSubject.frame(.data, .fin, 1, 3, payload: [1, 2, 3])
        for start in stride(from: 0, to: bytes.count, by: size) {
            #expect(subject.receive(Array(bytes[start..<min(start + size, bytes.count)])) == nil)
        }
        #expect(
            subject.events == [.opened(1), .data(1, Array(0..<20) + [1, 2, 3]), .finished(1)]
                || subject.events.filter { if case .data = $0 { false } else { true } } == [
                    .opened(1), .finished(1),
                ])
        let data = subject.events.flatMap { event -> [UInt8] in
            if case .data(_, let bytes) = event { bytes } else { [] }
        }
        #expect(data == Array(0..<20) + [1, 2, 3])
    }

    @Test func oneByteFramesAreJoined() {
        var subject = YamuxSubject()
        var bytes = YamuxSubject.frame(.data, .syn, 1, 0)
        for value in 0..<200 { bytes += YamuxSubject.frame(.data, [], 1, 1, payload: [UInt8(value)]) }
        subject.receive(bytes)
        #expect(subject.events == [.opened(1), .data(1, Array(0..<200))])
    }

    @Test func unsentBytesBelowTheMarkAreReportedOnce() {
        var subject = YamuxSubject { $0.lowWaterMark = 1_000 }
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([UInt8](repeating: 0, count: 5_000), on: 1)
        _ = subject.sent(budget: 3_000)
        #expect(!subject.events.contains(.writable(1)))
        _ = subject.sent(budget: 3_000)
        _ = subject.sent()
        #expect(subject.events.filter { $0 == .writable(1) }.count == 1)
    }

    // MARK: - Ends

    @Test func finNeverRidesOnAnAcknowledgement() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([1, 2], on: 1)
        subject.session.finish(1)
        #expect(
            subject.sent() == [
                YamuxHeader(.data, .ack, stream: 1, length: 2),
                YamuxHeader(.data, .fin, stream: 1, length: 0),
            ])
        var empty = YamuxSubject()
        empty.receive(.data, .syn, 1, 0)
        empty.session.finish(1)
        #expect(
            empty.sent() == [
                YamuxHeader(.windowUpdate, .ack, stream: 1, length: 0),
                YamuxHeader(.data, .fin, stream: 1, length: 0),
            ])
    }

    @Test func finRidesOnTheLastDataAndHalfCloses() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        _ = subject.sent()
        subject.session.write([1, 2], on: 1)
        subject.session.finish(1)
        #expect(subject.sent() == [YamuxHeader(.data, .fin, stream: 1, length: 2)])
        // Still readable, and still credited.
        #expect(
            subject.receive(
                .data, [], 1, self.window, payload: [UInt8](repeating: 0, count: Int(self.window))) == nil)
        subject.session.consumed(Int(self.window), on: 1)
        #expect(
            subject.sent().filter { $0.kind != .ping } == [
                YamuxHeader(.windowUpdate, stream: 1, length: self.window)
            ])
        subject.session.write([9], on: 1)
        #expect(subject.sent().isEmpty)
    }

    @Test(arguments: [YamuxHeader.Kind.data, .windowUpdate])
    func bothFinishedEndsTheStreamAndLateFramesAreDropped(_ kind: YamuxHeader.Kind) {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 3, payload: [1, 2, 3])
        subject.session.finish(1)
        _ = subject.sent()
        subject.receive(kind, .fin, 1, 0)
        #expect(subject.events.last == .finished(1))
        #expect(subject.session.contains(1) == false)
        // No credit once both sides closed.
        subject.session.consumed(3, on: 1)
        #expect(subject.sent().isEmpty)
        let count = subject.events.count
        #expect(subject.receive(.windowUpdate, [], 1, 100) == nil)
        #expect(subject.receive(.data, [], 1, 2, payload: [1, 2]) == nil)
        #expect(subject.receive(.windowUpdate, .rst, 1, 0) == nil)
        #expect(subject.events.count == count && subject.sent().isEmpty)
    }

    @Test func dataAfterTheFinResetsTheStreamOnly() {
        var subject = YamuxSubject()
        subject.receive(.data, [.syn, .fin], 1, 0)
        #expect(subject.receive(.data, [], 1, 2, payload: [1, 2]) == nil)
        #expect(subject.events == [.opened(1), .finished(1), .reset(1, code: 0x1004)])
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, .rst, stream: 1, length: 0x1004)])
        #expect(subject.receive(.ping, .syn, 0, 1) == nil)
    }

    @Test func aResetHalfwayThroughAFrameSkipsTheRest() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 10, payload: [1, 2])
        subject.session.reset(1, code: 5)
        #expect(subject.receive([3, 4, 5, 6, 7, 8, 9, 10] + YamuxSubject.frame(.ping, .syn, 0, 3)) == nil)
        #expect(subject.events == [.opened(1), .data(1, [1, 2])])
        #expect(
            subject.sent() == [
                YamuxHeader(.ping, .ack, stream: 0, length: 3),
                YamuxHeader(.windowUpdate, .rst, stream: 1, length: 5),
            ])
    }

    @Test func aStreamThatWasNeverAnnouncedIsResetSilently() {
        var subject = YamuxSubject(role: .dialer)
        let id = subject.session.open(now: .zero)!
        subject.session.write([1], on: id)
        subject.session.reset(id, code: 1)
        #expect(subject.sent().isEmpty)
        #expect(subject.session.unacknowledgedCount == 0 && subject.session.outboundCount == 0)
    }

    @Test func closeSendsWhatTheWindowAllowsThenGoAway() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([1, 2, 3], on: 1)
        subject.session.close(code: 0)
        #expect(
            subject.sent() == [
                YamuxHeader(.data, .ack, stream: 1, length: 3), YamuxHeader(.goAway, stream: 0, length: 0),
            ])
        #expect(subject.session.open(now: .zero) == nil && !subject.session.hasOutbound)
    }

    @Test func goAwayCodesAreReported() {
        var subject = YamuxSubject()
        subject.receive(.goAway, [], 0, 0x1005)
        #expect(subject.events == [.goAway(code: 0x1005)])
    }

    @Test func onlyTheOutstandingPingIsMeasured() {
        var subject = YamuxSubject()
        subject.session.ping(now: .zero)
        #expect(subject.receive(.ping, .ack, 0, 1) == nil && subject.events.isEmpty)
        _ = subject.sent()
        #expect(subject.receive(.ping, .ack, 0, 2) == nil && subject.events.isEmpty)
        subject.now += .milliseconds(30)
        subject.receive(.ping, .ack, 0, 1)
        subject.receive(.ping, .ack, 0, 1)
        #expect(subject.events == [.roundTrip(.milliseconds(30))])
    }

    @Test func randomFramesNeverTrapAndKeepTheInvariants() {
        var prng = PRNG(seed: TestRun.seed)
        let count = 2_000 * TestRun.scale
        for _ in 0..<count {
            var subject = YamuxSubject(role: prng.below(2) == 0 ? .dialer : .listener) {
                $0.maxInboundStreams = 4
                $0.maxStreamWindow = 524_288
            }
            for _ in 0..<40 {
                switch prng.below(8) {
                case 0: _ = subject.session.open(now: subject.now)
                case 1:
                    subject.session.write(
                        [UInt8](repeating: 0, count: prng.below(5_000)), on: UInt32(prng.below(8)))
                case 2: subject.session.finish(UInt32(prng.below(8)))
                case 3: subject.session.reset(UInt32(prng.below(8)), code: 1)
                case 4:
                    let id = UInt32(prng.below(8))
                    let held = Int(subject.session.streams[id]?.unconsumed ?? 0)
                    if subject.session.payload == nil, held > 0 {
                        subject.session.consumed(1 + prng.below(held), on: id)
                    }
                case 5: _ = subject.sent(budget: 12 + prng.below(4_000))
                default:
                    subject.now += .microseconds(prng.below(1_000))
                    let kind = YamuxHeader.Kind(rawValue: UInt8(prng.below(4)))!
                    let lengths: [UInt32] = [0, 1, UInt32(prng.below(3_000)), 262_144, 262_145, .max]
                    let length = lengths[prng.below(prng.below(10) == 0 ? 6 : 3)]
                    let payload =
                        kind == .data && length < 5_000 ? [UInt8](repeating: 1, count: Int(length)) : []
                    if subject.receive(
                        kind, YamuxHeader.Flags(rawValue: UInt16(prng.below(16))), UInt32(prng.below(8)),
                        length,
                        payload: payload) != nil
                    {
                        subject.session.abort(code: 1)
                    }
                }
                let streams = subject.session.streams
                #expect(
                    streams.values.filter { !$0.isLocal }.count == subject.session.inboundCount
                        || streams.isEmpty)
                #expect(subject.session.inboundCount <= 4 || streams.isEmpty)
                #expect(
                    streams.values.allSatisfy {
                        UInt64($0.receiveWindow) + UInt64($0.unconsumed) <= UInt64($0.windowSize)
                    })
            }
        }
        TestRun.report("yamux frames", count: count)
    }
}
