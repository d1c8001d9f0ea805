import DescordCrypto
import LibP2P
import LibP2PCore
import Logging
import NIOCore
import NIOPosix

/// A libp2p node's sockets, connections and streams.
///
/// Confined to one event loop: it is made there, and every call and every callback happens there. A host that
/// has listened or dialled must be closed.
public final class Host {
    public let configuration: Configuration
    /// The loop that everything is confined to.
    public let eventLoop: any EventLoop
    /// Our own peer id.
    public let peerID: PeerID

    let logger: Logger
    /// The bound addresses; the unspecified address is kept as it is.
    public internal(set) var boundAddresses: [Multiaddr] = []
    /// Addresses that identify announces instead of those derived from the bound ones, such as an external
    /// one.
    public var announcedAddresses: [Multiaddr]? {
        didSet { if self.announcedAddresses != oldValue { self.identify.localChanged() } }
    }
    /// Authenticated connections, oldest first.
    public private(set) var connections: [Connection] = []

    /// Which addresses of strangers are dialled. Follows the bound addresses when `listen` succeeded.
    public var dialPolicy: DialPolicy
    /// Told of peers on the local networks; the addresses are those at which mDNS packets came from, as
    /// candidates for `dial`. Set it before `listen`.
    public var onDiscovered: ((PeerID, [DialCandidate]) -> Void)?
    /// Told of every connection at whose other end another process proved our own identity, and of the
    /// address there; such a connection is closed. Our own listener, when it is dialled, does not count.
    public var onOwnIdentityElsewhere: ((Multiaddr) -> Void)?

    private var handlers: [String: (Stream) -> Void] = [:]
    /// What is accepted inbound, in the order of registration.
    public private(set) var supportedProtocols: [String] = []
    private var observers: [HostObserver] = []
    private var nextOrdinal: UInt64 = 0
    private var ownStaticKeys = OwnStaticKeys()
    var channels: [ObjectIdentifier: ConnectionHandler] = [:]
    var listeners: [any Channel] = []
    var dials: [ObjectIdentifier: Dial] = [:]
    var drain: Drain?
    var multicastDNS: MulticastDNS?
    private(set) lazy var identify = IdentifyService(host: self)
    private(set) lazy var pings = PingService(host: self)

    /// Must be called on `eventLoop`.
    public init(configuration: Configuration, eventLoop: any EventLoop, logger: Logger) {
        eventLoop.preconditionInEventLoop()
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.peerID = PeerID(configuration.key.publicKey)
        self.logger = logger
        self.dialPolicy = DialPolicy(network: .current(), listening: [])
        self.identify.start()
        self.pings.start()
    }

    // MARK: - Protocols and observers

    /// Accepts inbound streams of a protocol, which identify advertises from then on.
    public func setHandler(_ protocolID: String, _ handler: @escaping (Stream) -> Void) {
        if self.handlers.updateValue(handler, forKey: protocolID) == nil {
            self.supportedProtocols.append(protocolID)
            self.protocolsChanged()
        }
    }

    /// Refuses new inbound streams of a protocol.
    public func removeHandler(_ protocolID: String) {
        if self.handlers.removeValue(forKey: protocolID) != nil {
            self.supportedProtocols.removeAll { $0 == protocolID }
            self.protocolsChanged()
        }
    }

    /// Adds an observer, told after those that were added before it.
    public func observe(_ observer: HostObserver) {
        self.observers.append(observer)
    }

    // MARK: - Peers

    /// Returns the connections to a peer, newest first.
    public func connections(to peer: PeerID) -> [Connection] {
        self.connections.reversed().filter { $0.peer == peer }
    }

    /// Opens a stream on the newest usable connection to a peer. With one protocol it is usable at once.
    public func openStream(to peer: PeerID, _ protocols: [String]) -> EventLoopFuture<Stream> {
        guard let connection = self.connections(to: peer).first(where: { $0.isUsable }) else {
            return self.eventLoop.assumeIsolated().makeFailedFuture(OpenStreamError.notConnected)
        }
        return connection.openStream(protocols)
    }

    /// Measures a round trip through the peer's ping service.
    public func ping(_ peer: PeerID) -> EventLoopFuture<Duration> {
        guard let connection = self.connections(to: peer).first(where: { $0.isUsable }) else {
            return self.eventLoop.assumeIsolated().makeFailedFuture(OpenStreamError.notConnected)
        }
        return self.pings.ping(connection)
    }

    /// The loop's time, as machines take it.
    public var now: Instant { Instant(self.eventLoop.now) }

    // MARK: - Addresses

    /// What identify announces: `announcedAddresses`, or the bound addresses with the unspecified one
    /// replaced by those of the interfaces.
    public var advertisedAddresses: [Multiaddr] {
        if let announcedAddresses { return announcedAddresses }
        // Asking the system for its interfaces takes several system calls, and this is asked often.
        let isUnspecified = self.boundAddresses.contains { $0.ip?.allSatisfy { $0 == 0 } ?? false }
        let network = isUnspecified ? LocalNetwork.current() : LocalNetwork(subnets: [])
        return network.reachable(self.boundAddresses)
    }

    /// Where at least `count` connected peers say that they see us, most of them first.
    public func observedAddresses(seenBy count: Int) -> [Multiaddr] {
        self.identify.observed.addresses(seenBy: count)
    }

    /// Our signed peer record, an encoded envelope, as others may pass it on.
    public var signedPeerRecord: [UInt8] { self.identify.ownRecord }

    /// Goes on with the record of an earlier run for as long as it states what is advertised; the next one
    /// gets a greater number.
    public func resumePeerRecord(_ envelope: [UInt8]) { self.identify.resume(envelope) }

    // MARK: - Events from connections

    func makeHandler(
        direction: Connection.Direction, remoteAddress: Multiaddr, expecting: PeerID?
    ) -> ConnectionHandler {
        var configuration = ConnectionConfiguration(key: self.configuration.key)
        configuration.expectedPeer = expecting
        configuration.offersEarlyMuxer = self.configuration.offersEarlyMuxer
        configuration.handshakeTimeout = self.configuration.deadlines.handshake
        configuration.negotiationTimeout = self.configuration.deadlines.negotiation
        configuration.keepAliveInterval = self.configuration.deadlines.keepAliveInterval
        configuration.keepAliveTimeout = self.configuration.deadlines.keepAliveTimeout
        configuration.yamux.maxInboundStreams = self.configuration.limits.inboundStreamsPerConnection
        let noiseStatic = X25519.PrivateKey.generate()
        self.ownStaticKeys.insert(noiseStatic.publicKey)
        let machine = ConnectionMachine(
            role: direction == .outbound ? .dialer : .listener, configuration: configuration,
            supportedProtocols: self.supportedProtocols, noiseStatic: noiseStatic,
            noiseEphemeral: .generate(),
            now: Instant(self.eventLoop.now))
        let handler = ConnectionHandler(
            host: self, direction: direction, remoteAddress: remoteAddress, machine: machine)
        self.channels[ObjectIdentifier(handler)] = handler
        return handler
    }

    /// Decides whether an authenticated connection is kept.
    func authenticated(_ handler: ConnectionHandler, peer: PeerID) -> Result<Connection, DialFailure> {
        guard peer != self.peerID else {
            if !self.ownStaticKeys.contains(handler.remoteStaticKey) {
                self.onOwnIdentityElsewhere?(handler.remoteAddress)
            }
            return .failure(.ownIdentity)
        }
        guard self.drain == nil else { return .failure(.refusedByLimit) }
        let connection = Connection(
            peer: peer, direction: handler.direction, remoteAddress: handler.remoteAddress,
            handshakeHash: handler.handshakeHash, ordinal: self.nextOrdinal, driver: handler)
        self.nextOrdinal += 1
        self.connections.append(connection)
        let toPeer = self.connections.filter { $0.peer == peer }
        for surplus in toPeer.dropLast(max(1, self.configuration.limits.connectionsPerPeer)) {
            surplus.close()
        }
        return .success(connection)
    }

    func announce(_ connection: Connection) {
        self.logger.debug("connected", metadata: ["peer": "\(connection.peer)"])
        for observer in self.observers where connection.isUsable { observer.connected(connection) }
        self.identify.ask(connection)
    }

    func announceIdentified(_ connection: Connection, _ message: IdentifyMessage) {
        for observer in self.observers { observer.identified(connection, message) }
    }

    func accept(_ stream: Stream) {
        guard let handler = self.handlers[stream.protocolID] else { return stream.reset() }
        handler(stream)
    }

    func ended(_ handler: ConnectionHandler) {
        guard let connection = handler.connection,
            let index = self.connections.firstIndex(where: { $0 === connection })
        else { return }
        self.connections.remove(at: index)
        let last = !self.connections.contains { $0.peer == connection.peer }
        self.identify.forget(connection, last: last)
        for observer in self.observers { observer.disconnected(connection, last) }
    }

    func closed(_ handler: ConnectionHandler) {
        self.channels[ObjectIdentifier(handler)] = nil
        self.drain?.progressed()
    }

    func didFlush(_ handler: ConnectionHandler) {
        self.drain?.progressed()
    }

    /// Stops what is not a connection; returns whether it has ended.
    func stopServices() -> Bool {
        self.multicastDNS?.stop()
        self.multicastDNS = nil
        return true
    }

    private func protocolsChanged() {
        for handler in self.channels.values { handler.setSupportedProtocols(self.supportedProtocols) }
        self.identify.localChanged()
    }
}
