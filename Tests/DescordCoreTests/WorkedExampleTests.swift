import DescordCrypto
import Foundation
import LibP2PCore
import Testing

@testable import DescordCore

/// The worked example of `docs/protocol.md`, made here and compared with what the page says.
@Suite struct WorkedExampleTests {
    static func lines() throws -> [(String, String)] {
        func key(_ first: UInt8) -> Ed25519.PrivateKey {
            Ed25519.PrivateKey(seed: SecretBytes(first..<first + 32))!
        }
        func bytes(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }
        let alice = key(0x00)
        let bob = key(0x20)
        let ticketKey = key(0x40)
        let time: UInt64 = 1_700_000_000_000
        let genesis = try DescordCore.Operation(
            signing: OperationHeader(
                space: nil, sequence: 0, previous: nil, dependencies: [],
                clock: HybridLogicalClock(milliseconds: time, counter: 0), kind: .spaceCreate,
                nonce: bytes(0x11),
                body: SpaceCreate(name: "ops", isPublic: false).encoded), by: alice)
        let channel = try DescordCore.Operation(
            signing: OperationHeader(
                space: genesis.id, sequence: 1, previous: genesis.id, dependencies: [],
                clock: HybridLogicalClock(milliseconds: time, counter: 1), kind: .channelCreate,
                body: ChannelCreate(name: "general").encoded), by: alice)
        let post = try DescordCore.Operation(
            signing: OperationHeader(
                space: genesis.id, sequence: 2, previous: channel.id, dependencies: [],
                clock: HybridLogicalClock(milliseconds: time + 1_000, counter: 0), kind: .messagePost,
                channel: channel.id), content: MessagePost(text: "hello").encoded, salt: bytes(0x22),
            by: alice)
        let invite = try DescordCore.Operation(
            signing: OperationHeader(
                space: genesis.id, sequence: 3, previous: post.id, dependencies: [],
                clock: HybridLogicalClock(milliseconds: time + 2_000, counter: 0), kind: .inviteCreate,
                body: InviteCreate(publicKey: ticketKey.publicKey, rank: 0, uses: 1).encoded), by: alice)
        let join = try DescordCore.Operation(
            signing: OperationHeader(
                space: genesis.id, sequence: 0, previous: nil, dependencies: [invite.id],
                clock: HybridLogicalClock(milliseconds: time + 3_000, counter: 0), kind: .memberJoin,
                body: MemberJoin(
                    invite: invite.id,
                    signature: JoinProof.forOperation(
                        space: genesis.id, invite: invite.id, joiner: bob.publicKey, by: ticketKey)
                ).encoded), by: bob)
        let ticket = Ticket(
            space: genesis.id, spaceName: "ops", invite: invite.id, key: ticketKey,
            peers: [
                .init(
                    id: PeerID(alice.publicKey), addresses: [Multiaddr(parsing: "/ip4/127.0.0.1/tcp/4001")!])
            ],
            signedBy: alice)
        let set = [genesis, channel, post].map(\.id)
        let summary = SyncSummary(SetFingerprint(set), heads: [post.id])
        let proof = JoinProof.forConnection(
            space: genesis.id, invite: invite.id, joiner: bob.publicKey, handshakeHash: bytes(0x44),
            by: ticketKey)
        return [
            ("alice's key", Multibase.hex(alice.publicKey.bytes)),
            ("alice's peer id", PeerID(alice.publicKey).description),
            ("genesis header", Multibase.hex(genesis.headerBytes)),
            ("genesis id", genesis.id.hex),
            ("genesis operation", Multibase.hex(genesis.encoded)),
            ("channel id", channel.id.hex),
            ("channel operation", Multibase.hex(channel.encoded)),
            ("post header", Multibase.hex(post.headerBytes)),
            ("post content", Multibase.hex(post.content!)),
            ("post content_hash", Multibase.hex(post.header.contentHash!)),
            ("post id", post.id.hex),
            ("post operation", Multibase.hex(post.encoded)),
            ("invite id", invite.id.hex),
            ("join operation", Multibase.hex(join.encoded)),
            ("join proof", Multibase.hex(proof)),
            ("fingerprint", Multibase.hex(summary.fingerprint)),
            ("heads_hash", Multibase.hex(summary.headsHash)),
            (
                "blinded",
                Multibase.hex(
                    SyncSession.blinded(
                        genesis.id, initiator: bob.publicKey, responder: alice.publicKey, nonce: bytes(0x33)))
            ),
            ("ticket", ticket.text),
        ]
    }

    @Test func pageSaysWhatIsMade() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/protocol.md"), encoding: .utf8)
        for (name, value) in try Self.lines() {
            #expect(page.contains("\n\(name): \(value)\n"), "\(name): \(value)")
        }
    }
}
