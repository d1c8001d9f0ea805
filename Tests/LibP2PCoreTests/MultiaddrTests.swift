import LibP2PCore
import Testing

@Suite struct MultiaddrTests {
    private static let peer = "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"

    @Test(arguments: [
        ("/ip4/127.0.0.1/tcp/4001", "047f000001060fa1"),
        ("/ip4/1.2.3.4/udp/1234/quic-v1", "0401020304910204d2cd03"),
        ("/ip6/::1/tcp/80", "29000000000000000000000000000000010600 50"),
        ("/dns4/example.com/tcp/443/tls/ws", "360b6578616d706c652e636f6d0601bbc003dd03"),
        ("/ip6/2001:db8::1/tcp/1", "2920010db8000000000000000000000001060001"),
        ("/p2p-circuit", "a202"),
    ])
    func textAndBinaryAreOneAddress(_ text: String, _ hex: String) throws {
        let bytes = try #require(Multibase.decodeHex(hex.filter { $0 != " " }))
        let address = try #require(Multiaddr(parsing: text))
        #expect(address.bytes == bytes)
        #expect(Multiaddr(bytes: bytes) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "/ip4/10.0.0.1/tcp/1/p2p/\(peer)", "/dnsaddr/bootstrap.example.org/p2p/\(peer)",
        "/ip4/1.2.3.4/tcp/5/p2p/\(peer)/p2p-circuit/p2p/\(peer)", "/unix/tmp/a.sock", "/memory/77",
        "/ip6zone/eth0/ip6/fe80::1/tcp/9", "/ip4/1.1.1.1/udp/9/quic-v1/webtransport",
        "/dns6/a.b/tcp/1/tls/sni/a.b/wss",
        "/ip4/10.0.0.0/ipcidr/8",
    ])
    func everyKindComesBack(_ text: String) throws {
        let address = try #require(Multiaddr(parsing: text))
        #expect(address.description == text)
        #expect(Multiaddr(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        "", "/", "ip4/1.2.3.4", "/ip4", "/ip4/1.2.3", "/ip4/01.2.3.4", "/ip4/1.2.3.256", "/ip4/1.2.3.4/tcp",
        "/ip4/1.2.3.4/tcp/65536",
        "/ip4/1.2.3.4/tcp/-1", "/ip4/1.2.3.4/tcp/+1", "/ip4/1.2.3.4/tcp/", "/ip6/1::2::3", "/ip6/12345::",
        "/ip6/:::", "/nonsense/1",
        "/ip4/10.0.0.0/ipcidr/+8", "/ip4/10.0.0.0/ipcidr/256", "/memory/+7", "/memory/-0", "/udp/+1",
        "/p2p/hello", "//ip4/1.2.3.4", "/ip4/1.2.3.4//tcp/1", "/ip6/1:2:3:4:5:6:7:8:9",
    ])
    func malformedTextIsRefused(_ text: String) {
        #expect(Multiaddr(parsing: text) == nil)
    }

    @Test func oldNamesOfPeersAreRead() {
        #expect(Multiaddr(parsing: "/ipfs/\(Self.peer)")?.description == "/p2p/\(Self.peer)")
    }

    @Test func aTruncatedAddressIsRefusedAtEveryOffset() throws {
        let address = try #require(Multiaddr(parsing: "/dns4/example.com/tcp/443/p2p/\(Self.peer)"))
        let ends: Set<Int> = [13, 16]
        for size in 0..<address.bytes.count {
            #expect(
                (Multiaddr(bytes: address.bytes.prefix(size)) == nil) == !ends.contains(size), "\(size) bytes"
            )
        }
    }

    @Test(
        arguments: [
            [0xff, 0x7f, 1], [4, 1, 2, 3], [0x36, 0x00], [0x36, 0xff, 0xff, 0xff, 0xff, 0x0f],
            [0x84, 0x00, 1, 2, 3, 4], [0x36, 1, 0xff],
        ] as [[UInt8]])
    func malformedAndUnknownBytesAreRefused(_ bytes: [UInt8]) {
        #expect(Multiaddr(bytes: bytes) == nil)
    }

    @Test func lengthIsBounded() throws {
        let part = try #require(Multiaddr(parsing: "/ip4/1.2.3.4/tcp/1"))
        #expect(Multiaddr(bytes: (0..<128).flatMap { _ in part.bytes }) != nil)
        #expect(Multiaddr(bytes: (0..<129).flatMap { _ in part.bytes }) == nil)
    }

    @Test func thePeerAtTheEndCanBeReplaced() throws {
        let peer = try #require(PeerID(parsing: Self.peer))
        let bare = try #require(Multiaddr(parsing: "/ip4/1.2.3.4/tcp/5"))
        let full = bare.with(peer: peer)
        #expect(full.peerID == peer && full.withoutPeer == bare && full.with(peer: peer) == full)
        #expect(full.ip == [1, 2, 3, 4] && full.tcpPort == 5 && bare.peerID == nil)
    }

    @Test(arguments: [
        ("1:0:0:4:0:0:0:8", "1:0:0:4::8"), ("::ffff:1.2.3.4", "::ffff:102:304"),
        ("2001:DB8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("::", "::"), ("1::", "1::"),
    ])
    func version6HasItsCanonicalForm(_ text: String, _ canonical: String) throws {
        let bytes = try #require(IPAddressText.parse6(text))
        #expect(IPAddressText.format6(bytes) == canonical)
        #expect(IPAddressText.parse6(canonical) == bytes)
    }

    @Test func randomBytesNeverTrapAndWhatIsReadIsCanonical() {
        var prng = PRNG(seed: 5)
        let codes: [UInt8] = [4, 6, 41, 42, 43, 53, 54, 0x91, 0x02, 0xa2, 0xa5, 0x03, 0xdd]
        for _ in 0..<20_000 {
            let bytes = (0..<prng.below(24)).map { _ in
                prng.below(2) == 0 ? codes[prng.below(codes.count)] : UInt8(prng.below(256))
            }
            if let address = Multiaddr(bytes: bytes) {
                #expect(address.bytes == bytes)
            }
        }
    }
}
