import DescordCrypto
import LibP2PCore
import NIOCore
import Testing

@testable import LibP2PHost

@Suite struct DialPolicyTests {
    private let home = LocalNetwork(subnets: [
        .init(address: [127, 0, 0, 1], prefixLength: 8, interface: "lo"),
        .init(address: [192, 168, 1, 5], prefixLength: 24, interface: "eth0"),
        .init(address: [169, 254, 3, 4], prefixLength: 16, interface: "eth1"),
        .init(address: IPAddressText.parse6("fd00:1::5")!, prefixLength: 64, interface: "eth0"),
    ])
    private let everywhere = [Multiaddr(parsing: "/ip4/0.0.0.0/tcp/4001")!]
    private let loopback = [Multiaddr(parsing: "/ip4/127.0.0.1/tcp/4001")!]

    private func allows(_ text: String, _ source: AddressSource, listening: [Multiaddr]? = nil) -> Bool {
        DialPolicy(network: self.home, listening: listening ?? self.everywhere)
            .allows(DialCandidate(Multiaddr(parsing: text)!, source))
    }

    @Test(arguments: [
        // address, typed or ticket, unsolicited, unsolicited on a loopback-only node
        ("/ip4/93.184.216.34/tcp/1", true, true, true),
        ("/ip6/2606:2800:220::1/tcp/1", true, true, true),
        ("/ip4/127.0.0.1/tcp/6379", true, false, true),
        ("/ip4/127.9.9.9/tcp/6379", true, false, true),
        ("/ip6/::1/tcp/6379", true, false, true),
        ("/ip6/::ffff:127.0.0.1/tcp/6379", true, false, true),
        ("/ip6/::ffff:10.0.0.1/tcp/1", true, false, false),
        ("/ip6/64:ff9b::10.0.0.1/tcp/1", true, false, false),
        ("/ip6/2002:7f00:1::1/tcp/1", true, false, true),
        ("/ip4/169.254.169.254/tcp/80", true, false, false),
        ("/ip4/169.254.9.9/tcp/80", true, true, false),
        ("/ip6/fe80::1/tcp/80", true, false, false),
        ("/ip4/10.0.0.1/tcp/1", true, false, false),
        ("/ip4/172.16.0.1/tcp/1", true, false, false),
        ("/ip4/172.32.0.1/tcp/1", true, true, true),
        ("/ip4/100.64.0.1/tcp/1", true, false, false),
        ("/ip4/192.168.1.77/tcp/1", true, true, false),
        ("/ip4/192.168.2.77/tcp/1", true, false, false),
        ("/ip6/fd00:1::77/tcp/1", true, true, false),
        ("/ip6/fd00:2::77/tcp/1", true, false, false),
        ("/ip4/0.0.0.0/tcp/1", false, false, false),
        ("/ip4/224.0.0.251/tcp/1", false, false, false),
        ("/ip4/255.255.255.255/tcp/1", false, false, false),
        ("/ip6/::/tcp/1", false, false, false),
        ("/ip6/ff02::fb/tcp/1", false, false, false),
        ("/ip4/93.184.216.34/tcp/0", false, false, false),
        ("/dns4/example.org/tcp/1", true, false, false),
        ("/ip4/93.184.216.34/udp/1/quic-v1", false, false, false),
        ("/ip4/93.184.216.34/tcp/1/ws", false, false, false),
    ])
    func addressesAreDialledBySource(_ row: (String, Bool, Bool, Bool)) {
        #expect(self.allows(row.0, .typed) == row.1)
        #expect(self.allows(row.0, .ticket) == row.1)
        #expect(self.allows(row.0, .unsolicited) == row.2)
        #expect(self.allows(row.0, .unsolicited, listening: self.loopback) == row.3)
    }

    @Test func multicastDNSIsBelievedForItsSourceOnOurSubnetsAlone() {
        let near: AddressSource = .multicastDNS(packetSource: [192, 168, 1, 77])
        #expect(self.allows("/ip4/192.168.1.77/tcp/1", near))
        #expect(!self.allows("/ip4/192.168.1.78/tcp/1", near))
        #expect(!self.allows("/ip4/93.184.216.34/tcp/1", near))
        #expect(!self.allows("/ip4/127.0.0.1/tcp/1", near))
        #expect(!self.allows("/ip4/10.1.1.1/tcp/1", .multicastDNS(packetSource: [10, 1, 1, 1])))
        #expect(!self.allows("/ip4/192.168.1.77/tcp/1", near, listening: self.loopback))
    }

    @Test func aPeerHasEightAddressesAtMostAndTypedOnesGoFirst() {
        var policy = DialPolicy(network: self.home, listening: self.everywhere)
        let strangers = (1...10).map {
            DialCandidate(Multiaddr(parsing: "/ip4/93.184.216.\($0)/tcp/1")!, .unsolicited)
        }
        let typed = DialCandidate(Multiaddr(parsing: "/ip4/10.0.0.1/tcp/1")!, .typed)
        let admitted = policy.admit(strangers + [typed, typed])
        #expect(admitted.count == 8)
        #expect(admitted.first == typed.address)
        #expect(policy.unsolicitedDials == 7)
    }

    @Test func strangersCauseSixteenDialsARun() {
        var policy = DialPolicy(network: self.home, listening: self.everywhere)
        var count = 0
        for index in 1...100 {
            count +=
                policy.admit([
                    DialCandidate(Multiaddr(parsing: "/ip4/93.184.216.\(index)/tcp/1")!, .unsolicited)
                ]).count
        }
        #expect(count == 16)
        policy.update(network: self.home, listening: self.loopback)
        #expect(policy.admit([DialCandidate(self.loopback[0], .unsolicited)]).isEmpty)
        #expect(policy.admit([DialCandidate(self.loopback[0], .ticket)]) == self.loopback)
    }

    @Test func theUnspecifiedAddressIsAnnouncedAsTheInterfaces() {
        let bound = [Multiaddr(parsing: "/ip4/0.0.0.0/tcp/7")!]
        #expect(self.home.reachable(bound).map(\.description) == ["/ip4/192.168.1.5/tcp/7"])
        let alone = LocalNetwork(subnets: [.init(address: [127, 0, 0, 1], prefixLength: 8, interface: "lo")])
        #expect(alone.reachable(bound).map(\.description) == ["/ip4/127.0.0.1/tcp/7"])
        #expect(self.home.reachable(self.loopback) == self.loopback)
    }
}

@Suite(.timeLimit(.minutes(1))) @Loop struct HostDialPolicyTests {
    @Test func aCanaryOnLoopbackSeesNothingOfWhatStrangersTell() async throws {
        let host = try await Host.make { $0.listenAddresses = [Multiaddr(parsing: "/ip4/0.0.0.0/tcp/0")!] }
        let canary = try await Canary()
        let mapped = Multiaddr(
            ip: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1], tcpPort: canary.address.tcpPort!)!
        for source in [AddressSource.unsolicited, .multicastDNS(packetSource: [127, 0, 0, 1])] {
            let candidates = [canary.address, mapped].map { DialCandidate($0, source) }
            let failure = await #expect(throws: DialError.self) {
                _ = try await value(host.dial(candidates, expecting: nil, deadline: .seconds(5)))
            }
            #expect(failure?.attempts.map(\.failure) == [.forbiddenByPolicy, .forbiddenByPolicy])
        }
        #expect(canary.visitors.pending.isEmpty)
        // The same address is dialled when the user typed it: the canary would have sung.
        let typed = host.dial([DialCandidate(canary.address, .typed)], expecting: nil, deadline: .seconds(20))
        #expect(await canary.visitors.next())
        let closing = host.close()
        await #expect(throws: DialError.self) { _ = try await value(typed) }
        try await value(closing)
        try await canary.close()
    }

    @Test func aLoopbackOnlyHostDialsLoopback() async throws {
        let a = try await Host.make()
        let b = try await Host.make()
        let candidate = DialCandidate(b.boundAddresses[0], .unsolicited)
        let connection = try await value(a.dial([candidate], expecting: b.peerID, deadline: .seconds(20)))
        #expect(connection.peer == b.peerID)
        #expect(a.dialPolicy.unsolicitedDials == 1)
        try await a.end()
        try await b.end()
    }
}
