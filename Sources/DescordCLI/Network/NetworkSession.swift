import DescordCore
import DescordCrypto
import DescordNode
import LibP2P
import LibP2PCore

/// Opens sessions: the one thing of the network that the commands are built against.
package protocol NetworkProvider: Sendable {
    /// Takes the lock of the home and starts a node, or reaches the holder of the lock on its socket.
    ///
    /// Returns once the local part stands (sockets bound, or the holder's `hello` read); dialling goes on
    /// behind it. Cancelling the calling task abandons the start.
    func open(_ configuration: NetworkConfiguration) async throws(CommandError) -> any NetworkSession

    /// Tells the node that runs for this home, when there is one, of operations that were just committed, and
    /// returns at once. Without a node nothing happens: the outbox holds them.
    func notifyRunningNode(of operations: [OperationID], in space: SpaceID, home: OpenHome) async

    /// Whom a ticket names: this home first, with the addresses that it listens on or would listen on with
    /// this configuration and the remembered port, then up to 4 members seen lately. Starts no node.
    func contacts(_ configuration: NetworkConfiguration, for space: SpaceID?) async -> [Ticket.Peer]
}

/// What a session is opened with; every value is final, flags, environment and files were consulted.
package struct NetworkConfiguration: Sendable {
    /// How long the session is meant to live, which decides whether it GRAFTs.
    package enum Purpose: Sendable {
        /// One act and out: subscribes, publishes, answers GRAFT, never sends one.
        case oneShot
        /// `listen`, `repl`: a full member of the mesh.
        case stay
    }

    package var purpose: Purpose
    /// The home: its directory, key and store.
    package var home: OpenHome
    /// `--connect`: dialled first, without regard to the rules for unsolicited addresses.
    package var connect: [Multiaddr]
    /// `--listen`; empty means every interface. An address without a port takes the remembered one, and any
    /// port when that one is taken.
    package var listen: [Multiaddr]
    /// Whether multicast DNS is used.
    package var usesMDNS: Bool
    /// What the router runs with.
    package var profile: GossipSubProfile
    /// `--trace`: the file that trace events are appended to; nil: `DESCORD_TRACE` says, or nobody.
    package var traceFile: String?
    /// 0 for warnings, 1 for info, 2 for debug, 3 and above for trace; logs go to standard error.
    package var verbosity: Int
    /// Told of what the node notices while the session lasts; from any thread.
    package var warn: @Sendable (CommandWarning) -> Void

    package init(
        purpose: Purpose, home: OpenHome, connect: [Multiaddr] = [], listen: [Multiaddr] = [],
        usesMDNS: Bool = true, profile: GossipSubProfile = .descord, traceFile: String? = nil,
        verbosity: Int = 0,
        warn: @escaping @Sendable (CommandWarning) -> Void = { _ in }
    ) {
        self.purpose = purpose
        self.home = home
        self.connect = connect
        self.listen = listen
        self.usesMDNS = usesMDNS
        self.profile = profile
        self.traceFile = traceFile
        self.verbosity = verbosity
        self.warn = warn
    }
}

/// What a running command asks of the network. A session owns a node, or speaks to the process that does.
///
/// Deadlines are durations from the call; nil means none. Every call ends early, with `CancellationError`,
/// when its task is cancelled; what was committed stays committed. Failures that a command can explain are
/// `CommandError`s made by the session (unreachable, refused, disk full); anything else is a bug and exits 1.
package protocol NetworkSession: AnyObject, Sendable {
    /// The addresses that this home can be reached at, with `/p2p/`; empty when nothing listens yet.
    func addresses() async throws -> [Multiaddr]

    /// Publishes operations that the store committed, and waits until each was stored by `wait` other
    /// members, its files too, or the deadline passes; 0 returns at once, with the operations on their way.
    /// Never throws for want of peers.
    func publish(
        _ operations: [OperationID], in space: SpaceID, wait: Int, deadline: Duration?
    ) async throws
        -> PublishOutcome

    /// Joins a space, and returns once what its members had is stored, or says how far it came.
    func join(_ target: JoinTarget, deadline: Duration?) async throws -> JoinOutcome

    /// Reconciles one space, or all, with every member that answers before the deadline, and drains the
    /// outbox.
    func sync(_ space: SpaceID?, deadline: Duration?) async throws -> SyncOutcome

    /// Fetches the files of a message that are not here, from members that hold them; returns when all are
    /// here, nobody is left to ask, or at the deadline. The store knows what is here.
    func fetchFiles(of message: OperationID, deadline: Duration?) async throws

    /// Yields once an operation was stored, own ones and those of other processes of this home too; several
    /// may be reported as one. The store says what is new. Ends when the node does (another process takes it
    /// over inside the session: the stream goes on) and at the deadline; cancelling the iterating task ends
    /// it.
    func arrivals(deadline: Duration?) -> AsyncThrowingStream<Arrival, any Error>

    /// Who is known and who is connected: at once from a node that is on the air for long, and from one that
    /// was started for this call when every known member was reached or not, at the deadline at the latest.
    func peers(deadline: Duration?) async throws -> [PeerStatus]

    /// Dials an address that was typed, and returns who answered; the address enters the book.
    func dial(_ address: Multiaddr, deadline: Duration?) async throws -> PeerID

    /// Announced public spaces that were heard of, whether this home joined them or not.
    func discoveredSpaces(deadline: Duration?) async throws -> [DiscoveredSpace]

    /// Leaves properly: queues written, goodbye said, backoffs and metrics kept, the lock released.
    /// Idempotent.
    func leave() async
}

/// Something was stored.
package struct Arrival: Hashable, Sendable {
    /// The newest arrival number that the store holds.
    package var upTo: Int64

    package init(upTo: Int64) {
        self.upTo = upTo
    }
}

/// What publishing came to.
package struct PublishOutcome: Sendable {
    /// How many other members said that they stored each operation durably.
    package var storedBy: [OperationID: Int]
    /// How many other members hold every file of each message that has some.
    package var heldBy: [OperationID: Int]
    /// Whether there is another member at all, as the store knows it now.
    package var hasOtherMembers: Bool
    /// From the call until the first member's stream was open; nil when none was.
    package var connect: Duration?
    /// From the call until the message was written to a member's stream.
    package var publish: Duration?
    /// From the call until enough members had stored it.
    package var stored: Duration?

    package init(
        storedBy: [OperationID: Int], heldBy: [OperationID: Int] = [:], hasOtherMembers: Bool,
        connect: Duration? = nil, publish: Duration? = nil, stored: Duration? = nil
    ) {
        self.storedBy = storedBy
        self.heldBy = heldBy
        self.hasOtherMembers = hasOtherMembers
        self.connect = connect
        self.publish = publish
        self.stored = stored
    }
}

/// What to join by.
package enum JoinTarget: Sendable {
    /// A ticket.
    case ticket(Ticket)
    /// A public space's id.
    case space(SpaceID)
}

/// How joining ended.
package enum JoinOutcome: Sendable {
    /// The space is readable.
    case joined(JoinReport)
    /// We are a member and hold something, but not everything; a later `sync` fetches the rest.
    case admittedNotFetched(JoinReport)
    /// Nobody who could admit us answered; nothing was stored, the ticket stays good.
    case unreachable
    /// A member answered, and refused.
    case refused(JoinRefusal)
}

/// Why a member refuses a join.
package enum JoinRefusal: Sendable, Hashable, CaseIterable {
    case expired
    case usedUp
    case revoked
    case banned
    /// The member does not hold such a space or such an invite, or takes us for a stranger: one answer for
    /// all.
    case unknown
}

/// What reconciling came to.
package struct SyncOutcome: Sendable {
    /// One report a space and peer, in the order in which they finished.
    package var reports: [DescordNode.SyncReport]
    /// Spaces that have other members of whom none answered.
    package var unanswered: [SpaceID]

    package init(reports: [DescordNode.SyncReport], unanswered: [SpaceID]) {
        self.reports = reports
        self.unanswered = unanswered
    }
}

/// A public space that somebody announced.
package struct DiscoveredSpace: Sendable, Hashable {
    package var space: SpaceID
    /// As its genesis says; to be shown only when it parses as a `SpaceName`.
    package var name: String

    package init(space: SpaceID, name: String) {
        self.space = space
        self.name = name
    }
}
