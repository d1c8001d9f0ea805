import DescordCrypto
import DescordStore
import LibP2PCore

/// A home whose identity was unlocked and whose database is open: what commands and sessions work on.
package final class OpenHome: Sendable {
    /// The directory's absolute path.
    package let directory: String
    /// The device's key.
    package let key: Ed25519.PrivateKey

    package init(directory: String, key: Ed25519.PrivateKey) {
        self.directory = directory
        self.key = key
    }

    /// The peer id of this home.
    package var peerID: PeerID { PeerID(self.key.publicKey) }
}
