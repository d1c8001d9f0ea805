import DescordCore
import DescordCrypto
import DescordStore
import Glibc
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix

/// What an invocation uses of the network: its own node when it got the lock, or the one that holds it.
///
/// When the holder leaves in the middle, the session starts again at taking the lock, and whatever was asked
/// is asked again; publishing and reconciling may be repeated without harm.
package actor NodeSession {
    /// Why there is no session.
    package enum Failure: Error, Sendable {
        /// The holder of the lock does not answer.
        case holderSilent
        /// The holder answered with an error.
        case holder(HandoverError)
        case start(Node.StartFailure)
    }

    private enum Backend {
        case owner(Node)
        case follower(NIOLoopBound<HandoverClient>)
    }

    /// How long a lock that is held by a process without a working socket is waited for.
    private static let holderPatience = Duration.seconds(60)

    private let configuration: NodeConfiguration
    private let store: Store
    private let logger: Logger
    private let eventLoop: any EventLoop
    private var backend: Backend?
    private var arrivals: AsyncStream<Int64>.Continuation?
    private var forwarding: Task<Void, Never>?
    private var hasLeft = false

    /// Opens a session; returns once the own node's sockets are bound or the holder said hello.
    package static func open(
        _ configuration: NodeConfiguration, store: Store, logger: Logger
    ) async throws -> NodeSession {
        let session = NodeSession(configuration, store: store, logger: logger)
        _ = try await session.current()
        return session
    }

    private init(_ configuration: NodeConfiguration, store: Store, logger: Logger) {
        self.configuration = configuration
        self.store = store
        self.logger = logger
        self.eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    }

    // MARK: - What a session does

    /// The own node's addresses; a follower's are the holder's, which it does not tell.
    package func addresses() async throws -> [Multiaddr] {
        if case .owner(let node) = try await self.current() { try await node.addresses() } else { [] }
    }

    /// See `Node.publish`.
    package func publish(
        _ operations: [OperationID], in space: SpaceID, waitingFor count: Int, deadline: Duration?
    ) async throws -> Publication {
        let result = try await self.perform { node in
            .own(try await node.publish(operations, in: space, waitingFor: count, deadline: deadline))
        } remotely: {
            .publish(
                operations: operations.map(\.hex), wait: count,
                timeoutMilliseconds: Self.milliseconds(deadline))
        }
        switch result {
        case .own(let publication): return publication
        case .remote(let result):
            return result.publication?.value ?? Publication(storedBy: [:], hasOtherMembers: true)
        }
    }

    /// See `Node.join`.
    package func join(_ request: JoinRequest, deadline: Duration?) async throws -> JoinResult {
        let text =
            switch request {
            case .ticket(let ticket): ticket.text
            case .space(let id): id.hex
            }
        let result = try await self.perform { node in
            .own(try await node.join(request, deadline: deadline))
        } remotely: {
            .sync(space: nil, ticket: text, timeoutMilliseconds: Self.milliseconds(deadline))
        }
        switch result {
        case .own(let outcome): return outcome
        case .remote(let result): return result.join?.value ?? .unreachable
        }
    }

    /// See `Node.sync`.
    package func sync(_ space: SpaceID?, deadline: Duration?) async throws -> [SyncReport] {
        let result = try await self.perform { node in
            .own(try await node.sync(space, deadline: deadline))
        } remotely: {
            .sync(space: space?.hex, ticket: nil, timeoutMilliseconds: Self.milliseconds(deadline))
        }
        switch result {
        case .own(let reports): return reports
        case .remote(let result): return result.syncs ?? []
        }
    }

    /// See `Node.fetchFiles`.
    package func fetchFiles(of message: OperationID, deadline: Duration?) async throws {
        _ =
            try await self.perform { node in
                .own(try await node.fetchFiles(of: message, deadline: deadline))
            } remotely: {
                .fetch(message: message.hex, timeoutMilliseconds: Self.milliseconds(deadline))
            } as Answer<Void>
    }

    /// See `Node.peers`.
    package func peers(settling deadline: Duration?) async throws -> [PeerStatus] {
        let patience = self.configuration.presence == .oneShot ? deadline : .zero
        let result = try await self.perform { node in
            .own(try await node.peers(settling: patience))
        } remotely: {
            .peers
        }
        switch result {
        case .own(let peers): return peers
        case .remote(let result): return result.peers ?? []
        }
    }

    /// See `Node.dial`.
    package func dial(_ address: Multiaddr, deadline: Duration?) async throws -> PeerID? {
        let result = try await self.perform { node in
            .own(try await node.dial(address, deadline: deadline))
        } remotely: {
            .dial(address: address.description, timeoutMilliseconds: Self.milliseconds(deadline))
        }
        switch result {
        case .own(let peer): return peer
        case .remote(let result): return result.peer.flatMap { PeerID(parsing: $0) }
        }
    }

    /// Public spaces that were announced; only an own node hears announcements.
    package func discoveredSpaces(deadline: Duration?) async throws -> [(id: SpaceID, name: String)] {
        guard case .owner(let node) = try await self.current() else { return [] }
        return try await node.discoveredSpaces(deadline: deadline)
    }

    /// Yields the newest arrival number whenever operations were stored, over a change of the holder too.
    package func newArrivals(deadline: Duration? = nil) async throws -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream<Int64>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.arrivals = continuation
        if let deadline {
            self.eventLoop.scheduleTask(in: .nanoseconds(deadline.saturatedNanoseconds)) {
                continuation.finish()
            }
        }
        continuation.onTermination = { [weak self] _ in
            guard let self else { return }
            Task { await self.stopForwarding() }
        }
        try await self.follow()
        return stream
    }

    /// Leaves; an own node says goodbye and releases the lock. Idempotent.
    package func leave() async {
        guard !self.hasLeft else { return }
        self.hasLeft = true
        self.stopForwarding()
        self.arrivals?.finish()
        switch self.backend {
        case .owner(let node): await node.stop()
        case .follower(let client): self.eventLoop.execute { client.value.close() }
        case nil: break
        }
        self.backend = nil
    }

    /// Whether this process runs the node, and does not merely speak to it.
    package var ownsNode: Bool {
        if case .owner = self.backend { true } else { false }
    }

    // MARK: - Without a session

    /// Whether some process runs this home's node now.
    package static func hasHolder(store: Store) -> Bool {
        // No folder, no holder.
        guard let lock = try? NodeLock(path: store.home.lockPath) else { return false }
        defer { lock.release() }
        return !lock.tryAcquire()
    }

    /// Tells the node that runs for this home, when there is one, of operations that were just committed.
    package static func notifyHolder(of operations: [OperationID], store: Store) async {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        guard Self.hasHolder(store: store),
            let socket = RunSocket(folder: store.home.runPath, name: RunSocket.name)
        else { return }
        let told = loop.flatSubmit {
            HandoverClient.connect(to: socket, eventLoop: loop).flatMap { client in
                client.value.send(
                    .publish(operations: operations.map(\.hex), wait: 0, timeoutMilliseconds: 1_000)
                ).map { _ in client.value.close() }
            }
        }
        _ = try? await told.get()  // the outbox holds them, whoever does not listen
    }

    // MARK: - Backends

    private enum Answer<Value: Sendable>: Sendable {
        case own(Value)
        case remote(HandoverResult)
    }

    private func perform<Value: Sendable>(
        locally: @Sendable (Node) async throws -> Answer<Value>, remotely request: () -> HandoverRequest
    ) async throws -> Answer<Value> {
        while true {
            switch try await self.current() {
            case .owner(let node): return try await locally(node)
            case .follower(let client):
                do {
                    let request = request()
                    return .remote(try await self.eventLoop.flatSubmit { client.value.send(request) }.get())
                } catch is HandoverClient.CutOff {
                    self.backend = nil
                    try Task.checkCancellation()
                } catch let error as HandoverError {
                    throw Failure.holder(error)
                }
            }
        }
    }

    private func current() async throws -> Backend {
        if let backend = self.backend { return backend }
        if self.hasLeft { throw CancellationError() }
        let backend = try await self.connect()
        self.backend = backend
        return backend
    }

    /// Takes the lock, or reaches its holder; waits for changes in the run folder in between.
    private func connect() async throws -> Backend {
        let home = self.store.home
        let deadline = ContinuousClock.now + Self.holderPatience
        guard let socket = RunSocket(folder: home.runPath, name: RunSocket.name) else {
            throw Failure.start(.runFolder(path: home.runPath, code: errno))
        }
        let watch = RunFolderWatch(folder: home.runPath)
        while true {
            try Task.checkCancellation()
            let lock: NodeLock
            do {
                lock = try NodeLock(path: home.lockPath)
            } catch {
                throw Failure.start(.runFolder(path: error.path, code: error.code))
            }
            if lock.tryAcquire() {
                return .owner(
                    try await Node.start(
                        self.configuration, store: self.store, logger: self.logger, holding: lock))
            }
            if let client = try? await self.reach(socket) {
                // A failed attempt means that the holder is coming or going: the folder says when to look
                // again.
                self.handOverConnect(to: client)
                return .follower(client)
            }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw Failure.holderSilent }
            await Self.waitForChange(watch, milliseconds: min(left.wholeMilliseconds, Self.lockProbe))
        }
    }

    /// Has the holder dial what an own node would dial first; whatever is asked next finds it dialling.
    private func handOverConnect(to client: NIOLoopBound<HandoverClient>) {
        let addresses = self.configuration.connect
        let timeout = Self.milliseconds(NodeEngine.dialDeadline)
        self.eventLoop.execute {
            for address in addresses {
                // Who does not answer is not connected; that shows in what is asked next.
                _ = client.value.send(
                    .dial(address: address.description, timeoutMilliseconds: timeout))
            }
        }
    }

    private func reach(_ socket: RunSocket) async throws -> NIOLoopBound<HandoverClient> {
        let loop = self.eventLoop
        return try await loop.flatSubmit { HandoverClient.connect(to: socket, eventLoop: loop) }.get()
    }

    /// The lock itself makes no event when its holder is killed between two changes of the folder.
    private static let lockProbe: Int64 = 250

    private static func waitForChange(_ watch: RunFolderWatch?, milliseconds: Int64) async {
        await withCheckedContinuation { continuation in
            let bound = UncheckedSendableBox(watch)
            NIOThreadPool.singleton.submit { _ in
                _ = bound.value?.wait(milliseconds: Int32(clamping: milliseconds))
                continuation.resume()
            }
        }
    }

    private func follow() async throws {
        self.forwarding?.cancel()
        guard let continuation = self.arrivals else { return }
        switch try await self.current() {
        case .owner(let node):
            let arrivals = node.arrivals()
            self.forwarding = Task {
                for await arrival in arrivals { continuation.yield(arrival) }
            }
        case .follower(let client):
            do {
                try await self.eventLoop.flatSubmit { [weak self] in
                    client.value.onArrival = { continuation.yield($0) }
                    client.value.onClosed = {
                        guard let self else { return }
                        Task { await self.holderVanished() }
                    }
                    return client.value.send(.follow).map { _ in }
                }.get()
            } catch is HandoverClient.CutOff {
                await self.holderVanished()
            }
        }
        // What was stored while nobody followed.
        if let newest = try? self.store.newestArrival() { continuation.yield(newest) }
    }

    private func holderVanished() async {
        guard !self.hasLeft, self.arrivals != nil else { return }
        self.backend = nil
        do {
            try await self.follow()
        } catch {
            self.arrivals?.finish()
        }
    }

    private func stopForwarding() {
        self.forwarding?.cancel()
        self.forwarding = nil
    }

    private static func milliseconds(_ duration: Duration?) -> Int {
        // A holder's deadline has to be a number; a day stands for "none".
        duration.map { Int(clamping: $0.wholeMilliseconds) } ?? 86_400_000
    }
}

/// Hands a value that one thread at a time uses to another thread.
private struct UncheckedSendableBox<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
