import DescordCrypto
import LibP2PCore
import Logging
import NIOCore
import NIOPosix

/// Sockets and timers of mDNS discovery on every IPv4 interface that knows multicast. Confined to the host's
/// loop.
///
/// One socket listens to the group on all interfaces; one an interface sends, bound to its address, so that
/// packets leave there and from port 5353. Interfaces that appear later are not noticed.
final class MulticastDNS {
    /// The group and port of mDNS (RFC 6762 §3).
    private static let group = "224.0.0.251"
    private static let port = 5_353

    private struct Interface {
        let subnet: LocalNetwork.Subnet
        let channel: any Channel
    }

    private unowned let host: Host
    private let eventLoop: any EventLoop
    private var discovery: PeerDiscovery
    private var listener: (any Channel)?
    private var interfaces: [Interface] = []
    private var answerTimer: Scheduled<Void>?
    private var queryTimer: Scheduled<Void>?
    private var isStopped = false

    init(host: Host) {
        self.host = host
        self.eventLoop = host.eventLoop
        var prng = PRNG(seed: Entropy.seed())
        self.discovery = PeerDiscovery(localPeer: host.peerID, prng: &prng)
    }

    /// Opens what can be opened. A machine without multicast, or another program that owns the port, leaves
    /// the host without mDNS, which is not a failure.
    func start() {
        self.bind(address: "0.0.0.0") { channel in
            self.listener = channel
            for device in self.devices { self.join(device, listener: channel) }
        }
    }

    func stop() {
        guard !self.isStopped else { return }
        self.isStopped = true
        self.answerTimer?.cancel()
        self.queryTimer?.cancel()
        self.listener?.close(promise: nil)
        for interface in self.interfaces { interface.channel.close(promise: nil) }
        self.listener = nil
        self.interfaces = []
    }

    private var devices: [NIONetworkDevice] {
        // Without a list of interfaces there is nobody to talk to.
        let all = (try? System.enumerateDevices()) ?? []
        return all.filter { device in
            guard device.multicastSupported, case .v4? = device.address else { return false }
            return device.address?.ipBytes.map { AddressScope(of: $0) != .loopback } == true
        }
    }

    private func join(_ device: NIONetworkDevice, listener: any Channel) {
        guard let ip = device.address?.ipBytes, let mask = device.netmask?.ipBytes,
            let multicast = listener as? any MulticastChannel,
            // The group's address is a constant that always parses.
            let group = try? SocketAddress(ipAddress: Self.group, port: Self.port)
        else { return }
        let subnet = LocalNetwork.Subnet(
            address: ip, prefixLength: mask.reduce(0) { $0 + $1.nonzeroBitCount }, interface: device.name)
        multicast.joinGroup(group, device: device).assumeIsolated().whenSuccess {
            self.bind(address: IPAddressText.format4(ip)) { channel in
                self.interfaces.append(Interface(subnet: subnet, channel: channel))
                self.send(PeerDiscovery.query, on: channel)
                self.scheduleQuery()
            }
        }
    }

    private func bind(address: String, _ done: @escaping (any Channel) -> Void) {
        let this = NIOLoopBound(self, eventLoop: self.eventLoop)
        DatagramBootstrap(group: self.eventLoop)
            .channelOption(.socketOption(.so_reuseaddr), value: 1)
            .channelOption(.ipOption(.ip_multicast_ttl), value: 255)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: DNSMessage.maxSize + 1)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramHandler(service: this.value))
                }
            }
            .bind(host: address, port: Self.port)
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel):
                    if self.isStopped { channel.close(promise: nil) } else { done(channel) }
                case .failure(let error):
                    self.host.logger.debug(
                        "no mDNS", metadata: ["address": "\(address)", "error": "\(error)"])
                }
            }
    }

    // MARK: - Packets

    fileprivate func received(_ envelope: AddressedEnvelope<ByteBuffer>) {
        guard !self.isStopped, envelope.remoteAddress.port == Self.port,
            let source = envelope.remoteAddress.ipBytes,
            self.interfaces.contains(where: { $0.subnet.contains(source) })
        else { return }
        let packet = Array(envelope.data.readableBytesView)
        switch self.discovery.received(packet, from: source, now: self.host.now) {
        case .none: break
        case .answer: self.scheduleAnswer()
        case .discovered(let found):
            for peer in found {
                let candidates = peer.addresses.map {
                    DialCandidate($0, .multicastDNS(packetSource: source))
                }
                self.host.onDiscovered?(peer.peer, candidates)
            }
        }
    }

    private func scheduleAnswer() {
        guard self.answerTimer == nil else { return }
        let delay = self.discovery.answerDelay(now: self.host.now)
        self.answerTimer = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            self.answerTimer = nil
            self.answer()
        }
    }

    /// Announces, on each interface, the addresses that are reached through it.
    private func answer() {
        let addresses = LocalNetwork.current().reachable(self.host.boundAddresses)
        for interface in self.interfaces {
            let own = addresses.filter { $0.ip == interface.subnet.address }
            if let packet = self.discovery.answer(own, now: self.host.now) {
                self.send(packet, on: interface.channel)
            }
        }
    }

    private func scheduleQuery() {
        guard self.queryTimer == nil, !self.isStopped else { return }
        let delay = self.discovery.nextQueryDelay()
        self.queryTimer = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            self.queryTimer = nil
            for interface in self.interfaces { self.send(PeerDiscovery.query, on: interface.channel) }
            self.scheduleQuery()
        }
    }

    private func send(_ packet: [UInt8], on channel: any Channel) {
        // The group's address is a constant that always parses.
        guard let group = try? SocketAddress(ipAddress: Self.group, port: Self.port) else { return }
        let envelope = AddressedEnvelope(remoteAddress: group, data: ByteBuffer(bytes: packet))
        channel.writeAndFlush(envelope, promise: nil)
    }
}

/// Hands datagrams to the service.
private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private weak var service: MulticastDNS?

    init(service: MulticastDNS) {
        self.service = service
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.service?.received(self.unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A refused datagram is not worth a socket: mDNS is sent again and again anyway.
    }
}
