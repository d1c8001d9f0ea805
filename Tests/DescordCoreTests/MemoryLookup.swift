import DescordCrypto

@testable import DescordCore

/// A space's set in memory, as the rules read it: lists are made by looking at everything.
final class MemoryLookup: SpaceLookup {
    let space: SpaceID
    let cache = AuthorityCache()
    private(set) var operations: [OperationID: Operation] = [:]
    private(set) var states: [OperationID: OperationState] = [:]
    private var places: [OperationID: UInt32] = [:]
    private var pasts: [OperationID: AuthorityPast] = [:]
    private var allBases: [OperationID: [Basis]] = [:]
    private var ranks: [OperationID: UInt32] = [:]

    init(space: SpaceID) {
        self.space = space
    }

    /// Takes an operation in, as a store does.
    func settle(_ operation: Operation, as state: OperationState = .admitted) throws {
        self.cache.authorityChanged()
        let rules = SpaceRules(self)
        var past = try self.past(of: operation.header.links)
        if operation.operationClass == .authority, state.isEligible {
            let place = UInt32(self.places.count)
            let bases = try rules.bases(of: operation)
            self.allBases[operation.id] = bases
            self.ranks[operation.id] = try rules.actingRank(of: operation, bases: bases)
            self.places[operation.id] = place
            past.insert(place)
        }
        self.pasts[operation.id] = past
        self.operations[operation.id] = operation
        self.states[operation.id] = state
        self.cache.authorityChanged()
        guard operation.kind.revokes, state == .admitted else { return }
        for (id, rank) in try rules.ranksUnderRevocations() {
            self.ranks[id] = rank
            if self.states[id]?.isEligible == true { self.states[id] = rank == nil ? .revoked : .admitted }
        }
    }

    func entry(_ id: OperationID) -> SpaceEntry? {
        guard let operation = self.operations[id], let state = self.states[id], state.isSettled else {
            return nil
        }
        return SpaceEntry(operation, state: state)
    }

    func operation(_ id: OperationID) -> Operation? {
        self.states[id]?.isEligible == true ? self.operations[id] : nil
    }

    func index(of id: OperationID) -> UInt32? { self.places[id] }
    func past(of id: OperationID) -> AuthorityPast { self.pasts[id] ?? AuthorityPast() }
    func bases(of id: OperationID) -> [Basis] { self.allBases[id] ?? [] }
    func actingRank(of id: OperationID) -> UInt32? { self.ranks[id] }

    private func eligible(_ isWanted: (Operation) -> Bool) -> [OperationID] {
        self.operations.values.filter { self.states[$0.id]?.isEligible == true && isWanted($0) }
            .map(\.id).sorted()
    }

    func grants(to key: Ed25519.PublicKey) -> [OperationID] { self.eligible { $0.grantedMember == key } }
    func revocations(of key: Ed25519.PublicKey) -> [OperationID] {
        self.eligible { $0.revokedMember == key }
    }
    func revocations() -> [OperationID] { self.eligible { $0.kind.revokes } }
    func definitions(of role: OperationID) -> [OperationID] {
        self.eligible { operation in
            operation.payload(RoleDefine.self).map { ($0.role ?? operation.id) == role } ?? false
        }
    }
    func changes(_ kind: OperationKind, of channel: ChannelID?) -> [OperationID] {
        self.eligible { $0.kind == kind && $0.header.channel == channel }
    }
    func uses(of invite: OperationID) -> [OperationID] {
        self.eligible {
            $0.payload(MemberAdmit.self).flatMap {
                self.operations[$0.join]?.payload(MemberJoin.self)?.invite
            } == invite
        }
    }
    func revocations(ofInvite invite: OperationID) -> [OperationID] {
        self.eligible { $0.payload(InviteRevoke.self)?.invite == invite }
    }
    func authorityOperations(by key: Ed25519.PublicKey) -> [OperationID] {
        self.eligible { $0.author == key && $0.operationClass == .authority }
    }
    func grants(of role: OperationID) -> [OperationID] {
        self.eligible { $0.payload(RoleGrant.self)?.role == role }
    }
    func isKnown(_ key: Ed25519.PublicKey) -> Bool {
        self.entry(self.space)?.author == key || !self.grants(to: key).isEmpty
    }
}
