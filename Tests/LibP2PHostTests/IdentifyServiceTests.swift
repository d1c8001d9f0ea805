import DescordCrypto
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) @Loop struct HostIdentifyTests {
    private func identified(_ changes: Events<HostChange>) async -> IdentifyMessage {
        while true {
            if case .identified(_, let message) = await changes.next() { return message }
        }
    }

    @Test func bothSidesDescribeThemselves() async throws {
        let a = try await Host.make { $0.agentVersion = "test/a" }
        let b = try await Host.make { $0.agentVersion = "test/b" }
        b.setHandler("/test/1") { $0.reset() }
        let (aChanges, bChanges) = (a.changes, b.changes)
        let connection = try await a.dial(b)
        let ofB = await self.identified(aChanges)
        #expect(ofB.agentVersion == "test/b")
        #expect(ofB.publicKey.map { PeerID($0) } == b.peerID)
        #expect(ofB.listenAddresses == b.boundAddresses)
        #expect(ofB.protocols.contains("/test/1"))
        #expect(ofB.protocols.contains(IdentifyMessage.protocolID))
        #expect(connection.identify == ofB)
        #expect(connection.peerRecord?.addresses == b.boundAddresses)
        #expect(connection.peerRecord?.peer == b.peerID)
        let ofA = await self.identified(bChanges)
        #expect(ofA.agentVersion == "test/a")
        // Each tells the other where it sees it.
        #expect(ofA.observedAddress == b.boundAddresses[0])
        #expect(b.observedAddresses(seenBy: 1) == [b.boundAddresses[0]])
        #expect(b.observedAddresses(seenBy: 2).isEmpty)
        try await a.end()
        try await b.end()
    }

    @Test func recordOfAnEarlierRunGoesOnUntilTheAddressesChange() async throws {
        let key = Ed25519.PrivateKey.generate()
        let address = Multiaddr(parsing: "/ip4/192.0.2.7/tcp/4001")!
        func host() async throws -> Host {
            let host = try await Host.make { $0.key = key }
            host.announcedAddresses = [address]
            return host
        }
        let first = try await host()
        let envelope = first.signedPeerRecord
        try await first.end()
        let second = try await host()
        second.resumePeerRecord(envelope)
        #expect(second.signedPeerRecord == envelope)
        // Another's record is none of ours.
        second.resumePeerRecord(
            PeerRecord(
                peer: PeerID(Ed25519.PrivateKey.generate().publicKey), sequence: 1, addresses: [address]
            )
            .sealed(by: .generate()))
        #expect(second.signedPeerRecord == envelope)
        second.announcedAddresses = [Multiaddr(parsing: "/ip4/192.0.2.8/tcp/4001")!]
        let before = try #require(PeerRecord(envelope: envelope))
        let after = try #require(PeerRecord(envelope: second.signedPeerRecord))
        #expect(after.sequence > before.sequence)
        try await second.end()
    }

    @Test func changesArePushed() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let changes = a.changes
        let connection = try await a.dial(b)
        let before = await self.identified(changes)
        #expect(!before.protocols.contains("/test/new"))
        while b.connections.first?.identify == nil { try await value(Loop.eventLoop.submit {}) }
        let firstRecord = try #require(connection.peerRecord)
        b.setHandler("/test/new") { $0.reset() }
        let external = Multiaddr(parsing: "/ip4/192.0.2.7/tcp/4001")!
        b.announcedAddresses = [external]
        let after = await self.identified(changes)
        #expect(after.protocols.contains("/test/new"))
        #expect(after.listenAddresses == [external])
        #expect(connection.peerRecord?.addresses == [external])
        #expect(connection.peerRecord.map { $0.sequence > firstRecord.sequence } == true)
        try await a.end()
        try await b.end()
    }

    @Test func streamsDoNotWaitForIdentify() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let inbound = b.inbound("/test/1")
        var isOpen = false
        a.observe(
            HostObserver(connected: { connection in
                // What the peer says of itself is still to come: nothing was read since the handshake.
                #expect(connection.identify == nil)
                guard let stream = connection.openStream("/test/1") else { return }
                stream.write([1])
                isOpen = true
            }))
        _ = try await a.dial(b)
        #expect(isOpen)
        let events = await inbound.next().events
        #expect(await events.bytes(1) == [1])
        try await a.end()
        try await b.end()
    }

    @Test func foreignKeysAndRecordsAreLeftOut() async throws {
        let a = try await Host.make()
        let b = try await Host.make(listening: false)
        let changes = a.changes
        let connection = try await b.dial(a)
        _ = await self.identified(changes)
        let third = Ed25519.PrivateKey.generate()
        let address = Multiaddr(parsing: "/ip4/198.51.100.1/tcp/1")!
        let forged = PeerRecord(peer: PeerID(third.publicKey), sequence: .max, addresses: [address]).sealed(
            by: third)
        let message = IdentifyMessage(
            publicKey: PublicKey(third.publicKey), agentVersion: "forged", signedPeerRecord: forged)
        let stream = try #require(connection.openStream(IdentifyMessage.pushProtocolID))
        stream.write(message.encoded)
        stream.finish()
        let seen = await self.identified(changes)
        #expect(seen.agentVersion == "forged")
        #expect(seen.publicKey.map { PeerID($0) } == b.peerID)
        let record = try #require(a.connections(to: b.peerID).first?.peerRecord)
        #expect(record.peer == b.peerID)
        #expect(!record.addresses.contains(address))
        #expect(seen.record(of: PeerID(third.publicKey)) == nil)
        try await a.end()
        try await b.end()
    }

    @Test func aFloodOfPushesIsReset() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let connection = try await b.dial(a)
        var resets = 0
        for _ in 0..<40 {
            let stream = try #require(connection.openStream(IdentifyMessage.pushProtocolID))
            let events = stream.events
            stream.write(IdentifyMessage(agentVersion: "again").encoded)
            stream.finish()
            loop: while true {
                switch await events.next() {
                case .closed(.reset?):
                    resets += 1
                    break loop
                case .closed: break loop
                default: continue
                }
            }
        }
        #expect(resets > 0)
        #expect(connection.isUsable)
        try await a.end()
        try await b.end()
    }

    /// Streams that ask who we are and are never closed: four at a time are answered.
    @Test func questionsServedAtOnceAreBounded() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let connection = try await b.dial(a)
        let identified = connection.identify != nil
        var open: [Events<StreamEvent>] = []
        var resets = 0
        while resets == 0, open.count < 20 {
            let stream = try #require(connection.openStream(IdentifyMessage.protocolID))
            let events = stream.events
            wait: while true {
                switch await events.next() {
                case .closed(.reset?):
                    resets += 1
                    break wait
                case .data, .closed: continue
                case .finished:
                    open.append(events)
                    break wait
                }
            }
        }
        #expect(resets == 1 && open.count <= 4 && (open.count >= 3 || identified))
        try await a.end()
        try await b.end()
    }

    @Test func malformedIdentifyIsReset() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let connection = try await b.dial(a)
        let stream = try #require(connection.openStream(IdentifyMessage.pushProtocolID))
        let events = stream.events
        // A part of 2 GiB is announced.
        stream.write([0xff, 0xff, 0xff, 0xff, 0x07])
        #expect(await events.next() == .closed(.reset(code: StreamErrorCode.protocolViolation)))
        #expect(connection.isUsable)
        try await a.end()
        try await b.end()
    }
}

@Suite(.timeLimit(.minutes(1))) @Loop struct HostPingTests {
    private let ping = "/ipfs/ping/1.0.0"

    @Test func aPingMeasuresARoundTrip() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let connection = try await a.dial(b)
        let duration = try await value(a.ping(b.peerID))
        #expect(duration > .zero)
        #expect(connection.rtt == duration)
        _ = try await value(a.ping(b.peerID))
        let nobody = PeerID(Ed25519.PrivateKey.generate().publicKey)
        await #expect(throws: OpenStreamError.notConnected) { _ = try await value(a.ping(nobody)) }
        try await a.end()
        try await b.end()
    }

    @Test func everyRequestOnAStreamIsEchoed() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let connection = try await a.dial(b)
        let stream = try #require(connection.openStream(self.ping))
        let events = stream.events
        let request = PRNG.bytes(96, seed: 3)
        stream.write(Array(request.prefix(40)))
        #expect(await events.bytes(32) == Array(request.prefix(32)))
        stream.write(Array(request.dropFirst(40)))
        #expect(await events.bytes(64) == Array(request.dropFirst(32)))
        stream.finish()
        #expect(await events.next() == .finished)
        try await a.end()
        try await b.end()
    }

    @Test func aPeerHasTwoPingStreamsAtMost() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        // Two connections: the limit is the peer's, not the connection's.
        let first = try await a.dial(b)
        let second = try await a.dial(b)
        var open: [Events<StreamEvent>] = []
        for connection in [first, second, first] {
            let stream = try #require(connection.openStream(self.ping))
            open.append(stream.events)
            stream.write([UInt8](repeating: 1, count: 32))
            if open.count < 3 { #expect(await open[open.count - 1].bytes(32).count == 32) }
        }
        #expect(await open[2].next() == .closed(.reset(code: StreamErrorCode.resourceLimit)))
        try await a.end()
        try await b.end()
    }

    @Test func anIdlePingStreamIsReset() async throws {
        let a = try await Host.make()
        let b = try await Host.make { $0.deadlines.pingIdle = .milliseconds(30) }
        let connection = try await a.dial(b)
        let stream = try #require(connection.openStream(self.ping))
        #expect(await stream.events.next() == .closed(.reset(code: 0)))
        try await a.end()
        try await b.end()
    }
}
