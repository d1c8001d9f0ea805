import DescordCrypto
import LibP2PCore

/// A home whose identity was unlocked and whose database is open: what commands and sessions work on.
package final class OpenHome: Sendable {
    /// The directory's absolute path.
    package let directory: String
    /// The device's key.
    package let key: Ed25519.PrivateKey
    /// The database, in the commands' words.
    package let records: any Records

    package init(directory: String, key: Ed25519.PrivateKey, records: any Records) {
        self.directory = directory
        self.key = key
        self.records = records
    }

    /// The peer id of this home.
    package var peerID: PeerID { PeerID(self.key.publicKey) }
}
