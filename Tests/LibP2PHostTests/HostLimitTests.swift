import DescordCrypto
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(2))) @Loop struct HostLimitTests {
    @Test func aSilentPeerIsClosedByTheHandshakeDeadline() async throws {
        let host = try await Host.make { $0.deadlines.handshake = .milliseconds(50) }
        let peer = try await RawPeer(to: host.boundAddresses[0])
        #expect(await peer.closed.next())
        try await host.end()
    }

    @Test func aSlowPeerIsClosedByTheHandshakeDeadline() async throws {
        let host = try await Host.make { $0.deadlines.handshake = .milliseconds(50) }
        let peer = try await RawPeer(to: host.boundAddresses[0])
        // The header and a proposal, and then nothing more of the handshake.
        peer.write([0x13] + Array("/multistream/1.0.0\n/".utf8))
        #expect(await peer.closed.next())
        try await host.end()
    }

    @Test func garbageIsClosedWithoutWaiting() async throws {
        let host = try await Host.make { $0.deadlines.handshake = .seconds(3_600) }
        let seed = Entropy.seed()
        print("garbage: SEED=\(seed), 20 connections")
        var prng = PRNG(seed: seed)
        for _ in 0..<20 {
            let peer = try await RawPeer(to: host.boundAddresses[0])
            var bytes = (0..<2_000).map { _ in UInt8(truncatingIfNeeded: prng.next()) }
            // A first byte that cannot begin the header, so that the refusal needs no more bytes.
            bytes[0] = 0x47
            peer.write(bytes)
            #expect(await peer.closed.next())
        }
        #expect(host.connections.isEmpty)
        try await host.end()
    }

    @Test func halfOpenConnectionsAreBounded() async throws {
        let host = try await Host.make {
            $0.limits.halfOpenInbound = 3
            $0.deadlines.handshake = .seconds(3_600)
        }
        var held: [RawPeer] = []
        for _ in 0..<3 { held.append(try await RawPeer(to: host.boundAddresses[0])) }
        let surplus = try await RawPeer(to: host.boundAddresses[0])
        #expect(await surplus.closed.next())
        for peer in held { #expect(peer.closed.pending.isEmpty) }
        try await host.end()
        for peer in held { #expect(await peer.closed.next()) }
    }

    @Test func oneAddressCannotTakeAllHalfOpenPlaces() async throws {
        let host = try await Host.make {
            $0.limits.halfOpenInboundPerAddress = 2
            $0.deadlines.handshake = .seconds(3_600)
        }
        var held: [RawPeer] = []
        for _ in 0..<2 { held.append(try await RawPeer(to: host.boundAddresses[0])) }
        let surplus = try await RawPeer(to: host.boundAddresses[0])
        #expect(await surplus.closed.next())
        try await host.end()
    }

    @Test func halfOpenPlacesComeFreeWhenThePeerLeaves() async throws {
        let host = try await Host.make {
            $0.limits.halfOpenInbound = 1
            $0.deadlines.handshake = .seconds(3_600)
        }
        let first = try await RawPeer(to: host.boundAddresses[0])
        first.write([0x13])
        await first.close()
        let other = try await Host.make(listening: false)
        // The departure may be seen after the arrival: a refused dial is tried again.
        var connection: Connection?
        while connection == nil {
            connection = try? await other.dial(host)  // refused until the first one is gone
        }
        #expect(connection?.peer == host.peerID)
        try await other.end()
        try await host.end()
    }

    @Test func connectionsInTotalAreBounded() async throws {
        let host = try await Host.make { $0.limits.connections = 2 }
        let others = [try await Host.make(), try await Host.make(), try await Host.make()]
        _ = try await others[0].dial(host)
        _ = try await others[1].dial(host)
        await #expect(throws: DialError.self) { _ = try await others[2].dial(host) }
        // The host does not dial beyond it either.
        let failure = await #expect(throws: DialError.self) { _ = try await host.dial(others[2]) }
        #expect(failure?.attempts.map(\.failure) == [.refusedByLimit])
        for other in others { try await other.end() }
        try await host.end()
    }

    @Test func aPeerThatFallsSilentIsClosed() async throws {
        let a = try await Host.make {
            $0.deadlines.keepAliveInterval = .milliseconds(50)
            $0.deadlines.keepAliveTimeout = .milliseconds(50)
        }
        let b = try await Host.make { $0.deadlines.keepAliveInterval = nil }
        let relay = try await Relay(to: b.boundAddresses[0])
        let changes = a.changes
        _ = try await value(a.dial([relay.address], expecting: b.peerID, deadline: .seconds(20)))
        relay.swallow()
        while await changes.next() != .disconnected(b.peerID, last: true) {}
        #expect(a.connections.isEmpty)
        try await relay.close()
        try await a.end()
        try await b.end()
    }
}
