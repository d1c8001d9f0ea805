import LibP2PCore
import NIOCore
import NIOPosix

/// A cable between two hosts that a test can cut without either end noticing.
@Loop final class Relay {
    private final class Shared {
        var isSwallowing = false
        var channels: [any Channel] = []
    }

    private final class Forwarder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let other: any Channel
        private let shared: Shared

        init(other: any Channel, shared: Shared) {
            self.other = other
            self.shared = shared
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if !self.shared.isSwallowing {
                self.other.writeAndFlush(self.unwrapInboundIn(data), promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            if !self.shared.isSwallowing { self.other.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    private let listener: any Channel
    private let shared: Shared
    let address: Multiaddr

    init(to target: Multiaddr) async throws {
        let shared = Shared()
        self.shared = shared
        let bound = NIOLoopBound(shared, eventLoop: Loop.eventLoop)
        let targetAddress = try SocketAddress(ipAddress: "127.0.0.1", port: Int(target.tcpPort!))
        self.listener = try await value(
            ServerBootstrap(group: Loop.eventLoop)
                .childChannelInitializer { inbound in
                    ClientBootstrap(group: Loop.eventLoop).connect(to: targetAddress).flatMapThrowing {
                        outbound in
                        bound.value.channels += [inbound, outbound]
                        try inbound.pipeline.syncOperations.addHandler(
                            Forwarder(other: outbound, shared: bound.value))
                        try outbound.pipeline.syncOperations.addHandler(
                            Forwarder(other: inbound, shared: bound.value))
                    }
                }
                .bind(host: "127.0.0.1", port: 0))
        self.address = Multiaddr(ip: [127, 0, 0, 1], tcpPort: UInt16(self.listener.localAddress!.port!))!
    }

    /// From now on everything vanishes, and the sockets stay open.
    func swallow() {
        self.shared.isSwallowing = true
    }

    func close() async throws {
        for channel in self.shared.channels { channel.close(promise: nil) }
        try await value(self.listener.close())
    }
}
