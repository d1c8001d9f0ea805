import LibP2PCore
import NIOCore
import NIOPosix

extension Host {
    /// Connections that the kernel keeps for us between two turns of the loop.
    private static let backlog: Int32 = 256
    /// Unsent bytes in a channel above which, and below which again, the machine is not asked for more.
    static let writeWaterMarks = ChannelOptions.Types.WriteBufferWaterMark(low: 64 * 1_024, high: 256 * 1_024)

    /// Listens on every configured address and returns the bound ones, with real ports.
    ///
    /// An address whose port is taken is bound to any free port. Fails when an address cannot be bound at
    /// all, or is not an IP address with a TCP port.
    public func listen() -> EventLoopFuture<[Multiaddr]> {
        let loop = self.eventLoop.assumeIsolated()
        var futures: [EventLoopFuture<any Channel>] = []
        for address in self.configuration.listenAddresses {
            guard let socketAddress = address.withoutPeer.socketAddress,
                address.withoutPeer.components.count == 2
            else {
                return loop.makeFailedFuture(
                    ListenError(address: address, reason: "not an IP address with a TCP port"))
            }
            futures.append(self.bind(socketAddress, address))
        }
        let promise = self.eventLoop.makePromise(of: [Multiaddr].self)
        EventLoopFuture.whenAllComplete(futures, on: self.eventLoop).assumeIsolated().whenSuccess { results in
            var failure: (any Error)?
            for result in results {
                switch result {
                case .success(let channel): self.didBind(channel)
                case .failure(let error): failure = failure ?? error
                }
            }
            if let failure {
                promise.fail(failure)
            } else {
                self.dialPolicy.update(network: .current(), listening: self.boundAddresses)
                self.identify.localChanged()
                self.startMulticastDNS()
                promise.succeed(self.boundAddresses)
            }
        }
        return promise.futureResult
    }

    private func startMulticastDNS() {
        guard self.configuration.usesMulticastDNS, self.drain == nil, self.multicastDNS == nil else { return }
        let service = MulticastDNS(host: self)
        self.multicastDNS = service
        service.start()
    }

    private func didBind(_ channel: any Channel) {
        guard self.drain == nil, let local = channel.localAddress, let address = Multiaddr(local) else {
            channel.close(promise: nil)
            return
        }
        self.listeners.append(channel)
        self.boundAddresses.append(address)
    }

    private func bind(_ socketAddress: SocketAddress, _ address: Multiaddr) -> EventLoopFuture<any Channel> {
        let this = NIOLoopBound(self, eventLoop: self.eventLoop)
        let first = self.serverBootstrap().bind(to: socketAddress)
        return first.flatMapError { error in
            guard (error as? IOError)?.errnoCode == EADDRINUSE, socketAddress.port != 0 else {
                return first.eventLoop.makeFailedFuture(ListenError(address: address, reason: "\(error)"))
            }
            var anyPort = socketAddress
            anyPort.port = 0
            return this.value.serverBootstrap().bind(to: anyPort)
        }
    }

    private func serverBootstrap() -> ServerBootstrap {
        let this = NIOLoopBound(self, eventLoop: self.eventLoop)
        return ServerBootstrap(group: self.eventLoop, childGroup: self.eventLoop)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: Self.writeWaterMarks)
            .childChannelOption(.recvAllocator, value: Self.receiveAllocator)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try this.value.accept(channel)
                }
            }
    }

    static var receiveAllocator: any RecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 8_192, maximum: 128 * 1_024)
    }

    /// Adds the handler to an accepted connection; throwing closes it unread.
    private func accept(_ channel: any Channel) throws {
        guard self.drain == nil, let remote = channel.remoteAddress, let address = Multiaddr(remote),
            self.hasRoomForInbound(from: address)
        else { throw DialFailure.refusedByLimit }
        let handler = self.makeHandler(direction: .inbound, remoteAddress: address, expecting: nil)
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            self.closed(handler)
            throw error
        }
    }

    private func hasRoomForInbound(from address: Multiaddr) -> Bool {
        let limits = self.configuration.limits
        guard self.channels.count < limits.connections else { return false }
        var halfOpen = 0
        var fromAddress = 0
        for handler in self.channels.values where handler.direction == .inbound && handler.isHalfOpen {
            halfOpen += 1
            if handler.remoteAddress.ip == address.ip { fromAddress += 1 }
        }
        return halfOpen < limits.halfOpenInbound && fromAddress < limits.halfOpenInboundPerAddress
    }
}

/// Why an address cannot be listened on.
public struct ListenError: Error, Equatable, Sendable {
    public let address: Multiaddr
    /// The system's words.
    public let reason: String
}
