import LibP2PCore
import Testing

@testable import LibP2P

/// A session that is fed frames by hand; it is the listener unless said otherwise.
private struct Subject: ~Copyable {
    var session: YamuxSession
    var events: [YamuxSession.Event] = []
    var now = Instant.zero

    init(role: YamuxSession.Role = .listener, configure: (inout YamuxConfiguration) -> Void = { _ in }) {
        var configuration = YamuxConfiguration()
        configure(&configuration)
        self.session = YamuxSession(role: role, configuration: configuration, now: .zero)
    }

    static func frame(
        _ kind: YamuxHeader.Kind, _ flags: YamuxHeader.Flags = [], _ stream: UInt32, _ length: UInt32,
        payload: [UInt8] = []
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        YamuxHeader(kind, flags, stream: stream, length: length).append(to: &bytes)
        return bytes + payload
    }

    @discardableResult
    mutating func receive(_ bytes: [UInt8]) -> YamuxFailure? {
        bytes.withUnsafeBytes { self.session.received($0, now: self.now, into: &self.events) }
    }

    @discardableResult
    mutating func receive(
        _ kind: YamuxHeader.Kind, _ flags: YamuxHeader.Flags = [], _ stream: UInt32, _ length: UInt32,
        payload: [UInt8] = []
    ) -> YamuxFailure? {
        self.receive(Self.frame(kind, flags, stream, length, payload: payload))
    }

    /// The headers of what is sent, and the payloads by stream.
    mutating func sent(budget: Int = 1 << 20) -> [YamuxHeader] {
        self.sentFrames(budget: budget).map(\.0)
    }

    mutating func sentFrames(budget: Int = 1 << 20) -> [(YamuxHeader, [UInt8])] {
        var bytes: [UInt8] = []
        self.session.takeFrames(into: &bytes, budget: budget, events: &self.events)
        var frames: [(YamuxHeader, [UInt8])] = []
        var rest = bytes[...]
        while rest.count >= YamuxHeader.size {
            guard case .success(let header) = rest.withUnsafeBytes({ YamuxHeader.read($0) }) else { break }
            rest = rest.dropFirst(YamuxHeader.size)
            let size = header.kind == .data ? Int(header.length) : 0
            frames.append((header, Array(rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        #expect(rest.isEmpty)
        return frames
    }
}

@Suite struct YamuxTests {
    private let window = YamuxConfiguration.initialWindow

    // MARK: - Opening

    @Test func headersAreTwelveBigEndianBytes() {
        #expect(
            Subject.frame(.windowUpdate, [.syn, .rst], 0x0102_0304, 0x0506_0708)
                == [0, 1, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func dialerOpensOddAndListenerEvenStreams() {
        var dialer = Subject(role: .dialer)
        var listener = Subject()
        #expect((0..<3).compactMap { _ in dialer.session.open(now: .zero) } == [1, 3, 5])
        #expect((0..<3).compactMap { _ in listener.session.open(now: .zero) } == [2, 4, 6])
    }

    @Test func firstDataCarriesTheSYNAndAnEmptyOpenIsAWindowUpdate() {
        var subject = Subject(role: .dialer)
        let first = subject.session.open(now: .zero)!
        _ = subject.session.open(now: .zero)!
        subject.session.write([1, 2, 3], on: first)
        #expect(
            subject.sent() == [
                YamuxHeader(.data, .syn, stream: 1, length: 3), YamuxHeader(.windowUpdate, .syn, stream: 3, length: 0),
            ])
    }

    @Test(arguments: [YamuxHeader.Kind.data, .windowUpdate])
    func eitherTypeOpensAndIsAcknowledged(_ kind: YamuxHeader.Kind) {
        var subject = Subject()
        #expect(subject.receive(kind, .syn, 1, 0) == nil)
        #expect(subject.events == [.opened(1)])
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, .ack, stream: 1, length: 0)])
    }

    @Test func theAcknowledgementRidesOnDataThatIsReady() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([7], on: 1)
        #expect(subject.sent() == [YamuxHeader(.data, .ack, stream: 1, length: 1)])
    }

    @Test func theWindowOfAnOpeningUpdateIsCredit() {
        var subject = Subject()
        subject.receive(.windowUpdate, .syn, 1, 100)
        subject.session.write([UInt8](repeating: 1, count: 300_000), on: 1)
        #expect(subject.sentFrames().reduce(0) { $0 + $1.1.count } == Int(self.window) + 100)
    }

    @Test func wrongParityReuseAndUnknownStreamsEndTheSession() {
        var parity = Subject()
        #expect(parity.receive(.data, .syn, 2, 0) == .wrongStreamParity(2))
        var zero = Subject()
        #expect(zero.receive(.data, .syn, 0, 0) == .unknownStream(0))
        var unknown = Subject()
        #expect(unknown.receive(.data, [], 1, 0) == .unknownStream(1))
        var ours = Subject()
        #expect(ours.receive(.windowUpdate, [], 2, 0) == .unknownStream(2))
        var twice = Subject()
        twice.receive(.data, .syn, 1, 0)
        #expect(twice.receive(.data, .syn, 1, 0) == .streamReused(1))
        var again = Subject()
        again.receive(.data, .syn, 1, 0)
        again.receive(.windowUpdate, .rst, 1, 0)
        #expect(again.receive(.data, .syn, 1, 0) == .streamReused(1))
    }

    @Test func opensMayArriveOutOfOrder() {
        var subject = Subject()
        #expect(subject.receive(.data, .syn, 5, 0) == nil)
        #expect(subject.receive(.data, .syn, 1, 0) == nil)
        #expect(subject.receive(.data, .syn, 3, 0) == nil)
        #expect(subject.events == [.opened(5), .opened(1), .opened(3)])
        #expect(subject.receive(.data, .syn, 1, 0) == .streamReused(1))
    }

    @Test func jumpsToTheHighestIdAreBounded() {
        var subject = Subject()
        #expect(subject.receive(.data, .syn, 1, 0) == nil)
        #expect(subject.receive(.data, .syn, .max, 0) == nil)
        #expect(subject.session.skippedRemoteIDs.count <= YamuxSession.maxSkippedStreams)
        #expect(subject.receive(.data, .syn, .max - 2, 0) == nil)
        #expect(subject.receive(.data, .syn, 3, 0) == .streamReused(3))
    }

    @Test func versionsAndTypesAreChecked() {
        var version = Subject()
        #expect(version.receive([1] + [UInt8](repeating: 0, count: 11)) == .unsupportedVersion(1))
        var type = Subject()
        #expect(type.receive([0, 4] + [UInt8](repeating: 0, count: 10)) == .unknownFrameType(4))
    }

    // MARK: - Limits

    @Test func streamsBeyondTheLimitAreResetAndTheirDataSkipped() {
        var subject = Subject { $0.maxInboundStreams = 2 }
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
        var subject = Subject()
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

    @Test func openingAndResettingForEverKeepsNothing() {
        var subject = Subject()
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
        var subject = Subject(role: .dialer) { $0.maxUnacknowledgedStreams = 3 }
        let ids = (0..<3).compactMap { _ in subject.session.open(now: .zero) }
        #expect(ids.count == 3 && subject.session.open(now: .zero) == nil)
        subject.receive(.windowUpdate, .ack, ids[0], 0)
        #expect(subject.session.open(now: .zero) != nil)
        #expect(subject.session.open(now: .zero) == nil)
        subject.session.reset(ids[1], code: 0)
        #expect(subject.session.open(now: .zero) != nil)
    }

    @Test func openStopsAtTheOutboundLimit() {
        var subject = Subject(role: .dialer) { $0.maxOutboundStreams = 1 }
        let id = subject.session.open(now: .zero)!
        subject.receive(.windowUpdate, .ack, id, 0)
        #expect(subject.session.open(now: .zero) == nil)
    }

    @Test func pingsAreAnsweredFirstAndAFloodIsBounded() {
        var subject = Subject()
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
        var subject = Subject()
        #expect(subject.receive(.data, .syn, 1, 262_145) == .windowExceeded(1))
        #expect(subject.session.streamCount == 0 && subject.events.isEmpty)
        var exact = Subject()
        #expect(exact.receive(.data, .syn, 1, 262_144) == nil)
    }

    @Test func creditThatOverflowsEndsTheSession() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, 0)
        #expect(subject.receive(.windowUpdate, [], 1, .max - self.window) == nil)
        #expect(subject.receive(.windowUpdate, [], 1, 1) == .windowOverflow(1))
        var twice = Subject()
        twice.receive(.data, .syn, 1, 0)
        #expect(twice.receive(.windowUpdate, [], 1, .max) == .windowOverflow(1))
        var opening = Subject()
        #expect(opening.receive(.windowUpdate, .syn, 1, .max) == .windowOverflow(1))
        #expect(opening.session.streamCount == 0)
    }

    @Test func anErrorCodeIsNeverCredit() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, 0)
        #expect(subject.receive(.windowUpdate, [], 1, .max - self.window) == nil)
        #expect(subject.receive(.windowUpdate, .rst, 1, 0x1003) == nil)
        #expect(subject.events.last == .reset(1, code: 0x1003))
        #expect(subject.session.contains(1) == false)
    }

    @Test func dataBeyondTheWindowEndsTheSession() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, self.window, payload: [UInt8](repeating: 0, count: Int(self.window)))
        #expect(subject.receive(.data, [], 1, 1) == .windowExceeded(1))
    }

    @Test func whatIsUnderWayIsNotCreditedEarly() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, self.window, payload: [1])
        subject.session.consumed(1, on: 1)
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, .ack, stream: 1, length: 1)])
    }

    @Test func halfAConsumedWindowIsCredited() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, self.window, payload: [UInt8](repeating: 0, count: Int(self.window)))
        _ = subject.sent()
        subject.session.consumed(Int(self.window) / 2 - 1, on: 1)
        #expect(subject.sent().isEmpty)
        subject.session.consumed(1, on: 1)
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, stream: 1, length: self.window / 2)])
    }

    @Test func sendingStopsAtTheWindowAndGoesOnWithCredit() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([UInt8](repeating: 3, count: 300_000), on: 1)
        #expect(subject.sentFrames().reduce(0) { $0 + $1.1.count } == Int(self.window))
        #expect(subject.session.pendingBytes(on: 1) == 300_000 - Int(self.window))
        #expect(subject.session.hasOutbound == false)
        subject.receive(.windowUpdate, [], 1, 10)
        #expect(subject.sent() == [YamuxHeader(.data, stream: 1, length: 10)])
    }

    @Test func aReaderThatKeepsUpGrowsTheWindowToItsLimit() {
        var subject = Subject { $0.maxStreamWindow = 1_048_576 }
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
                subject.receive(.data, [], 1, available, payload: [UInt8](repeating: 0, count: Int(available))) == nil)
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
        var subject = Subject()
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
        var subject = Subject { $0.maxExtraWindow = 300_000 }
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
        var subject = Subject()
        subject.receive(.data, .syn, 1, 65_536, payload: [UInt8](repeating: 0, count: 65_536))
        #expect(subject.sent().contains { $0.kind == .ping && $0.flags == .syn })
    }

    @Test func windowUpdatesAndResetsGoBeforeData() {
        var subject = Subject()
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

    // MARK: - Data

    @Test func streamsWithDataTakeTurns() {
        var subject = Subject()
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
        var subject = Subject()
        let bytes =
            Subject.frame(.data, .syn, 1, 20, payload: Array(0..<20))
            + Subject.frame(.ping, .syn, 0, 7) + Subject.frame(.data, .fin, 1, 3, payload: [1, 2, 3])
        for start in stride(from: 0, to: bytes.count, by: size) {
            #expect(subject.receive(Array(bytes[start..<min(start + size, bytes.count)])) == nil)
        }
        #expect(subject.events == [.opened(1), .data(1, Array(0..<20) + [1, 2, 3]), .finished(1)]
            || subject.events.filter { if case .data = $0 { false } else { true } } == [.opened(1), .finished(1)])
        let data = subject.events.flatMap { event -> [UInt8] in if case .data(_, let bytes) = event { bytes } else { [] } }
        #expect(data == Array(0..<20) + [1, 2, 3])
    }

    @Test func oneByteFramesAreJoined() {
        var subject = Subject()
        var bytes = Subject.frame(.data, .syn, 1, 0)
        for value in 0..<200 { bytes += Subject.frame(.data, [], 1, 1, payload: [UInt8(value)]) }
        subject.receive(bytes)
        #expect(subject.events == [.opened(1), .data(1, Array(0..<200))])
    }

    @Test func unsentBytesBelowTheMarkAreReportedOnce() {
        var subject = Subject { $0.lowWaterMark = 1_000 }
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([UInt8](repeating: 0, count: 5_000), on: 1)
        _ = subject.sent(budget: 3_000)
        #expect(!subject.events.contains(.writable(1)))
        _ = subject.sent(budget: 3_000)
        _ = subject.sent()
        #expect(subject.events.filter { $0 == .writable(1) }.count == 1)
    }

    // MARK: - Ends

    @Test func finRidesOnTheLastDataAndHalfCloses() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, 0)
        subject.session.write([1, 2], on: 1)
        subject.session.finish(1)
        #expect(subject.sent() == [YamuxHeader(.data, [.ack, .fin], stream: 1, length: 2)])
        // Still readable, and still credited.
        #expect(subject.receive(.data, [], 1, self.window, payload: [UInt8](repeating: 0, count: Int(self.window))) == nil)
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
        var subject = Subject()
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
        var subject = Subject()
        subject.receive(.data, [.syn, .fin], 1, 0)
        #expect(subject.receive(.data, [], 1, 2, payload: [1, 2]) == nil)
        #expect(subject.events == [.opened(1), .finished(1), .reset(1, code: 0x1004)])
        #expect(subject.sent() == [YamuxHeader(.windowUpdate, .rst, stream: 1, length: 0x1004)])
        #expect(subject.receive(.ping, .syn, 0, 1) == nil)
    }

    @Test func aResetHalfwayThroughAFrameSkipsTheRest() {
        var subject = Subject()
        subject.receive(.data, .syn, 1, 10, payload: [1, 2])
        subject.session.reset(1, code: 5)
        #expect(subject.receive([3, 4, 5, 6, 7, 8, 9, 10] + Subject.frame(.ping, .syn, 0, 3)) == nil)
        #expect(subject.events == [.opened(1), .data(1, [1, 2])])
        #expect(
            subject.sent() == [
                YamuxHeader(.ping, .ack, stream: 0, length: 3),
                YamuxHeader(.windowUpdate, .rst, stream: 1, length: 5),
            ])
    }

    @Test func aStreamThatWasNeverAnnouncedIsResetSilently() {
        var subject = Subject(role: .dialer)
        let id = subject.session.open(now: .zero)!
        subject.session.write([1], on: id)
        subject.session.reset(id, code: 1)
        #expect(subject.sent().isEmpty)
        #expect(subject.session.unacknowledgedCount == 0 && subject.session.outboundCount == 0)
    }

    @Test func closeSendsWhatTheWindowAllowsThenGoAway() {
        var subject = Subject()
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
        var subject = Subject()
        subject.receive(.goAway, [], 0, 0x1005)
        #expect(subject.events == [.goAway(code: 0x1005)])
    }

    @Test func onlyTheOutstandingPingIsMeasured() {
        var subject = Subject()
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
            var subject = Subject(role: prng.below(2) == 0 ? .dialer : .listener) {
                $0.maxInboundStreams = 4
                $0.maxStreamWindow = 524_288
            }
            for _ in 0..<40 {
                switch prng.below(8) {
                case 0: _ = subject.session.open(now: subject.now)
                case 1: subject.session.write([UInt8](repeating: 0, count: prng.below(5_000)), on: UInt32(prng.below(8)))
                case 2: subject.session.finish(UInt32(prng.below(8)))
                case 3: subject.session.reset(UInt32(prng.below(8)), code: 1)
                case 4:
                    let id = UInt32(prng.below(8))
                    let held = Int(subject.session.streams[id]?.unconsumed ?? 0)
                    if subject.session.payload == nil, held > 0 { subject.session.consumed(1 + prng.below(held), on: id) }
                case 5: _ = subject.sent(budget: 12 + prng.below(4_000))
                default:
                    subject.now += .microseconds(prng.below(1_000))
                    let kind = YamuxHeader.Kind(rawValue: UInt8(prng.below(4)))!
                    let lengths: [UInt32] = [0, 1, UInt32(prng.below(3_000)), 262_144, 262_145, .max]
                    let length = lengths[prng.below(prng.below(10) == 0 ? 6 : 3)]
                    let payload = kind == .data && length < 5_000 ? [UInt8](repeating: 1, count: Int(length)) : []
                    if subject.receive(
                        kind, YamuxHeader.Flags(rawValue: UInt16(prng.below(16))), UInt32(prng.below(8)), length,
                        payload: payload) != nil
                    {
                        subject.session.abort(code: 1)
                    }
                }
                let streams = subject.session.streams
                #expect(streams.values.filter { !$0.isLocal }.count == subject.session.inboundCount || streams.isEmpty)
                #expect(subject.session.inboundCount <= 4 || streams.isEmpty)
                #expect(
                    streams.values.allSatisfy { UInt64($0.receiveWindow) + UInt64($0.unconsumed) <= UInt64($0.windowSize) })
            }
        }
        TestRun.report("yamux frames", count: count)
    }
}
