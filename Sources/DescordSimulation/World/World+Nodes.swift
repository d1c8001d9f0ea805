import LibP2P
import LibP2PCore

// MARK: - Nodes starting, thinking and going away

extension World {
    /// A connection takes three round trips: TCP, Noise, and the protocol of the stream.
    private static let handshakeTrips: Int64 = 6

    mutating func boot(_ node: Int) {
        isOnline[node] = true
        starts[node] += 1
        onlineSince[node] = now
        if node < honest {
            if scenario.isPrivate, !sabotage.contains(.forgetsMembers) {
                feed(.setAllowedPeers(topic, allowedPeers(of: node)), to: node)
            }
            if let memory = memories.removeValue(forKey: node), !sabotage.contains(.forgetsBackoffs) {
                feed(.restoreBackoffs(memory.backoffs), to: node)
                feed(.restoreScores(memory.scores), to: node)
            }
            feed(.subscribe(topic), to: node)
        }
        connectAll(of: node)
    }

    /// A router wants a connection that it does not have.
    private mutating func dial(_ peer: PeerID, from node: Int) {
        guard let other = peers.number(of: peer), other != node, isOnline[other] else { return }
        let link = addLink(node, other)
        guard !links[link].isUp, !links[link].isCut else { return }
        queue.schedule(.connect, at: connectionTime(link), payload: link)
    }

    /// When a connection is there that is begun now.
    func connectionTime(_ link: Int) -> Int64 {
        now + Self.handshakeTrips * links[link].latency
    }

    /// Begins to connect a node with everybody who is there.
    private mutating func connectAll(of node: Int) {
        for neighbour in links.neighbours[node] where isOnline[Int(neighbour.node)] {
            let link = Int(neighbour.link)
            guard !links[link].isCut else { continue }
            queue.schedule(.connect, at: connectionTime(link), payload: link)
        }
    }

    mutating func leave(_ node: Int, isPolite: Bool) {
        guard isOnline[node] else { return }
        disturb()
        if isPolite { feed(.unsubscribe(topic), to: node) }
        let clock = clock(of: node)
        memories[node] = (routers[node].backoffs(now: clock), routers[node].retainedScores(now: clock))
        isOnline[node] = false
        deadlines[node] = .max
        departures[node]?.removeFirst()
        leavesAt[node] = departures[node]?.first ?? .max
        // What a process that says goodbye has written still goes out.
        if !isPolite {
            for parcel in uplinks[node]?.removeAll() ?? [] {
                leaveQueue(parcel)
                _ = parcels.take(parcel)
            }
        }
        for neighbour in links.neighbours[node] {
            lower(Int(neighbour.link), leftBy: node)
        }
        excuseWhoCannotBeReached()
    }

    mutating func comeBack(_ node: Int) {
        guard !isOnline[node] else { return }
        disturb()
        routers[node] = makeRouter(node)
        boot(node)
    }

    mutating func deadlineReached(_ node: Int) {
        guard deadlines[node] == now, isOnline[node] else { return }
        deadlines[node] = .max
        outputs.removeAll(keepingCapacity: true)
        routers[node].deadlineReached(now: clock(of: node), into: &outputs)
        drain(node)
    }

    /// Hands an input to an honest node's router, and does what follows from it.
    mutating func feed(_ input: GossipSubRouter.Input, to node: Int) {
        outputs.removeAll(keepingCapacity: true)
        routers[node].handle(input, now: clock(of: node), into: &outputs)
        drain(node)
    }

    /// Does what a router put out, and what follows from that, until nothing is left.
    private mutating func drain(_ node: Int) {
        var index = 0
        while index < outputs.count {
            switch outputs[index] {
            case .send(let peer, let rpc, let priority):
                send(rpc, from: node, to: peer, lane: priority.rawValue)
            case .verify(let token, let message, _):
                routers[node].handle(
                    .verified(token, verification(of: message)), now: clock(of: node), into: &outputs)
            case .validate(let token, _, let id, _):
                if let delay = validationDelay(node) {
                    let slot = keep(Verdict(node: node, starts: starts[node], token: token, id: id))
                    queue.schedule(.verdict, at: now + delay, node: node, payload: slot)
                } else {
                    let result = verdict(of: node, on: id)
                    routers[node].handle(
                        .validated(token, result), now: clock(of: node), into: &outputs)
                }
            case .deliver(_, let id, let from): delivered(id, to: node, from: from)
            case .dial(let peer, _, _): dial(peer, from: node)
            default: break
            }
            index += 1
            guard index == outputs.count else { continue }
            if let refusal = refused.popLast() {
                routers[node].handle(
                    .queueFull(refusal.peer, refusal.rpc), now: clock(of: node), into: &outputs)
            } else if let target = kicksToLearn.popLast() {
                learn(kickOf: target, node)
            }
        }
        guard let deadline = routers[node].nextDeadline else { return }
        let time = max(time(at: deadline, of: node), now)
        if time < deadlines[node] {
            deadlines[node] = time
            queue.schedule(.deadline, at: time, node: node)
        }
    }

    private func validationDelay(_ node: Int) -> Int64? {
        guard scenario.validationMilliseconds != .constant(0) else { return nil }
        var prng = chance.generator(.validation, node, tally.events)
        return Self.nanoseconds(milliseconds: scenario.validationMilliseconds.draw(using: &prng))
    }

    private mutating func keep(_ verdict: Verdict) -> Int {
        if let slot = freeVerdicts.popLast() {
            verdicts[slot] = verdict
            return slot
        }
        verdicts.append(verdict)
        return verdicts.count - 1
    }

    mutating func verdictReached(_ slot: Int) {
        let verdict = verdicts[slot]
        freeVerdicts.append(slot)
        guard isOnline[verdict.node], starts[verdict.node] == verdict.starts else { return }
        let result = self.verdict(of: verdict.node, on: verdict.id)
        feed(.validated(verdict.token, result), to: verdict.node)
    }
}

/// A message whose application takes its time.
struct Verdict {
    let node: Int
    /// Which of the node's processes was asked.
    let starts: Int
    let token: ValidationToken
    let id: MessageID
}
