import DescordCrypto
import LibP2PCore
import Testing

import class Foundation.ProcessInfo

@testable import DescordCore

/// The seed of a randomised suite: `SEED`, else a fixed one.
let suiteSeed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? 20_261_121
/// How much longer than usual randomised suites run.
let suiteScale = ProcessInfo.processInfo.environment["SCALE"].flatMap(Int.init) ?? 1

extension PRNG {
    mutating func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: self.next()) }
    }

    mutating func key() -> Ed25519.PrivateKey {
        Ed25519.PrivateKey(seed: SecretBytes(self.octets(32)))!
    }
}

/// Writes well-formed operations of one author, keeping its chain.
struct Author {
    let key: Ed25519.PrivateKey
    var prng: PRNG
    var space: SpaceID?
    var previous: OperationID?
    var sequence: UInt64 = 0
    var clock = HybridLogicalClock(milliseconds: 1_700_000_000_000, counter: 0)

    init(seed: UInt64) {
        self.prng = PRNG(seed: seed)
        self.key = self.prng.key()
    }

    var publicKey: Ed25519.PublicKey { self.key.publicKey }

    mutating func genesis(_ name: String = "ops", isPublic: Bool = false) -> Operation {
        let header = OperationHeader(
            space: nil, sequence: 0, previous: nil, dependencies: [], clock: self.clock, kind: .spaceCreate,
            nonce: self.prng.octets(32), body: SpaceCreate(name: name, isPublic: isPublic).encoded)
        return self.took(self.signed(header))
    }

    func header(
        _ kind: OperationKind, links: [OperationID] = [], channel: ChannelID? = nil, body: [UInt8]? = nil
    )
        -> OperationHeader
    {
        OperationHeader(
            space: self.space, sequence: self.sequence, previous: self.previous, dependencies: links,
            clock: self.clock, kind: kind, channel: channel, body: body)
    }

    mutating func authority<Body: OperationPayload>(
        _ body: Body, links: [OperationID] = [], channel: ChannelID? = nil
    ) -> Operation {
        self.took(self.signed(self.header(Body.kind, links: links, channel: channel, body: body.encoded)))
    }

    mutating func content<Content: OperationPayload>(
        _ content: Content, links: [OperationID] = [], channel: ChannelID?
    ) -> Operation {
        let header = self.header(Content.kind, links: links, channel: channel)
        return self.took(self.signed(header, content: content.encoded, salt: self.prng.octets(32)))
    }

    private func signed(_ header: OperationHeader, content: [UInt8]? = nil, salt: [UInt8]? = nil) -> Operation
    {
        do {
            return try Operation(signing: header, content: content, salt: salt, by: self.key)
        } catch {
            preconditionFailure("a fixture is well formed: \(error)")
        }
    }

    private mutating func took(_ operation: Operation) -> Operation {
        self.space = operation.space
        self.previous = operation.id
        self.sequence += 1
        self.clock = HybridLogicalClock(rawValue: self.clock.rawValue + 65_536)
        return operation
    }
}

/// A space in memory, with everything that a session asks.
final class MemoryStorage: SyncStorage {
    let space: SpaceID
    let localKey: Ed25519.PublicKey
    var isPublic = false
    var operations: [OperationID: Operation] = [:]
    var members: Set<Ed25519.PublicKey> = []
    var invites: [OperationID: InviteCreate] = [:]
    var verdict: JoinVerdict = .allowed
    var admissions: [Operation] = []
    var records: [SyncRecord] = []
    var awaiting: [OperationID] = []
    var forgedFingerprint: [UInt8]?
    /// Refused before, for a budget.
    var unwanted: Set<OperationID> = []

    init(space: SpaceID, localKey: Ed25519.PublicKey) {
        self.space = space
        self.localKey = localKey
    }

    func insert(_ operation: Operation) {
        self.operations[operation.id] = operation
        if operation.isGenesis { self.members.insert(operation.author) }
        if let admit = operation.payload(MemberAdmit.self) { self.members.insert(admit.member) }
        if let invite = operation.payload(InviteCreate.self) { self.invites[operation.id] = invite }
    }

    func summary() -> SyncSummary {
        var summary = SyncSummary(SetFingerprint(self.operations.keys), heads: self.heads())
        if let forgedFingerprint {
            summary.fingerprint = forgedFingerprint
            summary.count = 1
        }
        return summary
    }
    func ids() -> [OperationID] {
        self.operations.values.sorted {
            if $0.operationClass != $1.operationClass { return $0.operationClass < $1.operationClass }
            return $0.header.clock != $1.header.clock ? $0.header.clock > $1.header.clock : $0.id < $1.id
        }.map(\.id)
    }
    func items() -> [NegentropyItem] {
        self.operations.values.map { NegentropyItem(clock: $0.header.clock, id: $0.id) }.sorted()
    }
    func heads() -> [OperationID] {
        let followed = Set(self.operations.values.flatMap(\.header.links))
        return self.operations.keys.filter { !followed.contains($0) }.sorted()
    }
    func contains(_ id: OperationID) -> Bool { self.operations[id] != nil }
    func entries(_ ids: [OperationID]) -> [OperationID: SyncEntry] {
        ids.reduce(into: [:]) { entries, id in
            entries[id] = self.operations[id].map {
                SyncEntry(author: $0.author, operationClass: $0.operationClass, links: $0.header.links)
            }
        }
    }
    func operation(_ id: OperationID) -> Operation? { self.operations[id] }
    func wanted(_ ids: [OperationID]) -> [OperationID] { ids.filter { !self.unwanted.contains($0) } }
    func isMember(_ key: Ed25519.PublicKey) -> Bool { self.members.contains(key) }
    func acceptsIntroduction(of key: Ed25519.PublicKey, by admissions: [Operation]) -> Bool {
        var expected = key
        for admission in admissions {
            guard admission.payload(MemberAdmit.self)?.member == expected else { return false }
            expected = admission.author
            if self.members.contains(expected) { return true }
        }
        return false
    }
    func introduction() -> [Operation] { self.admissions }
    func invite(_ id: OperationID) -> InviteCreate? { self.invites[id] }
    func joinVerdict(invite: OperationID?, joiner: Ed25519.PublicKey, now: WallTime) -> JoinVerdict {
        self.verdict
    }
    func memberRecords() -> [SyncRecord] { self.records }
    func recordSequence(of peer: PeerID) -> UInt64? { self.records.first { $0.peer == peer }?.sequence }
    func awaitingReceipts(from member: Ed25519.PublicKey) -> [OperationID] { self.awaiting }
}

struct MemoryDirectory: SyncDirectory {
    var storages: [MemoryStorage]
    func spaces() -> [SpaceID] { self.storages.map(\.space).sorted() }
    func storage(of space: SpaceID) -> (any SyncStorage)? { self.storages.first { $0.space == space } }
}
