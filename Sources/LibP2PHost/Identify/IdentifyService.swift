import DescordCrypto
import LibP2P
import LibP2PCore
import NIOCore

/// Answers and asks `/ipfs/id/1.0.0`, sends and takes `/ipfs/id/push/1.0.0` (libp2p specs, "identify").
///
/// Confined to the host's loop. Asking starts with the connection and delays nothing: streams can be opened before
/// the answer.
final class IdentifyService {
    static let protocolID = "/ipfs/id/1.0.0"
    static let pushProtocolID = "/ipfs/id/push/1.0.0"

    private unowned let host: Host

    init(host: Host) {
        self.host = host
    }

    func start() {}
    func ask(_ connection: Connection) {}
    func forget(_ connection: Connection, last: Bool) {}
    func localChanged() {}
}
