import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore
import NIOPosix
import Testing

@testable import DescordNode

/// A listening peer that reads everything and, once the sync protocol was proposed to it, sends nothing until
/// it is told to agree. Confined to its loop.
private final class SlowPeer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How many bytes came behind the proposal before the node opened its next stream, that of ping.
    let beforePing: EventLoopPromise<Int>
    /// How many bytes the first words behind the proposal have.
    let firstWords: EventLoopPromise<Int>

    private var machine: ConnectionMachine
    private var context: ChannelHandlerContext?
    private var stream: StreamID?
    private var hasAgreed = false
    private var saidCount = 0

    init(key: Ed25519.PrivateKey, eventLoop: any EventLoop) {
        self.beforePing = eventLoop.makePromise()
        self.firstWords = eventLoop.makePromise()
        self.machine = ConnectionMachine(
            role: .listener, configuration: ConnectionConfiguration(key: key),
            supportedProtocols: [SyncLimits.protocolID, Self.ping], noiseStatic: .generate(),
            noiseEphemeral: .generate(), now: Instant(eventLoop.now))
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var events: [ConnectionMachine.Event] = []
        let now = Instant(context.eventLoop.now)
        self.unwrapInboundIn(data).withUnsafeReadableBytes {
            self.machine.received($0, now: now, into: &events)
        }
        for event in events {
            switch event {
            case .streamOpened(let stream, SyncLimits.protocolID): self.stream = stream
            case .streamOpened(_, Self.ping): self.beforePing.succeed(self.saidCount)
            case .streamData(self.stream, let bytes):
                self.saidCount += bytes.count
                self.firstWords.succeed(bytes.count)
            default: break
            }
        }
        self.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.beforePing.fail(ChannelError.eof)
        self.firstWords.fail(ChannelError.eof)
    }

    /// Lets the answer to the proposal go out.
    func agree() {
        self.hasAgreed = true
        self.flush()
    }

    func close() { self.context?.close(promise: nil) }

    private func flush() {
        guard self.hasAgreed || self.stream == nil else { return }
        var bytes: [UInt8] = []
        var events: [ConnectionMachine.Event] = []
        self.machine.takeOutbound(into: &bytes, maxBytes: 65_536, events: &events)
        self.context?.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private static let ping = "/ipfs/ping/1.0.0"
}

/// Who is not known to speak the sync protocol is asked for it before anything is said in it.
@Suite(.timeLimit(.minutes(1))) struct AgreementTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let key = Ed25519.PrivateKey.generate()

    /// Runs `body` with a peer and its address, and ends the listener.
    private func withPeer(
        _ body: (
            NIOLoopBound<SlowPeer>, _ beforePing: EventLoopFuture<Int>, _ firstWords: EventLoopFuture<Int>,
            Multiaddr
        ) async throws -> Void
    ) async throws {
        let (peer, beforePing, firstWords) = try await self.loop.submit { [loop, key] in
            let peer = SlowPeer(key: key, eventLoop: loop)
            return (
                NIOLoopBound(peer, eventLoop: loop), peer.beforePing.futureResult,
                peer.firstWords.futureResult
            )
        }.get()
        let listener = try await ServerBootstrap(group: self.loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(peer.value)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let address = try #require(Multiaddr(ip: [127, 0, 0, 1], tcpPort: UInt16(port)))
        try await body(peer, beforePing, firstWords, address)
        try await listener.close().get()
    }

    @Test func aStrangerHearsTheProposalAloneUntilItAgrees() async throws {
        let alice = try TestHome()
        _ = try alice.makeSpace()
        let node = try await alice.start()
        try await self.withPeer { peer, beforePing, firstWords, address in
            _ = try await node.dial(address.with(peer: PeerID(self.key.publicKey)), deadline: .seconds(20))
            #expect(try await beforePing.get() == 0)
            try await self.loop.submit { peer.value.agree() }.get()
            #expect(try await firstWords.get() > 0)
            await node.stop()
        }
    }

    @Test func whomATicketNamesHearsTheOpeningWithTheProposal() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, _) = try bob.makeSpace()
        let (invite, inviteKey) = try bob.store.createInvite(in: space, uses: 1, expires: nil)
        let node = try await alice.start()
        try await self.withPeer { peer, _, firstWords, address in
            let ticket = try Ticket(
                space: space, spaceName: "ops", invite: invite.operation.id, key: inviteKey,
                peers: [.init(id: PeerID(self.key.publicKey), addresses: [address])], signedBy: self.key)
            async let result = node.join(.ticket(ticket), deadline: .seconds(40))
            // It never agrees.
            #expect(try await firstWords.get() > 0)
            try await self.loop.submit { peer.value.close() }.get()
            guard case .unreachable = try await result else {
                Issue.record("joined through a peer that says nothing")
                return
            }
            await node.stop()
        }
    }
}
