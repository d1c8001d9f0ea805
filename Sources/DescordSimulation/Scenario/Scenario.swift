import LibP2P

/// A world to be run: who is there, how they are connected, what they say, and what goes wrong.
///
/// Everything that is drawn at random is drawn from the seed that the scenario is run with. The members are
/// those of a scenario file, under the names that `docs/simulation.md` lists.
package struct Scenario: Equatable, Sendable {
    /// How the honest nodes are connected.
    package enum Topology: Equatable, Sendable {
        /// Each with `degree` others, half of them dialled, evenly spread.
        case random(degree: Int)
        /// Each with every other.
        case complete
        /// Each with its `degree` nearest neighbours on a ring.
        case ring(degree: Int)
        /// A ring of which this share of the links leads anywhere.
        case smallWorld(degree: Int, rewired: Double)
        /// Everybody with the first node alone.
        case star
        /// Each with one parent and `fanOut` children.
        case tree(fanOut: Int)
        /// Who comes later dials `degree` others, and rather those who have many links.
        case scaleFree(degree: Int)
        /// Groups, `degree` links a node inside, and so many links between neighbouring groups.
        case clusters(count: Int, degree: Int, bridges: Int)
    }

    /// How authors are checked.
    package enum Signatures: String, CaseIterable, Sendable {
        /// By comparison with what the author made: as strict as a signature, and free.
        case standIn = "stand-in"
        /// By Ed25519.
        case real
    }

    /// Nodes that go away and come back.
    package struct Churn: Equatable, Sendable {
        /// The share of the nodes that does so.
        package var share = 0.2
        /// How often each of them does.
        package var times = 1
        /// How long it stays away, in seconds.
        package var awaySeconds = Distribution.even(2, 10)
        /// The share of departures that say goodbye first; the others are crashes.
        package var politeShare = 0.5
    }

    /// A time in which the nodes are cut into two groups.
    package struct Partition: Equatable, Sendable {
        /// When, in seconds after the first publication.
        package var atSeconds = 5.0
        /// How long.
        package var forSeconds = 10.0
        /// The share of the nodes on the smaller side.
        package var share = 0.5
        /// How long nobody notices: what is sent into the cut is lost, and connections still seem to be up.
        package var silentSeconds = 0.0
    }

    /// Honest nodes behind bad lines.
    package struct SlowNodes: Equatable, Sendable {
        package var share = 0.1
        /// What is added to the latency of each of their links, in milliseconds.
        package var addedLatencyMilliseconds = Distribution.constant(0)
        /// Their uplink and downlink; nil: as everybody's.
        package var bandwidthMegabits: Distribution?
    }

    /// Operations of authority among the messages: small, and urgent.
    package struct Urgent: Equatable, Sendable {
        /// Each message whose number is a multiple of it is one.
        package var every = 10
        /// The data of each.
        package var bytes = 300
    }

    /// Many messages that the first node publishes at one moment, such as the parts of a file. It says
    /// nothing else.
    package struct Burst: Equatable, Sendable {
        package var messages = 100
        /// The data of each.
        package var bytes = 65_536
        /// When, in seconds after the first publication.
        package var atSeconds = 5.0
        /// The first node's line; nil: as everybody's.
        package var bandwidthMegabits: Double?
    }

    /// Peers that are up to no good.
    package struct Attack: Equatable, Sendable {
        /// What they do: `docs/simulation.md` describes each.
        package enum Kind: String, CaseIterable, Sendable {
            case sybil, eclipse
            case covertFlash = "covert-flash"
            case adaptiveSybil = "adaptive-sybil"
            case kicked
            case ihaveFlood = "ihave-flood"
            case graftFlood = "graft-flood"
            case replayFlood = "replay-flood"
            case holdFlood = "hold-flood"
            case forgedFlood = "forged-flood"
        }

        package var kind = Kind.sybil
        /// How many there are for each honest node; `count`, when it is there, counts instead.
        package var perHonest = 0.0
        package var count: Int?
        /// How many honest nodes each of them connects to.
        package var links = 10
        /// How many honest nodes they all connect to; nil: any.
        package var victims: Int?
        /// When the misbehaviour begins and ends, in seconds after the first publication; until then they
        /// are good.
        package var fromSeconds = 0.0
        package var untilSeconds: Double?
        /// How often a second each of them acts.
        package var ratePerSecond = 1.0
        /// How much each act holds: ids, messages, topics.
        package var size = 10
        /// How many of them share an IP address.
        package var peersPerAddress = 1
        /// Whether they belong to the space.
        package var isMember = false
    }

    /// What it is called.
    package var name = "unnamed"
    /// One line of what it shows.
    package var summary = ""
    /// Whether the seed draws everything else.
    package var isSwarm = false

    package var nodes = 100
    package var topology = Topology.random(degree: 20)
    /// One way, for each link.
    package var latencyMilliseconds = Distribution.even(30, 70)
    /// Added to each RPC's way.
    package var jitterMilliseconds = Distribution.constant(0)
    /// Uplink and downlink of each node; nil: without limit.
    package var bandwidthMegabits: Distribution?
    /// How many times as much as it sends a line receives.
    package var downlinkFactor = 1.0
    /// The share of packets of 1,400 bytes that have to be sent again.
    package var loss = 0.0
    /// How fast clocks run wrong, in parts a million, either way.
    package var driftPartsPerMillion = 0.0
    /// How long an application takes for its verdict.
    package var validationMilliseconds = Distribution.constant(0)
    package var signatures = Signatures.standIn

    /// In how many seconds all nodes start.
    package var bootSeconds = 1.0
    /// How long the mesh has before the first publication.
    package var warmUpSeconds = 5.0
    package var messages = 60
    package var ratePerSecond = 1.0
    /// The data of a message.
    package var bytes = 200
    /// How many nodes publish; nil: all.
    package var publishers: Int?
    package var urgent: Urgent?
    package var burst: Burst?
    /// How long the world goes on after the last publication and the last fault.
    package var coolDownSeconds = 10.0
    /// Later deliveries than this are a violation.
    package var deliverWithinMilliseconds: Double?

    /// The profile of the router's parameters, and what is changed in it.
    package var profile = GossipSubProfile.descord
    package var parameters: [ParameterOverride] = []
    /// Whether only members count as subscribers.
    package var isPrivate = false

    package var churn: Churn?
    package var partitions: [Partition] = []
    package var slowNodes: SlowNodes?
    package var attacks: [Attack] = []

    package init() {}

    /// How many attackers there are.
    package var attackers: Int { attacks.reduce(0) { $0 + $1.count(amongHonest: nodes) } }

    /// Whether anything goes wrong that ends.
    var hasFaults: Bool { churn != nil || !partitions.isEmpty }
}

extension Scenario.Attack {
    /// How many there are beside so many honest nodes.
    func count(amongHonest nodes: Int) -> Int {
        count ?? Int((perHonest * Double(nodes)).rounded())
    }
}

extension Scenario {
    /// The bounds of what can be asked for.
    package enum Bound {
        package static let nodes = 2...10_000
        /// With 10,000 nodes and four attackers for each.
        package static let attackersMax = 40_000
        package static let messages = 0...1_000_000
        /// What one RPC holds, less the message's other fields.
        package static let bytes = 0...1_048_000
        package static let burstMessages = 1...10_000
        package static let rate = 0.001...100_000.0
        package static let milliseconds = 0.0...600_000.0
        package static let seconds = 0.0...1_000_000.0
        package static let megabits = 0.001...1_000_000.0
        package static let linksPerNode = 1...1_024
    }
}
