import DescordCore
import DescordNode
import DescordStore
import Glibc
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging

/// The network as it is: a node of this home's own, or the one that runs for it already.
package struct LiveNetwork: NetworkProvider {
    /// Changes the mesh's parameters for experiments and tests:
    /// `d=0,d_low=0,d_high=0,d_score=0,d_out=0,small_mesh_publish=false`.
    static let parametersVariable = "DESCORD_GOSSIPSUB"
    /// Stands for `--trace`.
    static let traceVariable = "DESCORD_TRACE"

    private let environment: [String: String]

    package init(environment: [String: String]) {
        self.environment = environment
    }

    package func open(_ configuration: NetworkConfiguration) async throws(CommandError) -> any NetworkSession
    {
        let node = try self.nodeConfiguration(configuration)
        do {
            let session = try await NodeSession.open(
                node, store: configuration.home.store, logger: Self.logger(configuration.verbosity))
            if let path = self.traceFile(configuration), await !session.ownsNode {
                configuration.warn(
                    CommandWarning(
                        .traceElsewhere,
                        "another process runs the node of this home, and nothing is traced to \"\(path)\"",
                        hint: "give --trace to that process"))
            }
            return LiveSession(session, store: configuration.home.store)
        } catch {
            throw CommandError(network: error)
        }
    }

    package func notifyRunningNode(of operations: [OperationID], in space: SpaceID, home: OpenHome) async {
        await NodeSession.notifyHolder(of: operations, store: home.store)
    }

    package func contacts(_ configuration: NetworkConfiguration, for space: SpaceID?) async -> [Ticket.Peer] {
        let store = configuration.home.store
        let own = self.ownAddresses(configuration)
        var contacts = [Ticket.Peer(id: store.peerID, addresses: Array(own.prefix(Ticket.maxAddressCount)))]
        // A ticket without them is good too.
        guard let space, let members = try? store.memberPeers(of: space),
            let book = try? store.candidates(for: members)
        else { return contacts }
        // Whoever came to us, and was never dialled, is known by the record that it signed.
        let seen = book.compactMap { entry in entry.lastSign.map { (peer: entry.peer, time: $0) } }
            .sorted { $0.time > $1.time }
        for member in seen.map(\.peer)
        where contacts.count < Ticket.maxPeerCount && !contacts.contains(where: { $0.id == member }) {
            let addresses = book.filter { $0.peer == member }.map(\.address)
            contacts.append(
                Ticket.Peer(id: member, addresses: Array(addresses.prefix(Ticket.maxAddressCount))))
        }
        return contacts
    }

    /// Where the running node listens, as its record says, or where one would listen.
    private func ownAddresses(_ configuration: NetworkConfiguration) -> [Multiaddr] {
        let store = configuration.home.store
        if NodeSession.hasHolder(store: store), let record = try? store.ownAddresses(), !record.isEmpty {
            return record
        }
        return LocalNetwork.current().reachable(self.listenAddresses(configuration)).map(\.withoutPeer)
    }

    /// The listen addresses with the remembered port where none is given.
    private func listenAddresses(_ configuration: NetworkConfiguration) -> [Multiaddr] {
        let remembered = (try? configuration.home.store.listenPort()) ?? 0  // without one any port serves
        let wanted =
            configuration.listen.isEmpty
            ? [Multiaddr(ip: [0, 0, 0, 0], tcpPort: remembered)].compactMap { $0 } : configuration.listen
        return wanted.compactMap { address in
            guard address.tcpPort == nil, let ip = address.ip else { return address }
            return Multiaddr(ip: ip, tcpPort: remembered)
        }
    }

    private func nodeConfiguration(
        _ configuration: NetworkConfiguration
    ) throws(CommandError) -> NodeConfiguration {
        var node = NodeConfiguration(
            presence: {
                switch configuration.purpose {
                case .oneShot: .oneShot
                case .stay: .longLived
                }
            }())
        node.listenAddresses = self.listenAddresses(configuration)
        node.connect = configuration.connect
        node.usesMulticastDNS = configuration.usesMDNS
        let warn = configuration.warn
        node.onWarning = { warn(CommandWarning($0)) }
        node.traceFile = self.traceFile(configuration)
        var profile = configuration.profile
        if let text = self.environment[Self.parametersVariable], !text.isEmpty {
            profile = try ParameterOverrides(parsing: text).applied(to: profile)
        }
        node.gossipSub = profile.parameters
        node.presenceHeartbeats = profile.presence
        return node
    }

    private func traceFile(_ configuration: NetworkConfiguration) -> String? {
        configuration.traceFile ?? self.environment[Self.traceVariable].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func logger(_ verbosity: Int) -> Logger {
        var logger = Logger(label: "descord") { label in StreamLogHandler.standardError(label: label) }
        logger.logLevel =
            switch verbosity {
            case ..<1: .error
            case 1: .info
            case 2: .debug
            default: .trace
            }
        return logger
    }
}

/// `NetworkSession` over a `NodeSession`: the node's words become the commands'.
final class LiveSession: NetworkSession {
    private let session: NodeSession
    private let store: Store

    init(_ session: NodeSession, store: Store) {
        self.session = session
        self.store = store
    }

    func addresses() async throws -> [Multiaddr] {
        try await Self.explaining { try await self.session.addresses() }
    }

    func publish(
        _ operations: [OperationID], in space: SpaceID, wait: Int, deadline: Duration?
    ) async throws -> PublishOutcome {
        let publication = try await Self.explaining {
            try await self.session.publish(operations, in: space, waitingFor: wait, deadline: deadline)
        }
        return PublishOutcome(
            storedBy: publication.storedBy, heldBy: publication.heldBy,
            hasOtherMembers: publication.hasOtherMembers, connect: publication.connect,
            publish: publication.publish, stored: publication.stored)
    }

    func join(_ target: JoinTarget, deadline: Duration?) async throws -> JoinOutcome {
        let request: JoinRequest =
            switch target {
            case .ticket(let ticket): .ticket(ticket)
            case .space(let id): .space(id)
            }
        switch try await Self.explaining({ try await self.session.join(request, deadline: deadline) }) {
        case .joined(let report): return .joined(report)
        case .admittedNotFetched(let report): return .admittedNotFetched(report)
        case .unreachable: return .unreachable
        case .refused(.unknown): return .refused(.unknown)
        case .refused(.expired): return .refused(.expired)
        case .refused(.usedUp): return .refused(.usedUp)
        case .refused(.revoked): return .refused(.revoked)
        case .refused(.banned): return .refused(.banned)
        }
    }

    func sync(_ space: SpaceID?, deadline: Duration?) async throws -> SyncOutcome {
        let reports = try await Self.explaining { try await self.session.sync(space, deadline: deadline) }
        let wanted = try self.store.spaces().map(\.id).filter { space == nil || $0 == space }
        let unanswered = try wanted.filter { id in
            let hasOthers = try self.store.memberPeers(of: id).contains { $0 != self.store.peerID }
            return hasOthers && !reports.contains { $0.space == id.hex }
        }
        return SyncOutcome(reports: reports, unanswered: unanswered)
    }

    func fetchFiles(of message: OperationID, deadline: Duration?) async throws {
        try await Self.explaining { try await self.session.fetchFiles(of: message, deadline: deadline) }
    }

    func arrivals(deadline: Duration?) -> AsyncThrowingStream<Arrival, any Error> {
        let (stream, continuation) = AsyncThrowingStream<Arrival, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let session = self.session
        let forwarding = Task {
            do {
                for await arrival in try await session.newArrivals(deadline: deadline) {
                    continuation.yield(Arrival(upTo: arrival))
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: CommandError(network: error))
            }
        }
        continuation.onTermination = { _ in forwarding.cancel() }
        return stream
    }

    func peers(deadline: Duration?) async throws -> [PeerStatus] {
        try await Self.explaining { try await self.session.peers(settling: deadline) }
    }

    func dial(_ address: Multiaddr, deadline: Duration?) async throws -> PeerID {
        do {
            if let peer = try await self.session.dial(address, deadline: deadline) { return peer }
        } catch let error as DialError {
            throw CommandError(
                .unavailable, .unreachable, "cannot reach \(address)",
                details: error.attempts.map { "\($0.failure)" })
        } catch {
            throw CommandError(network: error)
        }
        throw CommandError(.unavailable, .unreachable, "cannot reach \(address)")
    }

    func discoveredSpaces(deadline: Duration?) async throws -> [DiscoveredSpace] {
        try await Self.explaining { try await self.session.discoveredSpaces(deadline: deadline) }
            .map { DiscoveredSpace(space: $0.id, name: $0.name) }
    }

    func leave() async {
        await self.session.leave()
    }

    private static func explaining<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            if error is CancellationError { throw error }
            throw CommandError(network: error)
        }
    }
}

extension CommandError {
    /// Explains what a session threw.
    init(network error: any Error) {
        switch error {
        case let error as CommandError: self = error
        case let error as StoreError: self.init(error)
        case NodeSession.Failure.holderSilent:
            self.init(
                .tryLater, .noPeers, "the process that runs this home's node does not answer",
                hint: "end it, or wait until it is done; what was committed stays queued")
        case NodeSession.Failure.holder(let failure) where failure.reason == ErrorCode.diskFull.rawValue:
            self.init(StoreError.full)
        case NodeSession.Failure.holder(let failure) where failure.reason == ErrorCode.inputOutput.rawValue:
            self.init(
                .inputOutput, .inputOutput, "the node of this home cannot write: \(failure.message)",
                hint: "run the command again")
        case NodeSession.Failure.holder(let failure)
        where failure.reason == ErrorCode.databaseUnreadable.rawValue:
            self.init(StoreError.corrupt(failure.message))
        case NodeSession.Failure.holder(let failure):
            self.init(
                failure.reason == "not_permitted" ? .notPermitted : .unavailable,
                failure.reason == "not_permitted" ? .notPermitted : .unreachable, failure.message)
        case NodeSession.Failure.start(.runFolder(let path, let code)):
            let isFull = code == ENOSPC || code == EDQUOT
            self.init(
                .inputOutput, isFull ? .diskFull : .inputOutput,
                "cannot use \"\(path)\": \(SystemText.error(code))",
                hint: isFull
                    ? "free some space and run the command again"
                    : "check the owner and mode of the home, and that its disk is not mounted read-only")
        case let failure as TraceFailure:
            self.init(
                .inputOutput, failure.code == ENOSPC || failure.code == EDQUOT ? .diskFull : .inputOutput,
                "cannot write the trace \"\(failure.path)\": \(SystemText.error(failure.code))",
                hint: "name a file that can be written with --trace")
        case is ListenError:
            self.init(
                .unavailable, .unreachable, "cannot listen: \(error)",
                hint: "name an address of this machine with --listen")
        default:
            self.init(
                .unexpected, .unexpected, "unexpected failure: \(error)",
                hint: "this is a bug; please report it")
        }
    }
}
