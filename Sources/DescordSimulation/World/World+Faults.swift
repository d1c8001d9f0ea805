import LibP2P
import LibP2PCore

// MARK: - Partitions, and what they excuse

extension World {
    /// The nodes on the smaller side of a partition; attackers go with the number that they have.
    private func side(_ number: Int) -> NodeSet {
        var side = NodeSet(capacity: isOnline.count)
        var order = Array(0..<honest)
        var prng = chance.generator(.partition, number)
        prng.shuffle(&order)
        let count = Int((scenario.partitions[number].share * Double(honest)).rounded())
        for node in order.prefix(count) { side.insert(node) }
        for node in honest..<isOnline.count where node % 2 == 0 { side.insert(node) }
        return side
    }

    private func linksAcross(_ number: Int) -> [Int] {
        let side = side(number)
        return (0..<links.count).filter {
            side.contains(Int(links[$0].dialler)) != side.contains(Int(links[$0].dialled))
        }
    }

    mutating func cut(_ number: Int) {
        disturb()
        for link in linksAcross(number) {
            links[link].isCut = true
            links[link].isSilent = true
        }
        excuseWhoCannotBeReached()
    }

    mutating func cutNoticed(_ number: Int) {
        disturb()
        for link in linksAcross(number) where links[link].isCut { sever(link) }
    }

    mutating func heal(_ number: Int) {
        disturb()
        for link in linksAcross(number) where links[link].isCut {
            let ends = (Int(links[link].dialler), Int(links[link].dialled))
            if sabotage.contains(.neverHeals), ends.0 == honest - 1 || ends.1 == honest - 1 {
                continue
            }
            links[link].isCut = false
            links[link].isSilent = false
            guard isOnline[ends.0], isOnline[ends.1] else { continue }
            // Whoever lost a connection tries again, sooner or later.
            let wait = Int64(chance.unit(.redial, link, number) * Double(2 * Self.second))
            queue.schedule(.connect, at: connectionTime(link) + wait, payload: link)
            faultsEnd = max(faultsEnd, connectionTime(link) + wait)
        }
    }

    /// Notes that meshes have a reason to be out of shape.
    mutating func disturb() {
        disturbed = now
        meshCheck.reset()
    }
}

// MARK: - Who can be reached

extension World {
    /// A node, and a connection, has this long before messages are expected to come through: peers say hello
    /// and enter meshes, and what was published before is history, which is not gossip's business.
    private static let settlingTime: Int64 = 1_000_000_000
    /// In so small a space everybody is expected to get everything from the very first moment.
    private static let tinyCount = 3

    /// Enters who has to get a message: the members that can be reached from its author when it is
    /// published.
    mutating func expectDeliveries(_ index: Int) {
        let author = publications[index].author
        labelComponents(settled: honest > Self.tinyCount)
        for node in 0..<honest where node != author && components[node] == components[author] {
            guard isOnline[node] ? starts[node] == 1 || onlineSince[node] + Self.settlingTime <= now : true,
                isMember(author, inViewOf: node), isMember(node, inViewOf: author)
            else { continue }
            publications[index].missing.insert(node)
        }
        let expected = publications[index].missing.count
        publications[index].expected = expected
        if !publications[index].isProbe { tally.expected += expected }
    }

    /// Takes those out of what is expected who went away, or were cut off from the author, before a message
    /// reached them.
    mutating func excuseWhoCannotBeReached() {
        labelComponents(settled: false)
        for index in publications.indices where publications[index].missing.count > 0 {
            let author = publications[index].author
            for node in publications[index].missing.elements
            where components[node] < 0 || components[node] != components[author] {
                publications[index].missing.remove(node)
                publications[index].expected -= 1
                if !publications[index].isProbe { tally.expected -= 1 }
            }
        }
    }

    /// Gives every honest node the number of its component in the graph of honest connections; -1: it is
    /// away. Settled ones are those that were there for a while; else every connection counts, and also
    /// those of nodes that are just starting.
    private mutating func labelComponents(settled: Bool) {
        components = Array(repeating: -1, count: honest)
        var label: Int32 = 0
        var waiting: [Int] = []
        for start in 0..<honest where components[start] < 0 && isPresent(start) {
            components[start] = label
            waiting.append(start)
            while let node = waiting.popLast() {
                for neighbour in links.neighbours[node] where Int(neighbour.node) < honest {
                    let other = Int(neighbour.node)
                    guard components[other] < 0, isPresent(other), carries(Int(neighbour.link), settled)
                    else { continue }
                    components[other] = label
                    waiting.append(other)
                }
            }
            label += 1
        }
    }

    private func isPresent(_ node: Int) -> Bool { isOnline[node] || starts[node] == 0 }

    private func carries(_ link: Int, _ settled: Bool) -> Bool {
        guard !links[link].isCut else { return false }
        if settled { return links[link].isUp && links[link].upSince + Self.settlingTime <= now }
        return links[link].isUp || links[link].generation == 0
    }
}
