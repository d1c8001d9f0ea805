import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore

/// What a node does about files: serves members, fetches from them, and remembers who holds what.
///
/// Confined to the engine's event loop.
final class FileExchange {
    /// Files that are looked for at once; of more, those of the oldest messages are left for another time.
    static let maxWanted = 256
    /// Files of which we remember who holds them.
    private static let maxHeld = 1_024

    private unowned let engine: NodeEngine
    /// Streams on which members take files from us.
    private(set) var services: [FileServiceDriver] = []
    /// What is to be fetched, in the order in which it is begun.
    private(set) var wanted: [WantedFile] = []
    /// Streams on which we tell the author of a message that its file is here.
    private var telling: [FileFetchDriver] = []
    /// What is to be told after these.
    private var untold: [(peer: PeerID, file: FileReference, space: SpaceID)] = []
    /// What each member may still take, and what all strangers together may ask.
    var allowances = FileAllowances()
    /// Who said that it stored which file, the oldest first.
    private var held: [(hash: FileHash, members: Set<PeerID>)] = []
    private let began = NIODeadline.now()
    /// How long a peer may be silent on a stream.
    var idleDeadline = FileLimits.idleDeadline

    init(_ engine: NodeEngine) {
        self.engine = engine
    }

    // MARK: - Serving

    /// Answers a stream that a peer opened.
    func accept(_ stream: Stream) {
        let open = self.services.count { $0.peer == stream.peer }
        // Strangers share one allowance, which is ours, and leave the members theirs.
        let isMember = self.engine.spaces.contains { $0.members.contains(stream.peer) }
        let payer = isMember ? stream.peer : self.engine.peerID
        guard let remoteKey = stream.peer.ed25519, !self.engine.isStopping,
            open < FileLimits.maxStreamsPerPeer,
            self.allowances.take(FileLimits.minRequestCost, of: payer, now: self.now)
        else { return stream.reset() }
        let service = FileService(
            self.engine.store.fileDirectory(), localKey: self.engine.key.publicKey, remoteKey: remoteKey)
        let driver = FileServiceDriver(
            session: service, stream: stream, on: self.engine.eventLoop, idle: self.idleDeadline)
        self.services.append(driver)
        driver.onEvent = { [weak self] driver, event in self?.handle(event, of: driver) }
        driver.onClosed = { [weak self] driver in
            self?.services.removeAll { $0 === driver }
            self?.engine.progressed()
        }
        driver.start()
    }

    private func handle(_ event: FileService.Event, of driver: FileServiceDriver) {
        switch event {
        case .opened(_, _, let size):
            if !self.allowances.take(size, of: driver.peer, now: self.now) { driver.reset() }
        case .kept(let hash):
            self.keeps(hash, driver.peer)
        case .failed(let failure):
            self.engine.logger.debug(
                "serving a file failed", metadata: ["peer": "\(driver.peer)", "failure": "\(failure)"])
        case .refused: break
        }
    }

    private func keeps(_ hash: FileHash, _ peer: PeerID) {
        if let place = self.held.firstIndex(where: { $0.hash == hash }) {
            self.held[place].members.insert(peer)
        } else {
            if self.held.count >= Self.maxHeld { self.held.removeFirst() }
            self.held.append((hash, [peer]))
        }
        self.engine.progressed()
    }

    private var now: Instant { Instant(nanoseconds: (NIODeadline.now() - self.began).nanoseconds) }

    /// Ends what those take who are no members any more.
    func membersRemoved(_ peers: Set<PeerID>, from space: SpaceID) {
        for service in self.services where service.space == space && peers.contains(service.peer) {
            service.reset()
        }
    }

    /// How many members said that they stored all of these files.
    func holderCount(of files: [FileReference], in context: NodeEngine.SpaceContext) -> Int {
        var holders = context.members
        for file in files {
            holders.formIntersection(self.held.first { $0.hash == file.hash }?.members ?? [])
        }
        return holders.count
    }

    /// Whether a connected member that knows of files has not said that it stored all of these.
    func mayStillBeTaken(_ files: [FileReference], in context: NodeEngine.SpaceContext) -> Bool {
        guard self.services.isEmpty else { return true }
        return self.engine.host.connections.contains { connection in
            let protocols = connection.identify?.protocols
            return context.members.contains(connection.peer)
                && (protocols?.contains(FileLimits.protocolID) ?? true)
                && !files.allSatisfy { self.holds($0.hash, connection.peer) }
        }
    }

    private func holds(_ hash: FileHash, _ peer: PeerID) -> Bool {
        self.held.first { $0.hash == hash }?.members.contains(peer) ?? false
    }

    // MARK: - Fetching

    /// Begins to look for a file, before whatever was wanted so far; with `anew`, also among those who did
    /// not have it.
    func want(
        _ reference: FileReference, in space: SpaceID, by author: PeerID, anew: Bool = false
    ) {
        if let file = self.wanted.first(where: { $0.reference == reference && $0.space == space }) {
            if anew { file.askAnew() }
            return self.advance()
        }
        if self.wanted.count >= Self.maxWanted,
            let oldest = self.wanted.lastIndex(where: { $0.driver == nil })
        {
            self.wanted.remove(at: oldest)
        }
        self.wanted.insert(WantedFile(reference, in: space, by: author), at: 0)
        self.advance()
    }

    /// Whether a file is being fetched, or somebody is here who was not asked.
    func isUnderWay(_ reference: FileReference, in space: SpaceID) -> Bool {
        self.wanted.contains { file in
            file.reference == reference && file.space == space
                && (file.driver != nil || file.next(among: self.members(of: space)) != nil)
        }
    }

    /// Messages came into force: who stays fetches their files, and tells whoever wrote them what is here.
    func admitted(_ operations: [DescordCore.Operation]) {
        guard self.engine.configuration.presence == .longLived else { return }
        for operation in operations where operation.author != self.engine.key.publicKey {
            for file in operation.payload(MessagePost.self)?.files ?? [] {
                // What cannot be read now is found by the next run.
                guard let isHere = try? self.engine.store.holdsFile(file.hash) else { continue }
                if isHere {
                    self.tell(PeerID(operation.author), of: file, in: operation.space)
                } else {
                    self.want(file, in: operation.space, by: PeerID(operation.author))
                }
            }
        }
    }

    /// Who stays looks for what earlier runs did not get.
    func start() {
        guard self.engine.configuration.presence == .longLived else { return }
        // What cannot be read now is found by the next run.
        let missing = (try? self.engine.store.missingFiles(limit: Self.maxWanted)) ?? []
        for file in missing.reversed() {
            self.want(file.reference, in: file.space, by: PeerID(file.author))
        }
    }

    /// A peer is here, and may have what is wanted.
    func connected(_ peer: PeerID) {
        for file in self.wanted { file.connected(peer) }
        self.advance()
    }

    /// Gives up every stream.
    func stop() {
        for service in self.services { service.reset() }
        for driver in self.telling + self.wanted.compactMap(\.driver) { driver.reset() }
    }

    private func members(of space: SpaceID) -> [PeerID] {
        guard let context = self.engine.space(space) else { return [] }
        var members: [PeerID] = []
        for peer in self.engine.host.connections.map(\.peer)
        where context.members.contains(peer) && !members.contains(peer) {
            members.append(peer)
        }
        return members
    }

    /// Asks for what nobody is being asked for.
    private func advance() {
        guard !self.engine.isStopping else { return }
        for file in self.wanted where file.driver == nil {
            guard self.wanted.count(where: { $0.driver != nil }) < FileLimits.maxFetches else { return }
            while file.driver == nil, let peer = file.next(among: self.members(of: file.space)) {
                file.asking(peer)
                file.driver = self.open(file.assembly, of: file.space, to: peer)
                file.driver?.onEvent = { [weak self] driver, event in
                    self?.handle(event, of: driver, for: file)
                }
                file.driver?.onClosed = { [weak self] driver in self?.closed(driver, for: file) }
                self.begin(file.driver)
            }
        }
    }

    private func open(_ assembly: FileAssembly, of space: SpaceID, to peer: PeerID) -> FileFetchDriver? {
        guard let remoteKey = peer.ed25519,
            let connection = self.engine.host.connections(to: peer).first(where: \.isUsable),
            let stream = connection.openStream(FileLimits.protocolID)
        else { return nil }
        let fetch = FileFetch(
            assembly, of: space, initiator: self.engine.key.publicKey, responder: remoteKey,
            nonce: Entropy.bytes(32))
        return FileFetchDriver(
            session: fetch, stream: stream, on: self.engine.eventLoop, idle: self.idleDeadline)
    }

    private func begin(_ driver: FileFetchDriver?) {
        guard let driver else { return }
        let protocols = self.engine.host.connections(to: driver.peer).first?.identify?.protocols
        driver.start(awaitsAgreement: protocols?.contains(FileLimits.protocolID) != true)
    }

    private func handle(_ event: FileFetch.Event, of driver: FileFetchDriver, for file: WantedFile) {
        switch event {
        case .accepted, .absent: break
        case .whole: self.store(driver, file)
        case .failed(let failure):
            self.engine.logger.debug(
                "fetching a file failed", metadata: ["peer": "\(driver.peer)", "failure": "\(failure)"])
            guard failure == .wrongHash else { return }
            file.took(driver.assembly, from: driver.peer)
            file.wasWrong(lastFrom: driver.peer)
            // What the stream brought is of no use.
            file.driver = nil
        }
    }

    private func store(_ driver: FileFetchDriver, _ file: WantedFile) {
        let (store, bytes, hash, space) = (
            self.engine.store, driver.assembly.bytes, file.reference.hash, file.space
        )
        let now = self.engine.configuration.wallTime()
        self.engine.pipeline.write {
            try store.storeFetched(bytes, as: hash, in: space, at: now)
        } completion: { [weak self] result in
            guard let self else { return }
            self.wanted.removeAll { $0 === file }
            if case .success(true) = result {
                driver.kept()
                self.keeps(hash, driver.peer)
                if driver.peer != file.author { self.tell(file.author, of: file.reference, in: space) }
            } else {
                driver.reset()
            }
            self.advance()
            self.engine.progressed()
        }
    }

    private func closed(_ driver: FileFetchDriver, for file: WantedFile) {
        if file.driver === driver {
            file.took(driver.assembly, from: driver.peer)
            file.driver = nil
        }
        self.advance()
        self.engine.progressed()
    }

    /// Tells a member that a file of its message is here, when it is connected: it may wait for that.
    private func tell(_ peer: PeerID, of reference: FileReference, in space: SpaceID) {
        guard self.untold.count < Self.maxWanted else { return }
        self.untold.append((peer, reference, space))
        self.tellNext()
    }

    private func tellNext() {
        while self.telling.count < FileLimits.maxTellings, !self.untold.isEmpty, !self.engine.isStopping {
            let next = self.untold.removeFirst()
            guard let driver = self.open(FileAssembly(held: next.file), of: next.space, to: next.peer)
            else { continue }
            self.telling.append(driver)
            driver.onEvent = { driver, event in
                if case .whole = event { driver.kept() }
            }
            driver.onClosed = { [weak self] driver in
                self?.telling.removeAll { $0 === driver }
                self?.tellNext()
            }
            self.begin(driver)
        }
    }
}
