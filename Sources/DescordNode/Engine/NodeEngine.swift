import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix

/// The short-lived node: one host, one mesh, one store, and the spaces that this home holds.
///
/// Confined to one event loop: it is made there and every call and callback happens there. Decisions live in
/// the machines (`SyncSession`, `GossipSubRouter`, the store's rules); the engine connects them, and each
/// extension holds one concern: peers, gossip, sync, joining, hand-over.
final class NodeEngine {
    /// A space while the node runs.
    final class SpaceContext {
        let id: SpaceID
        let topic: Topic
        let isPublic: Bool
        /// Peer ids of the members, ourselves left out.
        var members: Set<PeerID>
        /// Open sync sessions, at most one a peer and direction; the last element is the newest.
        var sessions: [SyncDriver] = [] {
            didSet { self.hadSession = self.hadSession || !self.sessions.isEmpty }
        }
        /// Whether there was a session at any time: a short one may be over before anybody looks.
        var hadSession = false
        /// Our messages that the router holds because nobody subscribed yet.
        var unsent: Set<MessageID> = []

        init(id: SpaceID, isPublic: Bool, members: Set<PeerID>) {
            self.id = id
            self.topic = Topic(SpaceTopic.name(of: id))
            self.isPublic = isPublic
            self.members = members
        }
    }

    let configuration: NodeConfiguration
    let eventLoop: any EventLoop
    let store: Store
    let key: Ed25519.PrivateKey
    let host: Host
    let gossip: GossipSub
    let pipeline: IngestPipeline
    var receipts = ReceiptBoard()
    let logger: Logger

    /// The spaces in the order in which they were created or joined.
    var spaces: [SpaceContext] = []
    /// Peers with a dial under way.
    var dialing: Set<PeerID> = []
    /// How many dials are under way, whoever they go to.
    var dialsInFlight = 0
    /// Sync sessions that have not settled: those that we opened, and those that we let in. What a stranger
    /// opens and leaves alone keeps no command waiting.
    var unsettledSessions = 0
    /// Inbound sessions that have not said which space they mean, or were not let in; each until its
    /// deadline.
    var unopenedSessions: [SyncDriver] = []
    /// How long a peer has to say which space it means, and to take a refusal.
    var openingDeadline = Duration.seconds(15)
    /// Receipts that came and are being written.
    var receiptsInFlight = 0
    /// Whether the sessions that this run opened by itself were reported.
    var hasReconciled = false
    /// Reports of sessions that ended, for `sync`.
    var finishedSessions: [SyncReport] = []
    /// Why the last operations that could not be stored were not.
    var storingFailure: (any Error)?
    /// Called when something happened that a waiting command may have waited for.
    var progressObservers: [Int: () -> Void] = [:]
    var nextObserver = 0
    /// Called with the newest arrival after operations were admitted.
    var onArrival: ((Int64) -> Void)?
    /// Public spaces that others announced.
    var announcements = Announcements()
    var isStopping = false
    /// Whether the owner was told that our key is used elsewhere: once a run.
    var hasWarnedOfSameKey = false
    /// Operations that came by sync lately: their gossip copy is passed on once, though it is known.
    var recentlySynced = RecentOperations()
    /// Those of them that were written while this node was here, and that gossip has not brought.
    var syncedLive = RecentOperations()
    /// Whose signs of life were passed on lately, and how often ours were sent.
    var presenceGate: PresenceGate
    var heartbeatCount: UInt64 = 0
    /// What was counted.
    var metrics = MetricsRecorder()
    /// Files that members take from us, and that we fetch.
    lazy var files = FileExchange(self)
    /// When the node was made.
    let startedAt: WallTime

    /// Makes the node's parts; nothing is bound or dialled before `start`.
    init(
        configuration: NodeConfiguration, store: Store, eventLoop: any EventLoop, logger: Logger
    ) {
        eventLoop.preconditionInEventLoop()
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.store = store
        self.key = store.key
        self.logger = logger
        self.startedAt = configuration.wallTime()
        self.presenceGate = PresenceGate(
            interval: (configuration.presenceHeartbeats ?? PresenceParameters()).acceptInterval)
        var hostConfiguration = Host.Configuration(key: store.key)
        hostConfiguration.listenAddresses = configuration.listenAddresses
        hostConfiguration.agentVersion = NodeConfiguration.agentVersion
        hostConfiguration.usesMulticastDNS = configuration.usesMulticastDNS
        self.host = Host(configuration: hostConfiguration, eventLoop: eventLoop, logger: logger)
        var gossipConfiguration = GossipSub.Configuration()
        gossipConfiguration.parameters = configuration.gossipSub
        gossipConfiguration.isTracing = configuration.traceFile != nil
        self.gossip = GossipSub(
            host: self.host, configuration: gossipConfiguration, prng: PRNG(seed: Entropy.seed()),
            logger: logger)
        self.pipeline = IngestPipeline(eventLoop: eventLoop, store: store, now: configuration.wallTime)
    }

    /// Our own peer id.
    var peerID: PeerID { self.host.peerID }

    /// Returns the context of a space that this home holds.
    func space(_ id: SpaceID) -> SpaceContext? {
        self.spaces.first { $0.id == id }
    }

    // MARK: - Waiting for progress

    /// Returns a future that completes when `condition` holds or `deadline` has passed; the condition is
    /// looked at whenever the node made progress. Its value says whether the condition held.
    func wait(until deadline: NIODeadline, for condition: @escaping () -> Bool) -> EventLoopFuture<Bool> {
        if condition() { return self.eventLoop.makeSucceededFuture(true) }
        let promise = self.eventLoop.makePromise(of: Bool.self)
        let observer = self.nextObserver
        self.nextObserver += 1
        let timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            if self.progressObservers.removeValue(forKey: observer) != nil { promise.succeed(condition()) }
        }
        self.progressObservers[observer] = {
            guard condition() else { return }
            self.progressObservers[observer] = nil
            timer.cancel()
            promise.succeed(true)
        }
        return promise.futureResult
    }

    /// Tells whoever waits that something happened.
    func progressed() {
        for (_, observer) in self.progressObservers.sorted(by: { $0.key < $1.key }) { observer() }
    }
}
