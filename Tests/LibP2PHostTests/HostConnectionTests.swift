import DescordCrypto
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(2))) @Loop struct HostConnectionTests {
    @Test func dialAuthenticatesBothSides() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let changes = b.changes
        let connection = try await a.dial(b)
        #expect(connection.peer == b.peerID)
        #expect(connection.direction == .outbound)
        #expect(connection.remoteAddress == b.boundAddresses[0])
        #expect(await changes.next() == .connected(a.peerID))
        let inbound = try #require(b.connections(to: a.peerID).first)
        #expect(inbound.direction == .inbound)
        #expect(inbound.handshakeHash.count == 32)
        #expect(inbound.handshakeHash == connection.handshakeHash)
        try await a.end()
        try await b.end()
    }

    @Test func theOtherSideLearnsOfAClose() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let changes = b.changes
        let connection = try await a.dial(b)
        let stream = try #require(connection.openStream(PingServiceName.ping))
        let events = stream.events
        connection.close()
        #expect(await events.next() == .closed(.connectionClosed))
        #expect(a.connections.isEmpty)
        while await changes.next() != .disconnected(a.peerID, last: true) {}
        #expect(b.connections.isEmpty)
        try await a.end()
        try await b.end()
    }

    @Test func anotherPeerThanExpectedIsRefused() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let stranger = PeerID(Ed25519.PrivateKey.generate().publicKey)
        let failure = await #expect(throws: DialError.self) {
            _ = try await value(a.dial(b.boundAddresses, expecting: stranger, deadline: .seconds(20)))
        }
        guard case .handshakeFailed(.noise) = failure?.attempts.first?.failure else {
            Issue.record("not refused by the handshake: \(String(describing: failure))")
            return
        }
        #expect(a.connections.isEmpty)
        try await a.end()
        try await b.end()
    }

    @Test func anAddressThatNamesAnotherPeerIsNotDialled() async throws {
        let a = try await Host.make()
        let canary = try await Canary()
        let expected = PeerID(Ed25519.PrivateKey.generate().publicKey)
        let address = canary.address.with(peer: PeerID(Ed25519.PrivateKey.generate().publicKey))
        let failure = await #expect(throws: DialError.self) {
            _ = try await value(a.dial([address], expecting: expected, deadline: .seconds(20)))
        }
        #expect(failure?.attempts.map(\.failure) == [.addressOfAnotherPeer])
        #expect(canary.visitors.pending.isEmpty)
        try await a.end()
        try await canary.close()
    }

    @Test func ownIdIsNeverDialled() async throws {
        let a = try await Host.make()
        let elsewhere = a.elsewhere
        let expectedSelf = await #expect(throws: DialError.self) { _ = try await a.dial(a) }
        #expect(expectedSelf?.attempts.map(\.failure) == [.ownIdentity])
        // Without an expectation the handshake shows it.
        let anyone = await #expect(throws: DialError.self) {
            _ = try await value(a.dial(a.boundAddresses, expecting: nil, deadline: .seconds(20)))
        }
        #expect(anyone?.attempts.map(\.failure) == [.ownIdentity])
        #expect(a.connections.isEmpty)
        // Both ends have ended; its own listener was no other process.
        try await a.end()
        #expect(elsewhere.pending.isEmpty)
    }

    @Test func ownIdentityInAnotherProcessIsToldAtBothEnds() async throws {
        let key = Ed25519.PrivateKey.generate()
        let a = try await Host.make(key: key)
        let b = try await Host.make(key: key)
        let (heardByA, heardByB) = (a.elsewhere, b.elsewhere)
        let failure = await #expect(throws: DialError.self) {
            _ = try await value(a.dial(b.boundAddresses, expecting: nil, deadline: .seconds(20)))
        }
        #expect(failure?.attempts.map(\.failure) == [.ownIdentity])
        #expect(await heardByA.next() == b.boundAddresses[0])
        #expect(await heardByB.next().ip == [127, 0, 0, 1])
        #expect(a.connections.isEmpty && b.connections.isEmpty)
        try await a.end()
        try await b.end()
        #expect(heardByA.pending.isEmpty && heardByB.pending.isEmpty)
    }

    @Test func theFirstAddressThatAuthenticatesWins() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let silent = try await Canary()
        let closedPort = try await Canary()
        try await closedPort.close()
        let addresses = [silent.address, closedPort.address, b.boundAddresses[0]]
        let connection = try await value(a.dial(addresses, expecting: b.peerID, deadline: .seconds(60)))
        #expect(connection.remoteAddress == b.boundAddresses[0])
        #expect(a.connections.count == 1)
        try await a.end()
        try await b.end()
        try await silent.close()
    }

    @Test func everyAddressReportsItsFailure() async throws {
        let a = try await Host.make()
        let silent = try await Canary()
        let closedPort = try await Canary()
        try await closedPort.close()
        let udp = Multiaddr(parsing: "/ip4/127.0.0.1/udp/9/quic-v1")!
        let failure = await #expect(throws: DialError.self) {
            _ = try await value(
                a.dial(
                    [udp, closedPort.address, silent.address], expecting: nil, deadline: .milliseconds(300)))
        }
        let failures = failure?.attempts.map(\.failure) ?? []
        #expect(failures.count == 3)
        #expect(failures.first == .unsupportedAddress)
        #expect(failures.last == .timedOut)
        if case .unreachable = failures[1] {} else { Issue.record("\(failures[1])") }
        try await a.end()
        try await silent.close()
    }

    @Test func noMoreAddressesThanTheLimitAreDialled() async throws {
        let a = try await Host.make { $0.limits.parallelDials = 2 }
        let canaries = [try await Canary(), try await Canary(), try await Canary()]
        let failure = await #expect(throws: DialError.self) {
            _ = try await value(
                a.dial(canaries.map(\.address), expecting: nil, deadline: .milliseconds(300)))
        }
        #expect(failure?.attempts.count == 2)
        #expect(canaries[2].visitors.pending.isEmpty)
        for canary in canaries { try await canary.close() }
        try await a.end()
    }

    @Test func aTakenPortIsReplacedByAFreeOne() async throws {
        let a = try await Host.make()
        let b = try await Host.make { $0.listenAddresses = a.boundAddresses }
        #expect(b.boundAddresses.count == 1)
        #expect(b.boundAddresses[0].tcpPort != a.boundAddresses[0].tcpPort)
        _ = try await a.dial(b)
        try await a.end()
        try await b.end()
    }

    @Test func oneSurplusConnectionToAPeerClosesTheOldest() async throws {
        let a = try await Host.make { $0.limits.connectionsPerPeer = 2 }
        let b = try await Host.make()
        let first = try await a.dial(b)
        let second = try await a.dial(b)
        #expect(a.connections(to: b.peerID).map(\.ordinal) == [second.ordinal, first.ordinal])
        let third = try await a.dial(b)
        #expect(a.connections(to: b.peerID).map(\.ordinal) == [third.ordinal, second.ordinal])
        #expect(!first.isUsable)
        let stream = try await value(a.openStream(to: b.peerID, [PingServiceName.ping]))
        #expect(stream.connection === third)
        try await a.end()
        try await b.end()
    }

    @Test func onlyTheLastDisconnectionIsTheLast() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let first = try await a.dial(b)
        let second = try await a.dial(b)
        let changes = a.changes
        first.close()
        second.close()
        var seen: [HostChange] = []
        while seen.count < 2 {
            let change = await changes.next()
            if case .disconnected = change { seen.append(change) }
        }
        #expect(seen == [.disconnected(b.peerID, last: false), .disconnected(b.peerID, last: true)])
        try await a.end()
        try await b.end()
    }

    @Test func closingAHostThatIsDiallingFailsTheDial() async throws {
        let a = try await Host.make()
        let silent = try await Canary()
        let dial = a.dial([silent.address], expecting: nil, deadline: .seconds(60))
        _ = await silent.visitors.next()
        let closing = a.close()
        let failure = await #expect(throws: DialError.self) { _ = try await value(dial) }
        #expect(failure?.attempts.map(\.failure) == [.cancelled])
        try await value(closing)
        try await silent.close()
    }
}

/// Names of the protocols that every host serves.
enum PingServiceName {
    static let ping = "/ipfs/ping/1.0.0"
}
