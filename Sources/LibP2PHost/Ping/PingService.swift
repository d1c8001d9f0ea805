import LibP2P
import LibP2PCore
import NIOCore

/// Answers and asks `/ipfs/ping/1.0.0`: 32 random bytes come back (libp2p specs, "ping"). Confined to the loop.
final class PingService {
    static let protocolID = "/ipfs/ping/1.0.0"

    private unowned let host: Host

    init(host: Host) {
        self.host = host
    }

    func start() {}

    func ping(_ connection: Connection) -> EventLoopFuture<Duration> {
        self.host.eventLoop.makeFailedFuture(OpenStreamError.notConnected)
    }
}

/// What identify and ping remember of a connection.
struct ConnectionServices {
    init() {}
}
