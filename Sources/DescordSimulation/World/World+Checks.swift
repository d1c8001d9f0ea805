import LibP2P
import LibP2PCore

// MARK: - What is looked at for every RPC

extension World {
    mutating func checkSending(_ rpc: RPC, from node: Int, to other: Int, _ link: Int) {
        let direction = links.direction(of: link, from: node)
        let clock = clock(of: node).nanoseconds
        if rpc.graft.contains(topic), links.directions[direction].backoffUntil > clock {
            let left = (links.directions[direction].backoffUntil - clock) / 1_000_000
            violations.add(
                .sends, at: now, node: node, "sends GRAFT to node \(other), whose backoff has \(left) ms left"
            )
        }
        for prune in rpc.prune where prune.topic == topic {
            let backoff = prune.backoffSeconds.map { Int64(clamping: $0) } ?? 0
            raiseBackoff(direction, to: clock + min(backoff, 1 << 32) * Self.second)
        }
        let isFed = !rpc.messages.isEmpty || !rpc.ihave.isEmpty || !rpc.iwant.isEmpty || !rpc.graft.isEmpty
        // Honest peers' scores are watched elsewhere.
        if isFed, other >= honest, parameters.score != nil {
            let score = routers[node].score(of: peers.ids[other])
            if score < parameters.thresholds.graylist {
                let load = [
                    "\(rpc.messages.count) messages", "\(rpc.ihave.count) IHAVE",
                    "\(rpc.iwant.count) ids asked for",
                    "\(rpc.graft.count) GRAFT",
                ]
                violations.add(
                    .sends, at: now, node: node,
                    "feeds node \(other), which is graylisted with \(score): \(load.joined(separator: ", "))")
            }
        }
        guard scenario.isPrivate, other >= honest, !isMember(other, inViewOf: node) else { return }
        let subscribes = rpc.subscriptions.contains { $0.isSubscribed && $0.topic == topic }
        if isFed || subscribes {
            violations.add(
                .membership, at: now, node: node, "sends to node \(other), which is no member")
        }
    }

    /// Notes what a PRUNE asks of its receiver.
    mutating func notePrunes(_ rpc: RPC, to node: Int, _ link: Int) {
        for prune in rpc.prune where prune.topic == topic {
            let most = parameters.backoffMax.saturatedNanoseconds
            let asked =
                prune.backoffSeconds.map { min(Int64(clamping: $0), 1 << 32) * Self.second }
                ?? parameters.pruneBackoff.saturatedNanoseconds
            raiseBackoff(
                links.direction(of: link, from: node), to: clock(of: node).nanoseconds + min(asked, most))
        }
    }

    /// What is left of an RPC in a world that is broken on purpose.
    func sabotaged(_ rpc: RPC, to node: Int) -> RPC {
        var rpc = rpc
        if sabotage.contains(.losesPrunes) { rpc.prune = [] }
        if sabotage.contains(.starvesLastNode), node == honest - 1 { rpc.messages = [] }
        return rpc
    }

    private mutating func raiseBackoff(_ direction: Int, to time: Int64) {
        links.directions[direction].backoffUntil = max(links.directions[direction].backoffUntil, time)
    }

    /// Counts an RPC of an honest node, once the first message is out.
    mutating func count(_ rpc: RPC, bytes: Int) {
        guard now >= origin else { return }
        tally.bytes += bytes
        if attackers.isEmpty {
            tally.copies += rpc.messages.count
        } else {
            for message in rpc.messages where isContent(message) { tally.copies += 1 }
        }
        tally.grafts += rpc.graft.count
        tally.prunes += rpc.prune.count
        for have in rpc.ihave { tally.ihaves += have.ids.count }
        tally.iwants += rpc.iwant.count
        tally.idontwants += rpc.idontwant.count
    }
}

extension World {
    /// Whether a message is one that is delivered, and not an attacker's operation that is only held.
    private func isContent(_ message: Message) -> Bool {
        publication(of: message).map { publications[$0].kind != .orphan } ?? false
    }
}

// MARK: - What is looked at once a heartbeat

extension World {
    /// In so many heartbeats meshes are in shape again after they were disturbed.
    private static let mendingHeartbeats: Int64 = 10
    /// Larger worlds are looked at a part at a time.
    private static let lookedAtMax = 1_024

    mutating func sample() {
        tellWhoIsOnline()
        var views: [MeshCheck.View] = []
        views.reserveCapacity(honest)
        for node in 0..<honest where isOnline[node] {
            let view = view(of: node)
            views.append(view)
            tally.meshNodes += 1
            tally.meshPeers += view.size
            tally.meshMin = min(tally.meshMin ?? view.size, view.size)
            tally.meshMax = max(tally.meshMax, view.size)
        }
        if now >= disturbed + Self.mendingHeartbeats * heartbeat, now >= origin + 2 * heartbeat {
            for finding in meshCheck.look(views, count: honest) {
                violations.add(.mesh, at: now, node: finding.node, finding.message)
            }
        }
        let parts = honest / Self.lookedAtMax + 1
        for node in 0..<honest where isOnline[node] && (node + tally.samples) % parts == 0 {
            checkMemory(of: node)
            checkScores(at: node)
        }
        tally.samples += 1
        if now + heartbeat <= end { queue.schedule(.sample, at: now + heartbeat) }
    }

    /// An adaptive mesh wants to know how many members are there. Attackers that are members say that they
    /// are, as often as they like.
    private mutating func tellWhoIsOnline() {
        guard parameters.adaptsDegree else { return }
        let count = members.elements.reduce(0) { $0 + (isOnline[$1] ? 1 : 0) }
        for node in 0..<honest where isOnline[node] { feed(.setOnlineMembers(topic, count - 1), to: node) }
    }

    private mutating func view(of node: Int) -> MeshCheck.View {
        let mesh = routers[node].meshPeers(topic)
        var honestMesh: [Int32] = []
        honestMesh.reserveCapacity(mesh.count)
        for peer in mesh {
            if let other = peers.number(of: peer), other < honest { honestMesh.append(Int32(other)) }
        }
        honestMesh.sort()
        var candidates = 0
        if mesh.count < parameters.degreeLow {
            let clock = clock(of: node).nanoseconds
            let slack = 3 * heartbeat
            for neighbour in links.neighbours[node] where Int(neighbour.node) < honest {
                let link = Int(neighbour.link)
                guard links[link].isUp, !honestMesh.contains(neighbour.node),
                    links.directions[links.direction(of: link, from: node)].backoffUntil < clock - slack
                else { continue }
                candidates += 1
            }
        }
        return MeshCheck.View(node: node, mesh: honestMesh, size: mesh.count, candidates: candidates)
    }

    private mutating func checkMemory(of node: Int) {
        let held = routers[node].footprint
        let neighbours = links.neighbours[node].count
        let bounds: [(name: String, held: Int, most: Int)] = [
            ("seen ids", held.seenCount, parameters.seenCountMax),
            ("bytes of cached messages", held.cachedBytes, parameters.historyBytesMax),
            ("pending messages", held.pendingCount, parameters.pendingMessagesMax),
            ("backoffs", held.backoffCount, parameters.backoffCountMax),
            ("topics", held.topicCount, 1 + neighbours * parameters.topicsPerPeerMax),
            ("topics of one peer", held.topicsOfPeerMax, parameters.topicsPerPeerMax),
            ("unwanted ids of one peer", held.unwantedOfPeerMax, parameters.unwantedCountMax),
            ("promises", held.promiseCount, promisesMax(neighbours)),
        ]
        for bound in bounds where bound.held > bound.most {
            violations.add(
                .memory, at: now, node: node, "holds \(bound.held) \(bound.name), more than \(bound.most)")
        }
        for author in (self.held[node]?.keys.sorted() ?? []) {
            guard let count = self.held[node]?[author], count > Self.heldPerAuthorMax else { continue }
            violations.add(
                .memory, at: now, node: node, "holds \(count) operations without parents of node \(author)")
        }
    }

    /// Looks at what an honest node thinks of the honest peers that it is connected with.
    private mutating func checkScores(at node: Int) {
        guard parameters.score != nil else { return }
        for neighbour in links.neighbours[node] where Int(neighbour.node) < honest {
            let peer = peers.ids[Int(neighbour.node)]
            guard let parts = routers[node].scoreParts(of: peer) else { continue }
            var penalties = [("P6", parts.p6), ("P7", parts.p7)]
            for part in parts.topics {
                penalties += [("P3", part.p3), ("P3b", part.p3b), ("P4", part.p4)]
            }
            for (name, value) in penalties where value < 0 {
                violations.add(
                    .score, at: now, node: node,
                    "holds \(name) = \(value) against honest node \(neighbour.node)")
            }
        }
    }

    /// One a read IHAVE, for as long as one is waited for.
    private func promisesMax(_ neighbours: Int) -> Int {
        let wait = parameters.iwantFollowupTime.saturatedNanoseconds / heartbeat + 2
        return neighbours * parameters.maxIHaveMessages * Int(wait)
    }
}

// MARK: - What is looked at in the end

extension World {
    mutating func finish() {
        guard !isFinished else { return }
        isFinished = true
        now = end
        for index in publications.indices where publications[index].missing.count > 0 {
            let missing = publications[index].missing
            let checker: Checker = publications[index].isProbe ? .convergence : .delivery
            violations.add(
                checker, at: now, node: missing.elements.first,
                "message \(index) did not reach \(missing.count) of \(publications[index].expected) nodes")
        }
        checkConnections()
    }

    /// After the last fault everybody who is there is connected again.
    private mutating func checkConnections() {
        guard scenario.hasFaults else { return }
        for link in 0..<links.count where !links[link].isUp {
            let ends = (Int(links[link].dialler), Int(links[link].dialled))
            guard ends.0 < honest, ends.1 < honest, isOnline[ends.0], isOnline[ends.1] else { continue }
            violations.add(
                .convergence, at: now, node: ends.0, "is not connected to node \(ends.1) again")
        }
    }
}
