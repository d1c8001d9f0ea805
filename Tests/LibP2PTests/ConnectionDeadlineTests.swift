import LibP2PCore
import Testing

@testable import LibP2P

/// Peers that are silent, or send a byte a second, at every stage of the upgrade and of a stream's
/// negotiation. No byte moves a deadline.
@Suite struct ConnectionDeadlineTests {
    /// What both sides send in a good upgrade.
    private func transcript(early: Bool) -> (dialer: [UInt8], listener: [UInt8]) {
        let pair = Pair(
            dialer: {
                $0.offersEarlyMuxer = early; $0.isOptimistic = false
            },
            listener: { $0.offersEarlyMuxer = early })
        pair.run()
        return (pair.dialerSent, pair.listenerSent)
    }

    /// A pair of the same keys, so that the transcript of one dialer is good for any listener.
    private func pair(early: Bool) -> Pair {
        Pair(
            dialer: {
                $0.offersEarlyMuxer = early; $0.isOptimistic = false
            },
            listener: { $0.offersEarlyMuxer = early })
    }

    @Test(arguments: [true, false]) func silenceAtEveryByteOfTheUpgradeEndsIt(early: Bool) {
        let (dialer, listener) = self.transcript(early: early)
        var open = 0
        for count in 0..<dialer.count {
            let pair = self.pair(early: early)
            pair.deliverToListener(Array(dialer[..<count]))
            if pair.listenerEvents.isUpgraded {
                open += 1
                continue
            }
            #expect(!pair.listenerEvents.isClosed && pair.listener.nextDeadline == .zero + .seconds(15))
            pair.listener.deadlineReached(now: .zero + .seconds(15), into: &pair.listenerEvents)
            #expect(pair.listenerEvents.failure == .handshakeTimeout, "after \(count) bytes")
        }
        // Good to the last byte of the upgrade, and not before it.
        #expect(open < dialer.count / 10)
        for count in 0..<listener.count {
            let pair = self.pair(early: early)
            pair.deliverToDialer(Array(listener[..<count]))
            if pair.dialerEvents.isUpgraded { break }
            pair.dialer.deadlineReached(now: .zero + .seconds(15), into: &pair.dialerEvents)
            #expect(pair.dialerEvents.failure == .handshakeTimeout, "after \(count) bytes")
        }
    }

    @Test(arguments: [true, false]) func byteASecondDoesNotMoveTheDeadline(early: Bool) {
        let (dialer, _) = self.transcript(early: early)
        let pair = self.pair(early: early)
        var sent = 0
        while !pair.listenerEvents.isClosed, sent < dialer.count {
            pair.deliverToListener([dialer[sent]])
            sent += 1
            pair.now += .seconds(1)
            if let deadline = pair.listener.nextDeadline, deadline <= pair.now {
                pair.listener.deadlineReached(now: pair.now, into: &pair.listenerEvents)
            }
        }
        #expect(sent == 15 && pair.listenerEvents.failure == .handshakeTimeout)
    }

    /// A proposal a second, each refused: the stream ends with its time, and not with the last proposal.
    @Test func proposalASecondDoesNotMoveTheDeadlineOfAStream() {
        let pair = Pair()
        pair.run()
        let names = (0..<60).map { "/unknown/\($0)" }
        let stream = pair.dialer.openStream(names, now: pair.now)!
        let opened = pair.now
        var isOpen = true
        while isOpen, pair.now < opened + .seconds(60) {
            pair.flushDialer()
            pair.flushListener()
            pair.now += .seconds(1)
            if let deadline = pair.listener.nextDeadline, deadline <= pair.now {
                pair.listener.deadlineReached(now: pair.now, into: &pair.listenerEvents)
            }
            isOpen = pair.listener.streamCount > 0
        }
        #expect(pair.now == opened + .seconds(15) && !pair.listenerEvents.isClosed)
        pair.flushListener()
        #expect(pair.dialerEvents.last == .streamReset(stream, code: StreamErrorCode.negotiationFailed))
    }
}
