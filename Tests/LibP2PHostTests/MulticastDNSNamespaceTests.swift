import DescordCrypto
import Glibc
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix
import Testing

/// Two event loops whose threads live in network namespaces of their own, joined by a virtual cable. Needs
/// root and `ip`.
@Suite(.timeLimit(.minutes(1)))
struct MulticastDNSNamespaceTests {
    @Test func hostsOnOneNetworkFindAndDialEachOther() async throws {
        guard Namespace.isAvailable else {
            print("skipped: discovery between two network namespaces needs root and iproute2")
            return
        }
        let a = try await Namespace()
        let b = try await Namespace()
        try await a.run("ip link add cable0 type veth peer name cable1 netns \(b.threadID)")
        try await a.run("ip addr add 10.213.7.1/24 dev cable0 && ip link set cable0 up")
        try await b.run("ip addr add 10.213.7.2/24 dev cable1 && ip link set cable1 up")

        let key = Ed25519.PrivateKey.generate()
        let (found, discovered) = AsyncStream.makeStream(of: String.self)
        let host = try await b.listen(key: key) { _, _ in }
        let seeker = try await a.listen(key: .generate()) { peer, candidates in
            discovered.yield("\(peer) \(candidates.map(\.address.ip))")
        }
        var iterator = found.makeAsyncIterator()
        #expect(await iterator.next() == "\(PeerID(key.publicKey)) [Optional([10, 213, 7, 2])]")
        // What was found can be dialled through the policy.
        let connected = try await a.dialFound(seeker)
        #expect(connected == PeerID(key.publicKey))
        try await a.close(seeker)
        try await b.close(host)
        try await a.end()
        try await b.end()
    }

    @Test func hostsThatSwitchedItOffAreNotFound() async throws {
        let a = try await Namespace()
        let b = try await Namespace()
        try await a.run("ip link add cable0 type veth peer name cable1 netns \(b.threadID)")
        try await a.run("ip addr add 10.213.7.1/24 dev cable0 && ip link set cable0 up")
        try await b.run("ip addr add 10.213.7.2/24 dev cable1 && ip link set cable1 up")
        let (found, discovered) = AsyncStream.makeStream(of: PeerID.self)
        let quiet = try await b.listen(key: .generate(), multicast: false) { _, _ in }
        let seeker = try await a.listen(key: .generate()) { peer, _ in discovered.yield(peer) }
        // Each host that speaks asks everybody when it starts: whoever answers is heard by the time that the
        // second one is.
        var iterator = found.makeAsyncIterator()
        var loud: [Namespace.Running] = []
        for _ in 0..<2 {
            let key = Ed25519.PrivateKey.generate()
            loud.append(try await b.listen(key: key) { _, _ in })
            #expect(await iterator.next() == PeerID(key.publicKey))
        }
        try await a.close(seeker)
        for running in loud + [quiet] { try await b.close(running) }
        try await a.end()
        try await b.end()
    }
}

/// An event loop in a network namespace of its own.
private struct Namespace {
    struct Failure: Error {
        let command: String
        let status: Int32
    }

    /// A host and what it discovered last, on the namespace's loop.
    struct Running {
        let host: NIOLoopBound<Host>
        let found: NIOLoopBoundBox<(PeerID, [DialCandidate])?>
    }

    static var isAvailable: Bool { geteuid() == 0 && access("/sbin/ip", X_OK) == 0 }

    /// `CLONE_NEWNET`.
    private static let newNetworkNamespace: Int32 = 0x4000_0000

    /// Finds a function of the C library that its Swift module leaves out.
    private static func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(nil, name).map { unsafeBitCast($0, to: type) }
    }

    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    let threadID: Int32

    init() async throws {
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.loop = self.group.next()
        self.threadID = try await self.loop.submit {
            guard let unshare = Self.function("unshare", as: (@convention(c) (Int32) -> Int32).self),
                let gettid = Self.function("gettid", as: (@convention(c) () -> Int32).self),
                unshare(Self.newNetworkNamespace) == 0
            else { throw Failure(command: "unshare", status: errno) }
            return gettid()
        }.get()
        try await self.run("ip link set lo up")
    }

    /// Runs a shell command inside: a child inherits the namespace of the thread that starts it.
    func run(_ command: String) async throws {
        try await self.loop.submit {
            let status = system(command)
            guard status == 0 else { throw Failure(command: command, status: status) }
        }.get()
    }

    func listen(
        key: Ed25519.PrivateKey, multicast: Bool = true,
        onDiscovered: @escaping @Sendable (PeerID, [DialCandidate]) -> Void
    ) async throws -> Running {
        let loop = self.loop
        return try await loop.flatSubmit {
            var configuration = Host.Configuration(key: key)
            configuration.listenAddresses = [Multiaddr(parsing: "/ip4/0.0.0.0/tcp/0")!]
            configuration.usesMulticastDNS = multicast
            let host = Host(configuration: configuration, eventLoop: loop, logger: Logger(label: "test"))
            let box = NIOLoopBoundBox<(PeerID, [DialCandidate])?>(nil, eventLoop: loop)
            host.onDiscovered = { peer, candidates in
                box.value = (peer, candidates)
                onDiscovered(peer, candidates)
            }
            let running = Running(host: NIOLoopBound(host, eventLoop: loop), found: box)
            return host.listen().map { _ in running }
        }.get()
    }

    func dialFound(_ running: Running) async throws -> PeerID {
        try await self.loop.flatSubmit {
            guard let (peer, candidates) = running.found.value else {
                return self.loop.makeFailedFuture(Failure(command: "nothing found", status: 0))
            }
            return running.host.value.dial(candidates, expecting: peer, deadline: .seconds(20))
                .assumeIsolated().map { $0.peer }.nonisolated()
        }.get()
    }

    func close(_ running: Running) async throws {
        try await self.loop.flatSubmit { running.host.value.close() }.get()
    }

    func end() async throws {
        try await self.group.shutdownGracefully()
    }
}
