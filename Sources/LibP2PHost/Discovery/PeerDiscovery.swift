import LibP2PCore

/// Decides what to ask, answer and believe in libp2p's mDNS peer discovery (libp2p specs, "mdns"). Pure:
/// packets in, packets and peers out.
struct PeerDiscovery: Sendable {
    /// What is asked for.
    static let service = DNSMessage.Name("_p2p._udp.local")
    /// What browsers of services ask for (RFC 6763 §9).
    static let services = DNSMessage.Name("_services._dns-sd._udp.local")
    /// Seconds for which an answer may be kept: two minutes, as RFC 6762 §10 advises.
    static let timeToLive: UInt32 = 120
    /// The most addresses that are announced on an interface, or taken from an answer.
    static let maxAddressCount = 8
    /// Packets read of one interface's network a second, on average and in a burst: enough for a large
    /// office.
    static let maxPacketsPerSecond = 100
    /// At most one answer a second goes out (RFC 6762 §6).
    static let answerInterval: Duration = .seconds(1)
    /// Asking begins at once and slows down to this.
    static let maxQueryInterval: Duration = .seconds(60)
    /// Peers that are remembered as announced, so that one is told only once with the same addresses.
    static let maxKnownPeers = 256

    /// What a packet leads to.
    enum Reaction: Equatable {
        case none
        /// To answer, at the earliest moment that the rate allows.
        case answer
        /// Peers at the packet's source.
        case discovered([Found])
    }

    /// A peer and where it is.
    struct Found: Equatable {
        let peer: PeerID
        let addresses: [Multiaddr]
    }

    private let localPeer: PeerID
    /// Our instance name: random, so that the peer id is not what strangers see first.
    private let instance: DNSMessage.Name
    private var known: [(peer: PeerID, addresses: [Multiaddr])] = []
    private var tokens: Int = Self.maxPacketsPerSecond
    private var refilledAt = Instant.zero
    private var answeredAt: Instant?
    private var queryInterval: Duration = .seconds(1)

    init(localPeer: PeerID, prng: inout PRNG) {
        self.localPeer = localPeer
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let name = (0..<40).map { _ in alphabet[prng.below(alphabet.count)] }
        self.instance = DNSMessage.Name(labels: [name] + Self.service.labels)
    }

    /// The question.
    static var query: [UInt8] {
        DNSMessage(
            isResponse: false, questions: [.init(name: Self.service, type: DNSMessage.pointerType)]
        ).encoded
    }

    /// The pause before the next question; it doubles up to a minute.
    mutating func nextQueryDelay() -> Duration {
        defer { self.queryInterval = min(self.queryInterval * 2, Self.maxQueryInterval) }
        return self.queryInterval
    }

    /// Reads a packet.
    ///
    /// - Parameter source: the sender's IP address; what is announced for other addresses is left out,
    ///   because anybody could announce a victim's.
    mutating func received(_ packet: [UInt8], from source: [UInt8], now: Instant) -> Reaction {
        guard self.takeToken(now), let message = DNSMessage(decoding: packet) else { return .none }
        if message.isResponse { return self.readAnswer(message, source) }
        let isForUs = message.questions.contains {
            ($0.name == Self.service || $0.name == Self.services)
                && ($0.type == DNSMessage.pointerType || $0.type == DNSMessage.anyType)
        }
        return isForUs ? .answer : .none
    }

    /// Returns how long to wait before answering: the network has heard us when we answered a moment ago.
    mutating func answerDelay(now: Instant) -> Duration {
        guard let last = self.answeredAt else { return .zero }
        return max(.zero, last + Self.answerInterval - now)
    }

    /// The answer for an interface with these addresses; nil without any that fits.
    mutating func answer(_ addresses: [Multiaddr], now: Instant) -> [UInt8]? {
        let strings = addresses.prefix(Self.maxAddressCount)
            .map { Array("dnsaddr=\($0.with(peer: self.localPeer))".utf8) }
            .filter { $0.count <= 255 }
        guard !strings.isEmpty else { return nil }
        self.answeredAt = now
        return DNSMessage(
            isResponse: true,
            answers: [
                .init(name: Self.service, content: .pointer(self.instance), timeToLive: Self.timeToLive),
                .init(name: Self.services, content: .pointer(Self.service), timeToLive: Self.timeToLive),
            ],
            additional: [.init(name: self.instance, content: .text(strings), timeToLive: Self.timeToLive)]
        ).encoded
    }

    // MARK: - Answers

    private mutating func readAnswer(_ message: DNSMessage, _ source: [UInt8]) -> Reaction {
        let instances = message.answers.compactMap { record -> DNSMessage.Name? in
            guard record.name == Self.service, record.timeToLive > 0, case .pointer(let name) = record.content
            else { return nil }
            return name
        }
        var found: [Found] = []
        for record in message.additional + message.answers {
            guard case .text(let strings) = record.content, instances.contains(record.name) else { continue }
            guard let peer = self.readStrings(strings, source), !found.contains(peer), self.isNew(peer) else {
                continue
            }
            found.append(peer)
        }
        return found.isEmpty ? .none : .discovered(found)
    }

    /// Takes the addresses at `source`; all must name one peer, which is not us.
    private func readStrings(_ strings: [[UInt8]], _ source: [UInt8]) -> Found? {
        var peer: PeerID?
        var addresses: [Multiaddr] = []
        for string in strings {
            guard string.starts(with: Array("dnsaddr=".utf8)),
                let text = String(validating: string.dropFirst(8), as: UTF8.self),
                let address = Multiaddr(parsing: text), let id = address.peerID
            else { continue }
            guard peer == nil || peer == id else { return nil }
            peer = id
            let plain = address.withoutPeer
            if plain.ip == source, plain.tcpTarget != nil, plain.tcpPort != 0, !addresses.contains(plain) {
                addresses.append(plain)
            }
        }
        guard let peer, peer != self.localPeer, !addresses.isEmpty else { return nil }
        return Found(peer: peer, addresses: Array(addresses.prefix(Self.maxAddressCount)))
    }

    private mutating func isNew(_ found: Found) -> Bool {
        if let index = self.known.firstIndex(where: { $0.peer == found.peer }) {
            if found.addresses.allSatisfy(self.known[index].addresses.contains) { return false }
            self.known.remove(at: index)
        }
        if self.known.count == Self.maxKnownPeers { self.known.removeFirst() }
        self.known.append((found.peer, found.addresses))
        return true
    }

    private mutating func takeToken(_ now: Instant) -> Bool {
        if now - self.refilledAt >= .seconds(1) {
            self.tokens = Self.maxPacketsPerSecond
            self.refilledAt = now
        }
        guard self.tokens > 0 else { return false }
        self.tokens -= 1
        return true
    }
}
