import LibP2PCore
import Testing

@testable import LibP2P

@Suite struct YamuxTests {
    private let window = YamuxConfiguration.initialWindow

    // MARK: - Opening

    @Test func headersAreTwelveBigEndianBytes() {
        #expect(
            YamuxSubject.frame(.windowUpdate, [.syn, .rst], 0x0102_0304, 0x0506_0708)
                == [0, 1, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func dialerOpensOddAndListenerEvenStreams() {
        var dialer = YamuxSubject(role: .dialer)
        var listener = YamuxSubject()
        #expect((0..<3).compactMap { _ in dialer.session.open(now: .zero) } == [1, 3, 5])
        #expect((0..<3).compactMap { _ in listener.session.open(now: .zero) } == [2, 4, 6])
    }

    @Test func firstDataCarriesTheSYNAndAnEmptyOpenIsAWindowUpdate() {
        var subject = YamuxSubject(role: .dialer)
        let first = subject.session.open(now: .zero)!
        _ = subject.session.open(now: .zero)!
        subject.session.write([1, 2, 3], on: first)
        #expect(
            subject.sent() == [
                YamuxHeader(.data, .syn, stream: 1, length: 3),
                YamuxHeader(.windowUpdate, .syn, stream: 3, length: 0),
            ])
    }

    @Test(arguments: [YamuxHeader.Kind.data, .windowUpdate])
    func eitherTypeOpensAndIsAcknowledged(_ kind: YamuxHeader.Kind) {
        var subject = YamuxSubject()
        #expect(subject.receive(kind, .syn, 1, 0) == nil)
        #expect(subject.events == [.opened(1)])
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, .ack, stream: 1, length: 0)])
    }

    @Test func theAcknowledgementRidesOnDataThatIsReady() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([7], on: 1)
        #expect(subject.sent() == [YamuxHeader(.data, .ack, stream: 1, length: 1)])
    }

    @Test func theWindowOfAnOpeningUpdateIsCredit() {
        var subject = YamuxSubject()
        subject.receive(.windowUpdate, .syn, 1, 100)
        subject.session.write([UInt8](repeating: 1, count: 300_000), on: 1)
        #expect(subject.sentFrames().reduce(0) { $0 + $1.1.count } == Int(self.window) + 100)
    }

    @Test func wrongParityReuseAndUnknownStreamsEndTheSession() {
        var parity = YamuxSubject()
        #expect(parity.receive(.data, .syn, 2, 0) == .wrongStreamParity(2))
        var zero = YamuxSubject()
        #expect(zero.receive(.data, .syn, 0, 0) == .unknownStream(0))
        var unknown = YamuxSubject()
        #expect(unknown.receive(.data, [], 1, 0) == .unknownStream(1))
        var ours = YamuxSubject()
        #expect(ours.receive(.windowUpdate, [], 2, 0) == .unknownStream(2))
        var twice = YamuxSubject()
        twice.receive(.data, .syn, 1, 0)
        #expect(twice.receive(.data, .syn, 1, 0) == .streamReused(1))
        var again = YamuxSubject()
        again.receive(.data, .syn, 1, 0)
        again.receive(.windowUpdate, .rst, 1, 0)
        #expect(again.receive(.data, .syn, 1, 0) == .streamReused(1))
    }

    @Test func opensMayArriveOutOfOrder() {
        var subject = YamuxSubject()
        #expect(subject.receive(.data, .syn, 5, 0) == nil)
        #expect(subject.receive(.data, .syn, 1, 0) == nil)
        #expect(subject.receive(.data, .syn, 3, 0) == nil)
        #expect(subject.events == [.opened(5), .opened(1), .opened(3)])
        #expect(subject.receive(.data, .syn, 1, 0) == .streamReused(1))
    }

    @Test func jumpsToTheHighestIdAreBounded() {
        var subject = YamuxSubject()
        #expect(subject.receive(.data, .syn, 1, 0) == nil)
        #expect(subject.receive(.data, .syn, .max, 0) == nil)
        #expect(subject.session.skippedRemoteIDs.count <= YamuxSession.maxSkippedStreams)
        #expect(subject.receive(.data, .syn, .max - 2, 0) == nil)
        #expect(subject.receive(.data, .syn, 3, 0) == .streamReused(3))
    }

    @Test func versionsAndTypesAreChecked() {
        var version = YamuxSubject()
        #expect(version.receive([1] + [UInt8](repeating: 0, count: 11)) == .unsupportedVersion(1))
        var type = YamuxSubject()
        #expect(type.receive([0, 4] + [UInt8](repeating: 0, count: 10)) == .unknownFrameType(4))
    }

    // MARK: - Limits

    @Test func streamsBeyondTheLimitAreResetAndTheirDataSkipped() {
        var subject = YamuxSubject { $0.maxInboundStreams = 2 }
        for id in [1, 3, 5] as [UInt32] {
            #expect(subject.receive(.data, .syn, id, 2, payload: [8, 9]) == nil)
        }
        #expect(subject.session.streamCount == 2)
        #expect(subject.events == [.opened(1), .data(1, [8, 9]), .opened(3), .data(3, [8, 9])])
        #expect(subject.sent().first == YamuxHeader(.windowUpdate, .rst, stream: 5, length: 0x1002))
        // A place that became free can be taken.
        subject.receive(.windowUpdate, .rst, 1, 0)
        #expect(subject.receive(.data, .syn, 7, 0) == nil)
        #expect(subject.session.contains(7) == true)
    }

    @Test func aFloodOfStreamsEndsTheSession() {
        var subject = YamuxSubject()
        var failure: YamuxFailure?
        var id: UInt32 = 1
        while failure == nil, id < 10_000 {
            failure = subject.receive(.windowUpdate, .syn, id, 0)
            id += 2
        }
        #expect(failure == .streamFlood)
        #expect(subject.session.streamCount == 256)
        #expect(id / 2 <= UInt32(256 + YamuxSession.maxPendingResets + 1))
    }

    /// Streams that we refuse one by one, over a connection that the peer does not read: each refusal waits.
    @Test func refusalsThatAreNotTakenAreBounded() {
        var subject = YamuxSubject()
        var failure: YamuxFailure?
        var id: UInt32 = 1
        while failure == nil, id < 20_000 {
            failure = subject.receive(.windowUpdate, .syn, id, 0)
            subject.session.reset(id, code: StreamErrorCode.negotiationFailed)
            id += 2
        }
        #expect(failure == .streamFlood)
        #expect(subject.session.resets.count <= YamuxSession.maxPendingResets + 256)
        // A peer that reads may be refused for ever.
        var reader = YamuxSubject()
        for id in stride(from: UInt32(1), to: 20_001, by: 2) {
            #expect(reader.receive(.windowUpdate, .syn, id, 0) == nil)
            reader.session.reset(id, code: StreamErrorCode.negotiationFailed)
            _ = reader.sent()
        }
        #expect(reader.session.resets.isEmpty)
    }

    @Test func openingAndResettingForEverKeepsNothing() {
        var subject = YamuxSubject()
        for id in stride(from: UInt32(1), to: 20_001, by: 2) {
            #expect(subject.receive(.data, .syn, id, 1, payload: [0]) == nil)
            subject.session.write([1, 2, 3], on: id)
            subject.session.consumed(1, on: id)
            #expect(subject.receive(.windowUpdate, .rst, id, 0) == nil)
        }
        #expect(subject.session.streamCount == 0 && subject.session.inboundCount == 0)
        #expect(subject.session.ready.count < 100 && subject.session.controls.count < 100)
        #expect(subject.sent().isEmpty)
    }

    @Test func openStopsAtTheUnacknowledgedLimit() {
        var subject = YamuxSubject(role: .dialer) { $0.maxUnacknowledgedStreams = 3 }
        let ids = (0..<3).compactMap { _ in subject.session.open(now: .zero) }
        #expect(ids.count == 3 && subject.session.open(now: .zero) == nil)
        subject.receive(.windowUpdate, .ack, ids[0], 0)
        #expect(subject.session.open(now: .zero) != nil)
        #expect(subject.session.open(now: .zero) == nil)
        subject.session.reset(ids[1], code: 0)
        #expect(subject.session.open(now: .zero) != nil)
    }

    @Test func openStopsAtTheOutboundLimit() {
        var subject = YamuxSubject(role: .dialer) { $0.maxOutboundStreams = 1 }
        let id = subject.session.open(now: .zero)!
        subject.receive(.windowUpdate, .ack, id, 0)
        #expect(subject.session.open(now: .zero) == nil)
    }

    @Test func pingsAreAnsweredFirstAndAFloodIsBounded() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([1], on: 1)
        for value in 0..<1_000 { subject.receive(.ping, .syn, 0, UInt32(value)) }
        let sent = subject.sent()
        #expect(
            sent.prefix(8) == (0..<8).map { YamuxHeader(.ping, .ack, stream: 0, length: UInt32($0)) }[...])
        #expect(sent.count == 9)
    }

    // MARK: - Windows

    @Test func anOpeningFrameBeyondTheInitialWindowLeavesNoState() {
        var subject = YamuxSubject()
        #expect(subject.receive(.data, .syn, 1, 262_145) == .windowExceeded(1))
        #expect(subject.session.streamCount == 0 && subject.events.isEmpty)
        var exact = YamuxSubject()
        #expect(exact.receive(.data, .syn, 1, 262_144) == nil)
    }

    @Test func creditThatOverflowsEndsTheSession() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        #expect(subject.receive(.windowUpdate, [], 1, .max - self.window) == nil)
        #expect(subject.receive(.windowUpdate, [], 1, 1) == .windowOverflow(1))
        var twice = YamuxSubject()
        twice.receive(.data, .syn, 1, 0)
        #expect(twice.receive(.windowUpdate, [], 1, .max) == .windowOverflow(1))
        var opening = YamuxSubject()
        #expect(opening.receive(.windowUpdate, .syn, 1, .max) == .windowOverflow(1))
        #expect(opening.session.streamCount == 0)
    }

    @Test func anErrorCodeIsNeverCredit() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        #expect(subject.receive(.windowUpdate, [], 1, .max - self.window) == nil)
        #expect(subject.receive(.windowUpdate, .rst, 1, 0x1003) == nil)
        #expect(subject.events.last == .reset(1, code: 0x1003))
        #expect(subject.session.contains(1) == false)
    }

    @Test func dataBeyondTheWindowEndsTheSession() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, self.window, payload: [UInt8](repeating: 0, count: Int(self.window)))
        #expect(subject.receive(.data, [], 1, 1) == .windowExceeded(1))
    }

    @Test func whatIsUnderWayIsNotCreditedEarly() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, self.window, payload: [1])
        subject.session.consumed(1, on: 1)
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, .ack, stream: 1, length: 1)])
    }

    @Test func halfAConsumedWindowIsCredited() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, self.window, payload: [UInt8](repeating: 0, count: Int(self.window)))
        _ = subject.sent()
        subject.session.consumed(Int(self.window) / 2 - 1, on: 1)
        #expect(subject.sent().isEmpty)
        subject.session.consumed(1, on: 1)
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, stream: 1, length: self.window / 2)])
    }

    @Test func sendingStopsAtTheWindowAndGoesOnWithCredit() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([UInt8](repeating: 3, count: 300_000), on: 1)
        #expect(subject.sentFrames().reduce(0) { $0 + $1.1.count } == Int(self.window))
        #expect(subject.session.pendingBytes(on: 1) == 300_000 - Int(self.window))
        #expect(subject.session.hasOutbound == false)
        subject.receive(.windowUpdate, [], 1, 10)
        #expect(subject.sent() == [YamuxHeader(.data, stream: 1, length: 10)])
    }

    @Test func aReaderThatKeepsUpGrowsTheWindowToItsLimit() {
        var subject = YamuxSubject { $0.maxStreamWindow = 1_048_576 }
        subject.now = .zero + .milliseconds(1)
        subject.receive(.data, .syn, 1, 0)
        subject.session.ping(now: subject.now)
        _ = subject.sent()
        subject.now += .milliseconds(100)
        subject.receive(.ping, .ack, 0, 1)
        #expect(subject.events.last == .roundTrip(.milliseconds(100)))
        var sizes: [UInt32] = []
        for _ in 0..<12 {
            subject.now += .milliseconds(50)
            let available = subject.session.streams[1]!.receiveWindow
            #expect(
                subject.receive(
                    .data, [], 1, available, payload: [UInt8](repeating: 0, count: Int(available))) == nil)
            subject.session.consumed(Int(available), on: 1)
            _ = subject.sent()
            sizes.append(subject.session.streams[1]!.windowSize)
        }
        #expect(sizes.prefix(3) == [524_288, 1_048_576, 1_048_576])
        #expect(sizes.last == 1_048_576)
        #expect(subject.session.extraWindow == 1_048_576 - 262_144)
        subject.receive(.windowUpdate, .rst, 1, 0)
        #expect(subject.session.extraWindow == 0)
    }

    @Test func aSlowReaderDoesNotGrowTheWindow() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.ping(now: .zero)
        _ = subject.sent()
        subject.now += .milliseconds(10)
        subject.receive(.ping, .ack, 0, 1)
        for _ in 0..<4 {
            subject.now += .milliseconds(100)
            subject.receive(.data, [], 1, 131_072, payload: [UInt8](repeating: 0, count: 131_072))
            subject.session.consumed(131_072, on: 1)
            _ = subject.sent()
        }
        #expect(subject.session.streams[1]?.windowSize == self.window)
    }

    @Test func allWindowsTogetherAreBounded() {
        var subject = YamuxSubject { $0.maxExtraWindow = 300_000 }
        subject.receive(.data, .syn, 1, 0)
        subject.receive(.data, .syn, 3, 0)
        subject.session.ping(now: .zero)
        _ = subject.sent()
        subject.now += .milliseconds(100)
        subject.receive(.ping, .ack, 0, 1)
        for id in [1, 3, 1, 3] as [UInt32] {
            subject.receive(.data, [], id, 262_144, payload: [UInt8](repeating: 0, count: 262_144))
            subject.session.consumed(262_144, on: id)
            _ = subject.sent()
        }
        #expect(subject.session.extraWindow == 300_000)
    }

    @Test func volumeAloneAsksForTheRoundTrip() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, 65_536, payload: [UInt8](repeating: 0, count: 65_536))
        #expect(subject.sent().contains { $0.kind == .ping && $0.flags == .syn })
    }

    @Test func windowUpdatesAndResetsGoBeforeData() {
        var subject = YamuxSubject()
        subject.receive(.data, .syn, 1, self.window, payload: [UInt8](repeating: 0, count: Int(self.window)))
        subject.receive(.data, .syn, 3, 0)
        _ = subject.sent()
        subject.session.write([UInt8](repeating: 0, count: 1_000), on: 1)
        subject.session.consumed(Int(self.window), on: 1)
        subject.session.reset(3, code: 0x1004)
        subject.receive(.ping, .syn, 0, 9)
        #expect(
            subject.sent().map(\.kind) == [.ping, .windowUpdate, .windowUpdate, .data])
    }
}
