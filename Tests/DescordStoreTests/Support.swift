import DescordCore
import DescordCrypto
import Foundation
import LibP2PCore
import Synchronization
import Testing

@testable import DescordStore

typealias Operation = DescordCore.Operation

/// A wall clock that only the test moves.
final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_800_000_000_000)

    var now: WallTime { WallTime(milliseconds: self.time.withLock { $0 }) }

    func advance(by duration: Duration) {
        self.time.withLock { $0 += duration.wholeMilliseconds }
    }
}

/// Takes steps of the schema back, so that a home of an earlier version is there to be opened.
enum EarlierSchema {
    static let withoutContent = """
        DROP INDEX operations_target;
        DROP INDEX operations_profiles;
        DROP INDEX operations_threads;
        ALTER TABLE operations DROP COLUMN target;
        """
}

/// A home in a temporary directory, which goes away with it.
final class TestHome: Sendable {
    let home: Home
    let store: Store

    init(_ clock: TestClock = TestClock(), seed: UInt8 = 1) throws {
        var template = Array("/tmp/descord-store-XXXXXX".utf8CString)
        let path = template.withUnsafeMutableBufferPointer { buffer in
            mkdtemp(buffer.baseAddress!).map { String(cString: $0) } ?? ""
        }
        self.home = Home(path: path)
        let key = Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: seed, count: 32)))!
        self.store = try Store.open(home: self.home, key: key, wallTime: { clock.now })
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.home.path)  // the system clears /tmp in time
    }

    /// A second connection, as another process has it.
    func reopened() throws -> Store {
        try Store.open(home: self.home, key: self.store.key, wallTime: self.store.wallTime)
    }
}

/// Two homes of one clock and a space with a channel in the first.
struct World {
    let clock = TestClock()
    let alice: TestHome
    let bob: TestHome
    let space: SpaceID
    let channel: ChannelID

    init(isPublic: Bool = false) throws {
        self.alice = try TestHome(self.clock, seed: 1)
        self.bob = try TestHome(self.clock, seed: 2)
        self.space = try self.alice.store.createSpace(
            name: SpaceName(parsing: "Garden"), isPublic: isPublic
        ).operation.id
        self.channel = try self.alice.store.createChannel(
            name: ChannelName(parsing: "general"), in: self.space
        ).operation.id
    }

    /// Brings bob in by an invite, and hands him everything.
    func joined() throws -> World {
        try self.join(self.bob)
        return self
    }

    func join(_ home: TestHome, uses: UInt32 = 1) throws {
        let (invite, key) = try self.alice.store.createInvite(in: self.space, uses: uses, expires: nil)
        try self.join(home, invite: invite.operation.id, key: key)
    }

    func join(_ home: TestHome, invite: OperationID?, key: Ed25519.PrivateKey?) throws {
        let request = try self.request(home, invite: invite, key: key)
        guard case .admitted(let admission, _) = try self.alice.store.admit(request) else {
            throw StoreError.notPermitted
        }
        _ = try home.store.ingest([admission], from: self.fromAlice)
        try self.sync(to: home)
    }

    /// What a newcomer does before it is admitted: takes the authority operations, writes its join.
    func request(_ home: TestHome, invite: OperationID?, key: Ed25519.PrivateKey?) throws -> Operation {
        try home.store.beginJoin(self.space)
        let authority = try self.alice.store.all(self.space).filter { $0.operationClass == .authority }
        _ = try home.store.ingest(authority, from: self.fromAlice)
        return try home.store.authorJoin(of: self.space, invite: invite, ticketKey: key).operation
    }

    /// The heads of what alice has.
    var heads: [OperationID] { self.alice.store.syncStorage(of: self.space)?.heads() ?? [] }

    var fromAlice: IngestSource { .sync(self.alice.store.peerID) }

    @discardableResult
    func sync(from: TestHome? = nil, to home: TestHome) throws -> IngestResult {
        try home.store.ingest((from ?? self.alice).store.all(self.space), from: self.fromAlice)
    }

    @discardableResult
    func post(_ home: TestHome, _ text: String) throws -> Operation {
        try home.store.post(text, channel: self.channel, in: self.space).operation
    }
}

extension Store {
    /// Every stored operation of a space, parents before children.
    func all(_ space: SpaceID) throws -> [Operation] {
        guard let storage = self.syncStorage(of: space) else { return [] }
        return storage.ids().compactMap { storage.operation($0) }
            .sorted { ($0.header.clock, $0.id) < ($1.header.clock, $1.id) }
    }
}

/// Writes operations without a store, as somebody does who keeps no rule.
struct Forger {
    let key: Ed25519.PrivateKey
    let space: SpaceID
    var sequence: UInt64 = 0
    var previous: OperationID?

    init(_ key: Ed25519.PrivateKey, in space: SpaceID) {
        self.key = key
        self.space = space
    }

    /// Goes on after the last operation that a store has of this key.
    init(_ store: Store, in space: SpaceID) throws {
        self.init(store.key, in: space)
        let last = try store.all(space).filter { $0.author == store.publicKey }.last
        self.sequence = last.map { $0.header.sequence + 1 } ?? 0
        self.previous = last?.id
    }

    mutating func write<Payload: OperationPayload>(
        _ payload: Payload, links: [OperationID] = [], clock: HybridLogicalClock, channel: ChannelID? = nil,
        advances: Bool = true
    ) throws -> Operation {
        let isContent = Payload.kind.operationClass == .content
        let header = OperationHeader(
            space: self.space, sequence: self.sequence, previous: self.previous,
            dependencies: links.filter { $0 != self.previous }, clock: clock, kind: Payload.kind,
            channel: channel,
            body: isContent ? nil : payload.encoded)
        let operation = try Operation(
            signing: header, content: isContent ? payload.encoded : nil,
            salt: isContent ? Entropy.bytes(32) : nil, by: self.key)
        if advances {
            self.sequence += 1
            self.previous = operation.id
        }
        return operation
    }
}

extension HybridLogicalClock {
    /// A clock this far after (or before) a time.
    static func at(_ time: WallTime, _ offset: Duration = .zero) -> HybridLogicalClock {
        HybridLogicalClock(time + offset)
    }
}

/// The key of a numbered person.
func person(_ number: UInt8) -> Ed25519.PrivateKey {
    Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: number, count: 32)))!
}

/// `SEED` and `SCALE` of randomised suites.
enum Randomised {
    static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 20_261_121
    static let scale = ProcessInfo.processInfo.environment["SCALE"].flatMap { Int($0) } ?? 1
}
