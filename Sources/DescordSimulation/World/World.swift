import DescordCrypto
import LibP2P
import LibP2PCore

/// A network of gossipsub routers on virtual time: links, faults, attackers, a plain application on each
/// node, and checkers that watch all of it.
///
/// The routers are the production's own, driven as its driver drives them. A value confined to whoever runs
/// it, and a function of the scenario and the seed: the same two give the same events in every process.
package struct World {
    package let scenario: Scenario
    package let seed: UInt64
    /// What is broken on purpose; nothing outside of tests.
    let sabotage: Sabotage
    /// What the routers should run with, and what they do.
    let parameters: GossipSubParameters
    let settings: GossipSubSettings
    let chance: Chance
    let topic: Topic
    /// How many honest nodes there are; attackers have the numbers behind them.
    let honest: Int

    /// Nanoseconds of virtual time.
    package internal(set) var now: Int64 = 0
    var queue = EventQueue()
    var hash: EventHash
    /// When the first message is published, when the last fault has ended, and when the run ends.
    let origin: Int64
    var faultsEnd: Int64 = 0
    package internal(set) var end: Int64 = 0

    // Nodes
    let routers: RouterTable
    let peers: PeerTable
    var isOnline: [Bool]
    /// How often a node has started; 0: not yet.
    var starts: [Int]
    var onlineSince: [Int64]
    /// When it will go away next, and all times at which it will.
    var leavesAt: [Int64]
    var departures: [Int: [Int64]] = [:]
    /// The nodes behind bad lines.
    var isSlow: NodeSet
    /// When its router wants to be woken; `.max`: never.
    var deadlines: [Int64]
    /// How wrong its clock runs, in parts a million.
    let drift: [Int64]
    /// What each router remembered when its node went away.
    var memories: [Int: (backoffs: [Backoff], scores: [RetainedScore])] = [:]
    /// What is put out by the input that is being handled.
    var outputs: [GossipSubRouter.Output] = []

    // Wire
    var links: LinkTable
    var parcels = ParcelTable()
    /// For each node: its uplink, nil when it is without limit, and when its downlink is free again for
    /// honest peers; behind those of all nodes, the same for attackers.
    var uplinks: [Uplink?]
    var downlinkFree: [Int64]

    /// Whose kicks the node stored during the input that is being handled.
    var kicksToLearn: [Int] = []
    /// What did not fit into its queue, during the input that is being handled.
    var refused: [(peer: PeerID, rpc: RPC)] = []

    // Application
    let members: NodeSet
    /// Whose kick each node knows.
    var kickedSeen: [[Int]]
    var publications: [Publication] = []
    /// What waits for a verdict, in slots that are used again.
    var verdicts: [Verdict] = []
    var freeVerdicts: [Int] = []
    /// For each node: how many operations without parents are held, by author.
    var held: [Int: [Int: Int]] = [:]
    /// What every message that is not an attacker's own invention holds.
    let filler: [UInt8]
    let urgentFiller: [UInt8]
    let burstFiller: [UInt8]

    var attackers: [AttackerState] = []

    // Checks and figures
    var violations = ViolationBook()
    var meshCheck: MeshCheck
    /// The last time at which meshes were disturbed.
    var disturbed: Int64 = 0
    var tally = Tally()
    var isFinished = false
    /// Which honest nodes could reach each other when it was last asked.
    var components: [Int32] = []
    /// The message whose way is recorded for the picture.
    var record = DeliveryRecord()

    /// Lays out the world; nothing happens before the first `advance`.
    ///
    /// - Throws: when the scenario's parameters contradict each other, or it has too many attackers.
    package init(_ scenario: Scenario, seed: UInt64, sabotage: Sabotage = []) throws(ScenarioFailure) {
        let scenario = scenario.isSwarm ? SwarmDraw.scenario(seed: seed, from: scenario) : scenario
        try scenario.check()
        self.scenario = scenario
        self.seed = seed
        self.sabotage = sabotage
        parameters = try scenario.routerParameters()
        settings = GossipSubSettings(sabotage.applied(to: parameters))
        chance = Chance(seed: seed)
        topic = Topic("space/\(EventHash(seed: seed).text)")
        hash = EventHash(seed: seed)
        honest = scenario.nodes
        let total = scenario.nodes + scenario.attackers
        let chance = chance
        peers = PeerTable(scenario, count: total, exchangesPeers: parameters.exchangesPeers)
        isOnline = Array(repeating: false, count: total)
        starts = Array(repeating: 0, count: total)
        onlineSince = Array(repeating: 0, count: total)
        leavesAt = Array(repeating: .max, count: total)
        isSlow = NodeSet(capacity: total)
        deadlines = Array(repeating: .max, count: scenario.nodes)
        drift = (0..<scenario.nodes).map {
            Int64(((chance.unit(.drift, $0) * 2 - 1) * scenario.driftPartsPerMillion).rounded())
        }
        routers = RouterTable(capacity: scenario.nodes)
        links = LinkTable(nodes: total)
        uplinks = Array(repeating: nil, count: total)
        downlinkFree = Array(repeating: 0, count: 2 * total)
        kickedSeen = Array(repeating: [], count: scenario.nodes)
        filler = Array(repeating: 0x64, count: scenario.bytes)
        urgentFiller = Array(repeating: 0x75, count: scenario.urgent?.bytes ?? 0)
        burstFiller = Array(repeating: 0x62, count: scenario.burst?.bytes ?? 0)
        meshCheck = MeshCheck(degreeLow: parameters.degreeLow, degreeHigh: parameters.degreeHigh)
        origin = Self.nanoseconds(scenario.bootSeconds + scenario.warmUpSeconds)
        var members = NodeSet(capacity: total)
        for node in 0..<scenario.nodes { members.insert(node) }
        var next = scenario.nodes
        for attack in scenario.attacks {
            for node in next..<(next + attack.count(amongHonest: scenario.nodes)) where attack.isMember {
                members.insert(node)
            }
            next += attack.count(amongHonest: scenario.nodes)
        }
        self.members = members
        layOut()
    }

    /// Runs up to `limit` events; false when the world has come to its end.
    package mutating func advance(events limit: Int) -> Bool {
        for _ in 0..<limit {
            guard let next = queue.next, next <= end, let event = queue.pop() else {
                finish()
                return false
            }
            now = event.at
            tally.events += 1
            hash.add(UInt64(bitPattern: now))
            hash.add(Int(event.node) << 8 | Int(event.kind.rawValue))
            expect(queue.first)
            take(event)
        }
        return true
    }

    /// Runs to the end.
    package mutating func run() -> RunFigures {
        while advance(events: 1 << 20) {}
        return figures
    }

    /// Brings near what the event after this one needs: memory is what a large world waits for.
    private func expect(_ event: Event?) {
        guard let event else { return }
        if event.kind == .arrival { parcels.prefetch(Int(event.payload)) }
        routers.prefetch(Int(event.node))
    }

    private mutating func take(_ event: Event) {
        let node = Int(event.node)
        switch event.kind {
        case .boot: boot(node)
        case .connect: raise(Int(event.payload))
        case .arrival: arrived(Int(event.payload))
        case .deadline: deadlineReached(node)
        case .uplinkFree: uplinkFree(node)
        case .verdict: verdictReached(Int(event.payload))
        case .disconnect: disconnectNoticed(by: node, Int(event.payload))
        case .leave: leave(node, isPolite: event.payload == 1)
        case .comeBack: comeBack(node)
        case .publish: publish(number: Int(event.payload))
        case .cut: cut(Int(event.payload))
        case .cutNoticed: cutNoticed(Int(event.payload))
        case .heal: heal(Int(event.payload))
        case .kick: kick(Int(event.payload))
        case .attack: attack(node)
        case .sample: sample()
        }
    }

    /// Seconds in nanoseconds.
    static func nanoseconds(_ seconds: Double) -> Int64 {
        Int64((seconds * 1_000_000_000).rounded())
    }

    /// Milliseconds in nanoseconds.
    static func nanoseconds(milliseconds: Double) -> Int64 {
        Int64((milliseconds * 1_000_000).rounded())
    }
}

// MARK: - Clocks

extension World {
    /// What a node's clock shows.
    func clock(of node: Int) -> Instant {
        Instant(nanoseconds: now + now / 1_000_000 * drift[node])
    }

    /// The time at which a node's clock shows `instant`.
    func time(at instant: Instant, of node: Int) -> Int64 {
        guard drift[node] != 0 else { return instant.nanoseconds }
        var time = instant.nanoseconds / (1_000_000 + drift[node]) * 1_000_000
        while time + time / 1_000_000 * drift[node] < instant.nanoseconds { time += 1_000 }
        return time
    }
}
