import DescordCrypto
import LibP2P
import LibP2PCore

/// Two connection machines against each other, in memory and on virtual time.
final class Pair {
    /// How bytes are cut on their way.
    enum Chunking {
        case whole
        case bytes
        case random(PRNG)
    }

    var dialer: ConnectionMachine
    var listener: ConnectionMachine
    var dialerEvents: [ConnectionMachine.Event] = []
    var listenerEvents: [ConnectionMachine.Event] = []
    var now = Instant.zero
    var chunking: Chunking
    /// Every byte that crossed, by direction.
    var dialerSent: [UInt8] = []
    var listenerSent: [UInt8] = []
    /// Whether data is credited as soon as it arrives.
    var consumes = true
    /// What a transfer may alter on its way, by direction.
    var tamper: ((_ fromDialer: Bool, inout [UInt8]) -> Void)?

    static let dialerKey = Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 5, count: 32)))!
    static let listenerKey = Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 6, count: 32)))!

    static func x25519(_ byte: UInt8) -> X25519.PrivateKey {
        X25519.PrivateKey(scalar: SecretBytes([UInt8](repeating: byte, count: 32)))!
    }

    init(
        chunking: Chunking = .whole, protocols: [String] = ["/echo/1.0.0", "/other/1.0.0"],
        dialer: (inout ConnectionConfiguration) -> Void = { _ in },
        listener: (inout ConnectionConfiguration) -> Void = { _ in }
    ) {
        var dialerConfiguration = ConnectionConfiguration(
            key: Self.dialerKey, expectedPeer: PeerID(Self.listenerKey.publicKey))
        dialer(&dialerConfiguration)
        var listenerConfiguration = ConnectionConfiguration(key: Self.listenerKey)
        listener(&listenerConfiguration)
        self.dialer = ConnectionMachine(
            role: .dialer, configuration: dialerConfiguration, supportedProtocols: protocols,
            noiseStatic: Self.x25519(2), noiseEphemeral: Self.x25519(1), now: .zero)
        self.listener = ConnectionMachine(
            role: .listener, configuration: listenerConfiguration, supportedProtocols: protocols,
            noiseStatic: Self.x25519(4), noiseEphemeral: Self.x25519(3), now: .zero)
        self.chunking = chunking
        self.dialer.start(into: &self.dialerEvents)
        self.listener.start(into: &self.listenerEvents)
    }

    /// Moves everything that the dialer has to send; returns the number of bytes.
    @discardableResult
    func flushDialer() -> Int {
        var bytes: [UInt8] = []
        while self.dialer.hasOutbound {
            let before = bytes.count
            self.dialer.takeOutbound(into: &bytes, maxBytes: 65_536, events: &self.dialerEvents)
            if bytes.count == before { break }
        }
        self.tamper?(true, &bytes)
        self.dialerSent += bytes
        self.cut(bytes) { self.deliverToListener($0) }
        return bytes.count
    }

    /// Moves everything that the listener has to send; returns the number of bytes.
    @discardableResult
    func flushListener() -> Int {
        var bytes: [UInt8] = []
        while self.listener.hasOutbound {
            let before = bytes.count
            self.listener.takeOutbound(into: &bytes, maxBytes: 65_536, events: &self.listenerEvents)
            if bytes.count == before { break }
        }
        self.tamper?(false, &bytes)
        self.listenerSent += bytes
        self.cut(bytes) { self.deliverToDialer($0) }
        return bytes.count
    }

    /// Moves bytes until both are quiet; every flight takes a millisecond.
    func run() {
        for _ in 0..<100_000 {
            let sent = self.flushDialer()
            self.now += .milliseconds(1)
            let answered = self.flushListener()
            self.now += .milliseconds(1)
            if sent + answered == 0 { return }
        }
    }

    func deliverToListener(_ bytes: [UInt8]) {
        let first = self.listenerEvents.count
        bytes.withUnsafeBytes { self.listener.received($0, now: self.now, into: &self.listenerEvents) }
        guard self.consumes else { return }
        for case .streamData(let id, let data) in self.listenerEvents[first...] {
            self.listener.consumed(data.count, on: id)
        }
    }

    func deliverToDialer(_ bytes: [UInt8]) {
        let first = self.dialerEvents.count
        bytes.withUnsafeBytes { self.dialer.received($0, now: self.now, into: &self.dialerEvents) }
        guard self.consumes else { return }
        for case .streamData(let id, let data) in self.dialerEvents[first...] {
            self.dialer.consumed(data.count, on: id)
        }
    }

    private func cut(_ bytes: [UInt8], _ deliver: ([UInt8]) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let size: Int
            switch self.chunking {
            case .whole: size = rest.count
            case .bytes: size = 1
            case .random(var prng):
                size = 1 + prng.below(prng.below(4) == 0 ? 70_000 : 40)
                self.chunking = .random(prng)
            }
            deliver(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
    }
}

extension [ConnectionMachine.Event] {
    /// The data that arrived on a stream.
    func data(on stream: StreamID) -> [UInt8] {
        self.flatMap { event -> [UInt8] in
            if case .streamData(stream, let bytes) = event { bytes } else { [] }
        }
    }

    /// Why the connection ended; nil when it did not, or ended cleanly.
    var failure: ConnectionFailure? {
        for case .closed(let failure) in self { return failure }
        return nil
    }

    var isClosed: Bool {
        self.contains { if case .closed = $0 { true } else { false } }
    }

    /// Whether a peer was authenticated.
    var isUpgraded: Bool {
        self.contains { if case .upgraded = $0 { true } else { false } }
    }
}
