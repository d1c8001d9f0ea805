import LibP2P
import LibP2PCore

// MARK: - Connections

extension World {
    /// A connection is there: both ends learn of it.
    mutating func raise(_ link: Int) {
        let ends = [Int(links[link].dialler), Int(links[link].dialled)]
        guard !links[link].isUp, !links[link].isCut, isOnline[ends[0]], isOnline[ends[1]] else { return }
        for end in ends where links.directions[links.direction(of: link, from: end)].seesUp {
            // The new connection takes the place of one that was not known to be gone.
            loseSight(of: link, by: end)
        }
        links[link].isUp = true
        links[link].isSilent = false
        links[link].generation += 1
        links[link].upSince = now
        for end in ends {
            let direction = links.direction(of: link, from: end)
            links.directions[direction].lastArrival = now
            links.directions[direction].seesUp = true
        }
        for end in ends {
            let other = links.other(link, than: end)
            guard end < honest else {
                attackerConnected(end, to: other)
                continue
            }
            let connection = PeerConnection(
                direction: end == ends[0] ? .outbound : .inbound, address: peers.addresses[other],
                protocolID: .meshsub12)
            feed(.peerConnected(peers.ids[other], connection), to: end)
            if !peers.records.isEmpty {
                feed(.signedPeerRecord(peers.ids[other], peers.records[other]), to: end)
            }
        }
    }

    /// A connection ends because a node went away, which knows; the other end learns it after what was sent
    /// before.
    mutating func lower(_ link: Int, leftBy node: Int) {
        links.directions[links.direction(of: link, from: node)].seesUp = false
        guard links[link].isUp else { return }
        links[link].isUp = false
        let other = links.other(link, than: node)
        let last = links.directions[links.direction(of: link, from: node)].lastArrival
        queue.schedule(
            .disconnect, at: max(now + links[link].latency, last + 1), node: other, payload: link)
    }

    /// A connection ends for both ends at once.
    mutating func sever(_ link: Int) {
        guard links[link].isUp else { return }
        links[link].isUp = false
        for end in [Int(links[link].dialler), Int(links[link].dialled)] { loseSight(of: link, by: end) }
    }

    mutating func disconnectNoticed(by node: Int, _ link: Int) {
        guard !links[link].isUp else { return }
        loseSight(of: link, by: node)
    }

    private mutating func loseSight(of link: Int, by node: Int) {
        let direction = links.direction(of: link, from: node)
        guard links.directions[direction].seesUp else { return }
        links.directions[direction].seesUp = false
        guard isOnline[node] else { return }
        let other = links.other(link, than: node)
        if node < honest {
            feed(.peerDisconnected(peers.ids[other]), to: node)
        } else {
            attackerDisconnected(node, from: other)
        }
    }
}

// MARK: - RPCs

extension World {
    /// The driver's bounds of what waits for one peer in one priority (`GossipSub.Configuration`).
    private static let waitingCountMax = 16_384
    private static let waitingBytesMax = 16 << 20
    /// What one packet carries, and how long TCP waits at least before it sends a last one again.
    private static let packetBytes = 1_400
    private static let retransmissionMin: Int64 = 200_000_000

    /// Sends an RPC of an honest node's router.
    mutating func send(_ rpc: RPC, from node: Int, to peer: PeerID, lane: Int) {
        guard let other = peers.number(of: peer), let link = links.link(node, other) else { return }
        let size = rpc.encodedSize
        let framed = size + Varint.size(of: UInt64(size))
        checkSending(rpc, from: node, to: other, link)
        count(rpc, bytes: framed)
        guard links[link].isUp, !links[link].isSilent else { return }
        let parcel = Parcel(
            rpc: rpc, from: Int32(node), to: Int32(other), link: Int32(link),
            generation: links[link].generation, size: Int32(framed), lane: UInt8(truncatingIfNeeded: lane))
        let direction = links.direction(of: link, from: node)
        guard uplinks[node] != nil else {
            depart(parcels.add(parcel), direction, at: now)
            return
        }
        let waiting = links.queue(of: direction, priority: lane)
        if links.waiting[waiting].count > 0,
            links.waiting[waiting].count >= Int32(Self.waitingCountMax)
                || links.waiting[waiting].bytes + framed > Self.waitingBytesMax
        {
            tally.queueFull += 1
            // The router is told when it has finished what it is doing.
            refused.append((peer: peer, rpc: rpc))
            return
        }
        links.waiting[waiting].count += 1
        links.waiting[waiting].bytes += framed
        uplinks[node]?.push(parcels.add(parcel), lane: Int(parcel.lane))
        if uplinks[node]?.isBusy == false { uplinkFree(node) }
    }

    /// An RPC no longer waits for its sender's uplink.
    mutating func leaveQueue(_ slot: Int) {
        let parcel = (link: Int(parcels[slot].link), from: Int(parcels[slot].from), lane: parcels[slot].lane)
        let waiting = links.queue(
            of: links.direction(of: parcel.link, from: parcel.from), priority: Int(parcel.lane))
        links.waiting[waiting].count -= 1
        links.waiting[waiting].bytes -= Int(parcels[slot].size)
    }

    /// A node's line is free: the next RPC goes out.
    mutating func uplinkFree(_ node: Int) {
        uplinks[node]?.isBusy = false
        while let slot = uplinks[node]?.pop() {
            let link = Int(parcels[slot].link)
            let direction = links.direction(of: link, from: node)
            let size = Int(parcels[slot].size)
            leaveQueue(slot)
            guard links[link].generation == parcels[slot].generation else {
                _ = parcels.take(slot)
                continue
            }
            let free = now + (uplinks[node]?.nanoseconds(for: size) ?? 0)
            uplinks[node]?.isBusy = true
            queue.schedule(.uplinkFree, at: free, node: node)
            depart(slot, direction, at: free)
            return
        }
    }

    /// Lets an RPC go, whose last byte leaves at `time`.
    mutating func depart(_ slot: Int, _ direction: Int, at time: Int64) {
        let link = direction / 2
        guard !links[link].isSilent else {
            _ = parcels.take(slot)
            return
        }
        links.directions[direction].sent &+= 1
        let number = Int(links.directions[direction].sent)
        var arrival = time + links[link].latency
        if scenario.jitterMilliseconds != .constant(0) {
            var prng = chance.generator(.jitter, direction, number)
            arrival += Self.nanoseconds(milliseconds: scenario.jitterMilliseconds.draw(using: &prng))
        }
        if scenario.loss > 0 {
            arrival += retransmission(Int(parcels[slot].size), direction, number)
        }
        // A stream is in order: nothing overtakes.
        arrival = max(arrival, links.directions[direction].lastArrival + 1)
        links.directions[direction].lastArrival = arrival
        queue.schedule(.arrival, at: arrival, node: Int(parcels[slot].to), payload: slot)
    }

    /// How long lost packets hold an RPC up: a round trip when others follow, TCP's timer when none does,
    /// doubled for each time that the packet is lost again.
    private func retransmission(_ size: Int, _ direction: Int, _ number: Int) -> Int64 {
        var prng = chance.generator(.loss, direction, number)
        let packets = size / Self.packetBytes + 1
        let roundTrip = links[direction / 2].latency * 2
        var wait: Int64 = 0
        for packet in 0..<packets where prng.happens(scenario.loss) {
            var delay = packet + 3 < packets ? roundTrip : max(Self.retransmissionMin, roundTrip)
            var total = delay
            while prng.happens(scenario.loss), total < Self.second * 60 {
                delay *= 2
                total += delay
            }
            wait = max(wait, total)
        }
        return wait
    }

    mutating func arrived(_ slot: Int) {
        let link = Int(parcels[slot].link)
        let node = Int(parcels[slot].to)
        let from = Int(parcels[slot].from)
        guard links[link].generation == parcels[slot].generation, isOnline[node],
            links.directions[links.direction(of: link, from: node)].seesUp
        else {
            _ = parcels.take(slot)
            hash.add(1)
            return
        }
        if let later = downlinkDelay(slot, node) {
            queue.schedule(.arrival, at: later, node: node, payload: slot)
            return
        }
        let rpc = parcels.take(slot)
        fold(rpc, from: from)
        guard node < honest else {
            attackerReceived(rpc, node, from: from)
            return
        }
        notePrunes(rpc, to: node, link)
        guard !sabotage.isEmpty else {
            feed(.rpcReceived(peers.ids[from], rpc), to: node)
            return
        }
        let rest = sabotaged(rpc, to: node)
        if !rest.isEmpty { feed(.rpcReceived(peers.ids[from], rest), to: node) }
    }

    /// When an RPC will have come through the receiver's own line, if that is later than now. Connections
    /// share a line, so that attackers get half of it at most, and honest peers the rest.
    private mutating func downlinkDelay(_ slot: Int, _ node: Int) -> Int64? {
        guard !parcels[slot].isTakenIn,
            var time = uplinks[node]?.nanoseconds(for: Int(parcels[slot].size))
        else { return nil }
        parcels[slot].isTakenIn = true
        if scenario.downlinkFactor != 1 { time = Int64(Double(time) / scenario.downlinkFactor) }
        let isHostile = Int(parcels[slot].from) >= honest
        let own = isHostile ? node + isOnline.count : node
        let others = isHostile ? node : node + isOnline.count
        if isHostile || downlinkFree[others] > now { time *= 2 }
        let done = max(downlinkFree[own], now - time) + time
        downlinkFree[own] = done
        return done > now ? done : nil
    }

    private mutating func fold(_ rpc: RPC, from: Int) {
        let ihave = rpc.ihave.reduce(0) { $0 + $1.ids.count }
        hash.add(from << 40 | rpc.messages.count << 28 | ihave << 14 | rpc.iwant.count)
        hash.add(
            rpc.graft.count << 42 | rpc.prune.count << 28 | rpc.idontwant.count << 14
                | rpc.subscriptions.count)
        for prune in rpc.prune { hash.add(prune.backoffSeconds ?? 0) }
        for message in rpc.messages { hash.add(message.seqno.map(Self.number) ?? 0) }
    }
}
