import ArgumentParser
import DescordCore
import DescordNode
import LibP2PCore

/// `descord peers`
package struct PeersCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "Show who is known, who is connected, and in which mesh.",
        subcommands: [PeersListCommand.self, PeersAddCommand.self], defaultSubcommand: PeersListCommand.self)

    package init() {}
}

/// `descord peers`, and `descord peers list`
package struct PeersListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show who is known, who is connected, and in which mesh.",
        discussion: """
            With --check nothing is printed on standard output and the exit code says how it stands: 0 \
            every space has a connected member, 1 some have, 2 none has, 3 it cannot be told.
            """)

    @Flag(help: "Say by the exit code whether the spaces have connected members.") package var check = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        if self.check { throw ExitCode(await self.checkSpaces(context).rawValue) }
        let session = try await context.session(.oneShot)
        for peer in try await session.peers(deadline: context.deadline) {
            try PeerText.show(peer, context.output)
        }
    }

    /// What monitoring programs expect of a check.
    private enum Verdict: Int32 {
        case every = 0
        case some = 1
        case none = 2
        case unknown = 3
    }

    private func checkSpaces(_ context: CommandContext) async -> Verdict {
        do {
            let spaces = try context.home().records.spaces()
            guard !spaces.isEmpty else {
                context.output.note("unknown: this home holds no space")
                return .unknown
            }
            let session = try await context.session(.oneShot)
            let peers = try await session.peers(deadline: context.deadline)
            let reached = spaces.filter { space in
                peers.contains { $0.connected && $0.spaces.contains(space.id.hex) }
            }
            context.output.note(
                "\(reached.count) of \(Count.text(spaces.count, "space")) with a connected member")
            if reached.count == spaces.count { return .every }
            return reached.isEmpty ? .none : .some
        } catch {
            _ = CommandLineProgram.report(error, context.output)
            return .unknown
        }
    }
}

/// `descord peers add`
package struct PeersAddCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Dial an address, and remember who answered.")

    @Argument(help: ArgumentHelp("Such as /ip4/192.0.2.1/tcp/4001.", valueName: "multiaddr"))
    package var address: MultiaddrArgument
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let session = try await context.session(.oneShot)
        let peer = try await session.dial(self.address.address, deadline: context.deadline)
        try context.output.result(
            [
                "peer": .string(peer.description),
                "addrs": [.string(self.address.address.with(peer: peer).description)],
            ], peer.description)
    }
}

/// Peers as objects and as text.
enum PeerText {
    static func show(_ peer: PeerStatus, _ output: Output) throws(CommandError) {
        if output.isJSON {
            try output.emit([
                "peer": .string(peer.peer), "addrs": peer.addresses.json, "connected": .bool(peer.connected),
                "direction": .optional(peer.direction), "agent": .optional(peer.agent),
                "rtt_ms": .optional(peer.roundTripMilliseconds),
                "topics": .array(peer.topics.map(self.topic)),
            ])
            return
        }
        let state = peer.connected ? peer.direction ?? "connected" : "not connected"
        var line = peer.peer + "  " + state
        if let agent = peer.agent { line += "  " + output.foreign(agent) }
        if let time = peer.roundTripMilliseconds { line += "  \((time * 10).rounded() / 10) ms" }
        try output.line(line)
        for address in peer.addresses { try output.line("    " + output.foreign(address)) }
        for topic in peer.topics {
            try output.line("    " + output.foreign(topic.topic) + "  " + self.explanation(of: topic))
        }
    }

    /// Why a peer is in a topic's mesh or is not, and what its score is made of when it has one.
    static func explanation(of topic: PeerStatus.TopicStatus) -> String {
        let size = "\(topic.meshPeers) of \(topic.meshLow) to \(topic.meshHigh)"
        let standing =
            switch topic.why {
            case .inMesh: "in the mesh (\(size))"
            case .notJoined: "not in the mesh: this home is not subscribed"
            case .notConnected: "not in the mesh: not connected"
            case .withoutMesh: "not in the mesh: speaks a protocol without meshes"
            case .notMember: "not in the mesh: no member"
            case .notSubscribed: "not in the mesh: not subscribed"
            case .backoff: "not in the mesh: \(Int(topic.backoffSeconds.rounded(.up))) s of backoff left"
            case .negativeScore: "not in the mesh: its score is below 0"
            case .full: "not in the mesh: it has enough peers (\(size))"
            case .direct: "not in the mesh: a direct peer, which gets everything"
            case .oneShot: "not in the mesh: this node is here for a moment and asks for no place"
            case .candidate: "not in the mesh yet: the next heartbeat may take it in (\(size))"
            }
        return standing + self.score(of: topic)
    }

    private static func score(of topic: PeerStatus.TopicStatus) -> String {
        func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        guard let parts = topic.scoreParts else {
            return topic.score == 0 ? "" : ", score \(text(topic.score))"
        }
        let named = [
            ("P1", parts.p1), ("P2", parts.p2), ("P3", parts.p3), ("P3b", parts.p3b), ("P4", parts.p4),
            ("topics", parts.topics), ("P5", parts.p5), ("P6", parts.p6), ("P7", parts.p7),
        ].filter { $0.1 != 0 }
        if named.isEmpty { return "" }
        return ", score \(text(topic.score)): "
            + named.map { "\($0.0) \(text($0.1))" }.joined(separator: ", ")
    }

    private static func topic(_ topic: PeerStatus.TopicStatus) -> JSONValue {
        [
            "topic": .string(topic.topic), "subscribed": .bool(topic.subscribed),
            "in_mesh": .bool(topic.inMesh),
            "score": .number(topic.score), "backoff_s": .number(topic.backoffSeconds),
            "why": .string(topic.why.rawValue), "mesh_peers": topic.meshPeers.json,
            "mesh_low": topic.meshLow.json, "mesh_high": topic.meshHigh.json,
            "score_parts": .optional(topic.scoreParts.map(self.parts)),
        ]
    }

    private static func parts(_ parts: PeerStatus.ScorePartsStatus) -> JSONValue {
        [
            "p1": .number(parts.p1), "p2": .number(parts.p2), "p3": .number(parts.p3),
            "p3b": .number(parts.p3b), "p4": .number(parts.p4), "topic": .number(parts.topic),
            "topics": .number(parts.topics), "p5": .number(parts.p5), "p6": .number(parts.p6),
            "p7": .number(parts.p7),
        ]
    }
}
