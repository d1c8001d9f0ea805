import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix

/// A running node of one home: publishes, receives, reconciles.
///
/// The library's face: every function may be called from any task. A node holds the lock of its home from
/// `start` to `stop`, and serves other processes of the same home over `run/node.sock` meanwhile.
/// `docs/library.md` has an example.
public final class Node: Sendable {
    /// Why a node did not start.
    public enum StartFailure: Error, Sendable {
        /// Another process runs the node of this home.
        case homeIsBusy
        /// The folder `run` cannot be used; the path, and `errno`.
        case runFolder(path: String, code: Int32)
    }

    /// The loop that everything is confined to.
    let eventLoop: any EventLoop
    private let parts: NIOLoopBoundBox<Parts?>

    /// What exists from start to stop; touched on the loop alone.
    final class Parts {
        let engine: NodeEngine
        let server: HandoverServer
        let lock: NodeLock
        var listeners: [Int: (Int64) -> Void] = [:]
        var nextListener = 0
        init(engine: NodeEngine, server: HandoverServer, lock: NodeLock) {
            self.engine = engine
            self.server = server
            self.lock = lock
        }
    }

    private init(eventLoop: any EventLoop, parts: NIOLoopBoundBox<Parts?>) {
        self.eventLoop = eventLoop
        self.parts = parts
    }

    /// Takes the lock of the store's home, binds the sockets, and begins to dial.
    public static func start(
        _ configuration: NodeConfiguration, store: Store,
        logger: Logger = Logger(label: "descord.node", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws -> Node {
        let path = store.home.lockPath
        let lock: NodeLock
        do {
            lock = try NodeLock(path: path)
        } catch {
            throw StartFailure.runFolder(path: error.path, code: error.code)
        }
        guard lock.tryAcquire() else { throw StartFailure.homeIsBusy }
        return try await Self.start(configuration, store: store, logger: logger, holding: lock)
    }

    /// Starts under a lock that is held.
    static func start(
        _ configuration: NodeConfiguration, store: Store, logger: Logger,
        holding lock: sending NodeLock
    ) async throws -> Node {
        guard let socket = RunSocket(folder: store.home.runPath, name: RunSocket.name) else {
            throw StartFailure.runFolder(path: store.home.runPath, code: errno)
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let box = NIOLoopBoundBox<Parts?>.makeBoxSendingValue(nil, eventLoop: loop)
        let lockBox = NIOLoopBoundBox<NodeLock>.makeBoxSendingValue(lock, eventLoop: loop)
        return try await loop.flatSubmit {
            let engine = NodeEngine(
                configuration: configuration, store: store, eventLoop: loop, logger: logger)
            let server = HandoverServer(eventLoop: loop, socket: socket) { [unowned engine] request, reply in
                engine.answer(request, reply: reply)
            }
            let parts = Parts(engine: engine, server: server, lock: lockBox.value)
            box.value = parts
            engine.onArrival = { [unowned parts] arrival in
                parts.server.notifyFollowers(arrival: arrival)
                for (_, listener) in parts.listeners.sorted(by: { $0.key < $1.key }) { listener(arrival) }
            }
            let bound = NIOLoopBound(engine, eventLoop: loop)
            return server.start().flatMap {
                do {
                    return try bound.value.start().map { _ in }
                } catch {
                    return loop.makeFailedFuture(error)
                }
            }.map { Node(eventLoop: loop, parts: box) }
        }.get()
    }

    // MARK: - What a node does

    /// Our peer id.
    public var peerID: PeerID {
        get async throws {
            try await self.run { engine in engine.eventLoop.makeSucceededFuture(engine.peerID) }
        }
    }

    /// The addresses that this node can be reached at, with `/p2p/` and its id.
    public func addresses() async throws -> [Multiaddr] {
        try await self.run { engine in
            engine.eventLoop.makeSucceededFuture(
                engine.host.advertisedAddresses.map { $0.with(peer: engine.peerID) })
        }
    }

    /// Publishes operations that the store committed and waits for receipts of `count` other members, until
    /// the deadline or until nobody is left who could answer.
    public func publish(
        _ operations: [OperationID], in space: SpaceID, waitingFor count: Int, deadline: Duration?
    ) async throws -> Publication {
        try await self.run { engine in
            engine.publish(operations, in: space, waitingFor: count, deadline: NIODeadline(after: deadline))
        }
    }

    /// Writes a message, publishes it, and waits for receipts of `count` other members; what was written
    /// stays written whatever becomes of the rest.
    public func post(
        _ text: String, channel: ChannelID, in space: SpaceID, waitingFor count: Int = 1,
        deadline: Duration? = .seconds(10)
    ) async throws -> (id: OperationID, publication: Publication) {
        let store = try await self.run { engine in engine.eventLoop.makeSucceededFuture(engine.store) }
        let id = try store.post(text, channel: channel, in: space).operation.id
        return (id, try await self.publish([id], in: space, waitingFor: count, deadline: deadline))
    }

    /// Fetches the files of a message that are not here from members that hold them; returns when all are
    /// here, nobody is left to ask, or at the deadline. The store knows what is here.
    public func fetchFiles(of message: OperationID, deadline: Duration?) async throws {
        try await self.run { engine in
            engine.fetchFiles(
                of: message, deadline: NIODeadline(after: deadline),
                dials: engine.configuration.presence == .longLived)
        }
    }

    /// Joins a space.
    public func join(_ request: JoinRequest, deadline: Duration?) async throws -> JoinResult {
        try await self.run { engine in engine.join(request, deadline: NIODeadline(after: deadline)) }
    }

    /// Reconciles one space, or all, with every member that answers before the deadline.
    public func sync(_ space: SpaceID? = nil, deadline: Duration? = nil) async throws -> [SyncReport] {
        try await self.run { engine in engine.reconcile(space, deadline: NIODeadline(after: deadline)) }
    }

    /// Who is known and connected.
    ///
    /// With a deadline, waits until every known member was reached or not.
    public func peers(settling deadline: Duration? = .zero) async throws -> [PeerStatus] {
        try await self.run { engine in
            engine.wait(until: NIODeadline(after: deadline)) {
                engine.dialsAreSettled && engine.subscriptionsAreKnown
            }.flatMapThrowing { _ in try engine.peerStatuses() }
        }
    }

    /// Dials an address; returns who answered. Fails with a `DialError`.
    public func dial(_ address: Multiaddr, deadline: Duration? = nil) async throws -> PeerID {
        try await self.run { engine in
            engine.dialTyped(address, deadline: deadline ?? NodeEngine.dialDeadline).map(\.peer)
        }
    }

    /// Public spaces that were announced while this node ran; waits until there is one or the deadline.
    package func discoveredSpaces(deadline: Duration?) async throws -> [(id: SpaceID, name: String)] {
        try await self.run { engine in
            engine.gossip.subscribe(Topic(SpaceTopic.discovery))
            return engine.wait(until: NIODeadline(after: deadline)) { !engine.announcements.entries.isEmpty }
                .map { _ in engine.announcements.entries.map { ($0.id, $0.name) } }
        }
    }

    /// Yields the newest arrival number whenever operations were stored.
    public func arrivals() -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream<Int64>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let parts = self.parts
        let loop = self.eventLoop
        loop.execute {
            guard let parts = parts.value else { return continuation.finish() }
            let id = parts.nextListener
            parts.nextListener += 1
            parts.listeners[id] = { continuation.yield($0) }
        }
        return stream
    }

    /// Leaves the mesh, writes every queue, persists what the next run should know, and releases the lock.
    public func stop() async {
        let parts = self.parts
        let stopped = self.eventLoop.flatSubmit { [eventLoop] () -> EventLoopFuture<Void> in
            guard let value = parts.value else { return eventLoop.makeSucceededVoidFuture() }
            parts.value = nil
            let bound = NIOLoopBound(value, eventLoop: eventLoop)
            return value.server.stop()
                .flatMap { bound.value.engine.stop() }
                .always { _ in
                    bound.value.lock.release()
                }
        }
        do {
            try await stopped.get()
        } catch {
            // Goodbyes that could not be said harm nobody: everything that matters is in the database.
        }
    }

    /// Runs `body` on the loop; ends early with `CancellationError` when the task is cancelled, and then
    /// leaves what was begun to finish behind it.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (NodeEngine) -> EventLoopFuture<Value>
    ) async throws -> Value {
        let promise = self.eventLoop.makePromise(of: Value.self)
        let parts = self.parts
        self.eventLoop.execute {
            guard let engine = parts.value?.engine else { return promise.fail(CancellationError()) }
            body(engine).cascade(to: promise)
        }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            promise.fail(CancellationError())
        }
    }
}

extension NIODeadline {
    /// The point `duration` from now; nil means never.
    init(after duration: Duration?) {
        self = duration.map { .now() + .nanoseconds($0.saturatedNanoseconds) } ?? .distantFuture
    }
}
