import LibP2P
import LibP2PCore

// MARK: - Who attacks, and when

extension World {
    /// From here on ids are made up: no publication has such a number.
    private static let inventedNumber: UInt64 = 1 << 62

    mutating func layOutAttackers() {
        for (index, attack) in scenario.attacks.enumerated() {
            let count = attack.count(amongHonest: honest)
            for _ in 0..<count {
                let node = honest + attackers.count
                attackers.append(AttackerState(attack: index))
                queue.schedule(.boot, at: 0, node: node)
                chooseTargets(of: node, attack)
                let phase = chance.unit(.attack, node) / attack.ratePerSecond
                queue.schedule(.attack, at: start(of: attack) + Self.nanoseconds(phase), node: node)
                guard attack.kind == .kicked else { continue }
                queue.schedule(.kick, at: begin(of: attack), payload: node)
            }
        }
    }

    private mutating func chooseTargets(of node: Int, _ attack: Scenario.Attack) {
        var prng = chance.generator(.attackLinks, node)
        // Victims are the last ones, so that the first nodes, who publish, are not all of them.
        var targets = Array((honest - min(attack.victims ?? honest, honest))..<honest)
        prng.shuffle(&targets, prefix: attack.links)
        for target in targets.prefix(attack.links) { addLink(node, target) }
    }

    /// When the misbehaviour begins.
    private func begin(of attack: Scenario.Attack) -> Int64 {
        origin + Self.nanoseconds(attack.fromSeconds)
    }

    /// From when on its program runs: those who want to be in meshes are early.
    private func start(of attack: Scenario.Attack) -> Int64 {
        switch attack.kind {
        case .sybil, .eclipse, .covertFlash, .adaptiveSybil, .kicked: 0
        case .ihaveFlood, .graftFlood, .replayFlood, .holdFlood, .forgedFlood: begin(of: attack)
        }
    }

    private func hasEnded(_ attack: Scenario.Attack) -> Bool {
        attack.untilSeconds.map { now >= origin + Self.nanoseconds($0) } ?? false
    }

    /// Whether it carries messages now, as an honest node does.
    private func forwards(_ attack: Scenario.Attack) -> Bool {
        switch attack.kind {
        case .covertFlash, .adaptiveSybil, .kicked: now < begin(of: attack)
        default: false
        }
    }

    // MARK: What happens to an attacker

    mutating func attackerConnected(_ node: Int, to other: Int) {
        say(RPC(subscriptions: [.init(topic, isSubscribed: true)]), node, to: other)
    }

    mutating func attackerDisconnected(_ node: Int, from other: Int) {
        guard let link = links.link(node, other) else { return }
        attackers[node - honest].mesh.remove(link)
    }

    mutating func attackerReceived(_ rpc: RPC, _ node: Int, from other: Int) {
        guard let link = links.link(node, other) else { return }
        let attack = scenario.attacks[attackers[node - honest].attack]
        // Everybody who wants it may have it in his mesh.
        if rpc.graft.contains(topic) { attackers[node - honest].mesh.insert(link) }
        for prune in rpc.prune where prune.topic == topic {
            attackers[node - honest].mesh.remove(link)
            let seconds = min(Int64(clamping: prune.backoffSeconds ?? 60), 86_400)
            attackers[node - honest].prunedUntil[link] = now + (seconds + 3) * Self.second
        }
        for message in rpc.messages {
            guard let index = publication(of: message), attackers[node - honest].seen.insert(index).inserted
            else { continue }
            attackers[node - honest].keep(message)
            if forwards(attack) { forwardAsAttacker(message, node, besides: link) }
        }
        if forwards(attack), !rpc.iwant.isEmpty { serve(rpc.iwant, node, to: other) }
        if forwards(attack), !rpc.ihave.isEmpty {
            var wanted: [MessageID] = []
            for have in rpc.ihave {
                for id in have.ids {
                    guard let index = publication(of: id) else { continue }
                    if !attackers[node - honest].seen.contains(index) { wanted.append(id) }
                }
            }
            if !wanted.isEmpty { say(RPC(iwant: wanted), node, to: other) }
        }
    }

    private mutating func forwardAsAttacker(_ message: Message, _ node: Int, besides link: Int) {
        for neighbour in links.neighbours[node]
        where Int(neighbour.link) != link && attackers[node - honest].mesh.contains(Int(neighbour.link)) {
            say(RPC(messages: [message]), node, to: Int(neighbour.node))
        }
    }

    private mutating func serve(_ ids: [MessageID], _ node: Int, to other: Int) {
        let wanted = ids.compactMap { publication(of: $0) }
        let found = attackers[node - honest].stock.filter { message in
            publication(of: message).map { wanted.contains($0) } ?? false
        }
        if !found.isEmpty { say(RPC(messages: found), node, to: other) }
    }

    // MARK: What an attacker does by itself

    mutating func attack(_ node: Int) {
        let attack = scenario.attacks[attackers[node - honest].attack]
        guard !hasEnded(attack) else { return }
        queue.schedule(.attack, at: now + Self.nanoseconds(1 / attack.ratePerSecond), node: node)
        switch attack.kind {
        case .sybil, .eclipse, .covertFlash, .adaptiveSybil: askForPlaces(node)
        case .kicked: actAsKicked(node, attack)
        case .ihaveFlood: sayToAll(node) { $0.inventedGossip(by: node, attack.size) }
        case .graftFlood:
            let topics = [topic] + (1..<max(2, attack.size)).map { Topic("none/\(node)/\($0)") }
            sayToAll(node) { _ in RPC(graft: topics) }
        case .replayFlood: sayToAll(node) { $0.replay(by: node, attack.size) }
        case .holdFlood:
            let messages = (0..<attack.size).map { _ in author(.orphan, by: node) }
            sayToAll(node) { _ in RPC(messages: messages) }
        case .forgedFlood: sayToAll(node) { $0.forgeries(by: node, attack.size) }
        }
    }

    /// Asks all nodes that it is connected with for a place in their meshes, when it may.
    private mutating func askForPlaces(_ node: Int) {
        for neighbour in links.neighbours[node] {
            let link = Int(neighbour.link)
            guard links[link].isUp, !attackers[node - honest].mesh.contains(link),
                (attackers[node - honest].prunedUntil[link] ?? 0) <= now
            else { continue }
            attackers[node - honest].mesh.insert(link)
            say(RPC(graft: [topic]), node, to: Int(neighbour.node))
        }
    }

    /// A good member until it is kicked; then it goes on as if nothing had happened, and louder.
    private mutating func actAsKicked(_ node: Int, _ attack: Scenario.Attack) {
        guard now >= begin(of: attack) else { return askForPlaces(node) }
        let message = author(.content, by: node)
        let known = attackers[node - honest].stock.suffix(attack.size).map {
            MessageID(($0.from ?? []) + ($0.seqno ?? []))
        }
        sayToAll(node) { world in
            RPC(
                subscriptions: [.init(world.topic, isSubscribed: true)], messages: [message],
                ihave: [.init(world.topic, ids: known)], iwant: known, graft: [world.topic])
        }
    }

    private mutating func inventedGossip(by node: Int, _ size: Int) -> RPC {
        let ids = (0..<size).map { _ in MessageID(peers.ids[0].bytes + inventedSeqno(by: node)) }
        return RPC(ihave: [.init(topic, ids: ids)])
    }

    private mutating func inventedSeqno(by node: Int) -> [UInt8] {
        attackers[node - honest].invented += 1
        let number =
            Self.inventedNumber | UInt64(node) << 32 | UInt64(attackers[node - honest].invented)
        return (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
    }

    /// What it once heard, from the oldest on.
    private mutating func replay(by node: Int, _ size: Int) -> RPC {
        RPC(messages: Array(attackers[node - honest].stock.prefix(size)))
    }

    /// True messages with another content, and made-up ones in the name of others.
    private mutating func forgeries(by node: Int, _ size: Int) -> RPC {
        var messages = attackers[node - honest].stock.suffix(size).map { message in
            Message(
                from: message.from, data: (message.data ?? []) + [0x21], seqno: message.seqno,
                topic: message.topic, signature: message.signature)
        }
        for number in 0..<size {
            messages.append(
                Message(
                    from: peers.ids[number % honest].bytes, data: filler, seqno: inventedSeqno(by: node),
                    topic: topic, signature: Array(repeating: 0x66, count: 64)))
        }
        return RPC(messages: messages)
    }

    // MARK: An attacker's line

    /// When a receiver's line is behind by so much, its windows are closed and nothing more can be sent.
    private static let backlogMax: Int64 = 1_000_000_000

    private mutating func sayToAll(_ node: Int, _ make: (inout World) -> RPC) {
        let rpc = make(&self)
        guard !rpc.isEmpty else { return }
        for neighbour in links.neighbours[node] { say(rpc, node, to: Int(neighbour.node)) }
    }

    private mutating func say(_ rpc: RPC, _ node: Int, to other: Int) {
        guard let link = links.link(node, other), links[link].isUp, !links[link].isSilent,
            downlinkFree[other + isOnline.count] < now + Self.backlogMax
        else { return }
        let parcel = Parcel(
            rpc: rpc, from: Int32(node), to: Int32(other), link: Int32(link),
            generation: links[link].generation, size: Int32(rpc.encodedSize), lane: 0)
        depart(parcels.add(parcel), links.direction(of: link, from: node), at: now)
    }
}
