import DescordCrypto
import LibP2P
import LibP2PCore

// MARK: - The application on each node: publishing, verdicts, the store

extension World {
    /// Authors number their messages from here on, as nodes do from the clock (nanoseconds since 1970).
    static let firstNumber: UInt64 = 1_700_000_000_000_000_000
    /// How many operations without parents one author can make a node hold, and of which total size
    /// (`SpaceLimits`).
    static let heldPerAuthorMax = 256
    /// An author does not go away within this time after it published.
    private static let authorStays: Int64 = 3_000_000_000

    /// Reads eight bytes, the first the highest.
    static func number(_ bytes: [UInt8]) -> UInt64 {
        var number: UInt64 = 0
        for byte in bytes { number = number << 8 | UInt64(byte) }
        return number
    }

    /// Returns which publication a message claims to be.
    func publication(of message: Message) -> Int? {
        guard let seqno = message.seqno, seqno.count == 8 else { return nil }
        return publication(numbered: Self.number(seqno))
    }

    /// Returns which publication an id names: the author's name, then the number.
    func publication(of id: MessageID) -> Int? {
        guard id.bytes.count > 8 else { return nil }
        var number: UInt64 = 0
        for byte in id.bytes[(id.bytes.count - 8)...] { number = number << 8 | UInt64(byte) }
        return publication(numbered: number)
    }

    private func publication(numbered number: UInt64) -> Int? {
        guard number >= Self.firstNumber, number - Self.firstNumber < UInt64(publications.count) else {
            return nil
        }
        return Int(number - Self.firstNumber)
    }

    /// Makes a message and enters it into the book.
    mutating func author(_ kind: Publication.Kind, by node: Int, isProbe: Bool = false) -> Message {
        let index = publications.count
        let number = Self.firstNumber + UInt64(index)
        let message: Message
        if scenario.signatures == .real {
            message = .signed(topic: topic, data: filler(of: kind), seqno: number, by: peers.keys[node])
        } else {
            let seqno = (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
            message = Message(
                from: peers.ids[node].bytes, data: filler(of: kind), seqno: seqno, topic: topic,
                signature: Self.standIn(index))
        }
        publications.append(
            Publication(
                message: message, author: node, kind: kind, at: now, isProbe: isProbe,
                missing: NodeSet(capacity: honest), stored: NodeSet(capacity: honest),
                given: NodeSet(capacity: honest)))
        return message
    }

    private func filler(of kind: Publication.Kind) -> [UInt8] {
        switch kind {
        case .urgent: urgentFiller
        case .burst: burstFiller
        case .content, .kick, .orphan, .malformed: filler
        }
    }

    /// 64 bytes that nobody but the author is said to be able to make.
    private static func standIn(_ index: Int) -> [UInt8] {
        var signature: [UInt8] = []
        signature.reserveCapacity(Ed25519.signatureSize)
        for word in 0..<8 {
            let bits = Bits.mixed(UInt64(index * 8 + word) ^ 0x7369_676e)
            for byte in 0..<8 { signature.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte)))) }
        }
        return signature
    }

    /// What verifying a signature says.
    func verification(of message: Message) -> StrictSignFailure? {
        if scenario.signatures == .real { return message.verify() }
        guard let index = publication(of: message), publications[index].message == message else {
            return .badSignature
        }
        return nil
    }

    // MARK: Publishing

    /// Somebody publishes: a message of the space; with a number behind theirs, a part of the burst; with one
    /// below 0, a message that shows that the world has recovered.
    mutating func publish(number: Int) {
        guard number < scenario.messages else { return publish(.burst, by: 0, isProbe: false) }
        guard let node = chooseAuthor() else { return }
        let isUrgent = number >= 0 && scenario.urgent.map { number % $0.every == 0 } ?? false
        publish(isUrgent ? .urgent : .content, by: node, isProbe: number < 0)
    }

    mutating func publish(_ kind: Publication.Kind, by node: Int, isProbe: Bool) {
        let message = author(kind, by: node, isProbe: isProbe)
        let index = publications.count - 1
        publications[index].stored.insert(node)
        publications[index].given.insert(node)
        expectDeliveries(index)
        if !isProbe { tally.messages += 1 }
        record.published(index, by: node, at: now)
        hash.add(index)
        if case .kick(let target) = kind { kicksToLearn.append(target) }
        feed(.publish(message, isUrgent: kind.isUrgent), to: node)
    }

    private func chooseAuthor() -> Int? {
        var prng = chance.generator(.author, publications.count)
        let count = min(scenario.publishers ?? honest, honest)
        func mayPublish(_ node: Int) -> Bool {
            isOnline[node] && !(node == 0 && scenario.burst != nil)
                && leavesAt[node] > now + Self.authorStays
        }
        for _ in 0..<64 {
            let node = prng.below(count)
            if mayPublish(node) { return node }
        }
        return (0..<honest).first(where: mayPublish)
    }

    // MARK: Verdicts

    /// What the application of a node says: `reject` only for what is wrong in every state of the space. What
    /// it accepts it has stored.
    mutating func verdict(of node: Int, on id: MessageID) -> ValidationResult {
        guard let index = publication(of: id) else { return .reject }
        let (kind, author) = (publications[index].kind, publications[index].author)
        if kind == .malformed { return .reject }
        if !isMember(author, inViewOf: node), !sabotage.contains(.storesForStrangers) {
            return sabotage.contains(.rejectsTheUnknown) ? .reject : .ignore
        }
        if publications[index].stored.contains(node), !sabotage.contains(.acceptsAgain) { return .ignore }
        if kind == .orphan {
            let count = held[node]?[author] ?? 0
            guard count < Self.heldPerAuthorMax || sabotage.contains(.exceedsBounds) else { return .ignore }
            held[node, default: [:]][author] = count + 1
        }
        if !isMember(author, inViewOf: node) {
            violations.add(
                .membership, at: now, node: node,
                "stores message \(index) of node \(author), which is no member")
        }
        publications[index].stored.insert(node)
        return kind.isUrgent ? .acceptUrgent : .accept
    }

    /// The router hands a message to the application.
    mutating func delivered(_ id: MessageID, to node: Int, from peer: PeerID) {
        guard let index = publication(of: id) else { return }
        hash.add(node << 32 | index)
        let isNew = publications[index].given.insert(node)
        if !isNew {
            violations.add(.duplicates, at: now, node: node, "is given message \(index) again")
        }
        switch publications[index].kind {
        case .orphan: return
        case .kick(let target): if isNew { kicksToLearn.append(target) }
        case .content, .urgent, .burst, .malformed: break
        }
        tally.deliveries += 1
        record.delivered(index, to: node, from: peers.number(of: peer) ?? node, at: now)
        guard publications[index].missing.remove(node) else { return }
        let latency = now - publications[index].at
        if publications[index].isProbe { return }
        tally.delivered += 1
        tally.latencies.add(latency)
        switch publications[index].kind {
        case .urgent: tally.urgentLatencies.add(latency)
        case .burst: tally.burstLatencies.add(latency)
        default: if hasKinds { tally.ordinaryLatencies.add(latency) }
        }
        if let limit = scenario.deliverWithinMilliseconds, latency > Self.nanoseconds(milliseconds: limit) {
            violations.add(
                .delivery, at: now, node: node,
                "message \(index) came after \(latency / 1_000_000) ms, later than \(limit)")
        }
    }

    /// Whether there are messages that are told apart in the figures.
    private var hasKinds: Bool { scenario.urgent != nil || scenario.burst != nil }

    // MARK: Membership

    func isMember(_ author: Int, inViewOf node: Int) -> Bool {
        members.contains(author) && !kickedSeen[node].contains(author)
    }

    /// Who counts as a subscriber in a node's view.
    func allowedPeers(of node: Int) -> Set<PeerID> {
        var allowed = Set(members.elements.map { peers.ids[$0] })
        for kicked in kickedSeen[node] { allowed.remove(peers.ids[kicked]) }
        return allowed
    }

    /// The creator of the space kicks a member, in a message like any other.
    mutating func kick(_ target: Int) {
        publish(.kick(target), by: 0, isProbe: false)
    }

    /// A node has stored a kick and passed it on; from now on its router knows, too. Adds to the outputs
    /// that are being worked off.
    mutating func learn(kickOf target: Int, _ node: Int) {
        guard !kickedSeen[node].contains(target) else { return }
        kickedSeen[node].append(target)
        guard scenario.isPrivate, !sabotage.contains(.forgetsMembers) else { return }
        routers[node].handle(
            .setAllowedPeers(topic, allowedPeers(of: node)), now: clock(of: node), into: &outputs)
    }
}
