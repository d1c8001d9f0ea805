import DescordCrypto
import LibP2P
import LibP2PCore

extension Host {
    /// Who a host is, where it listens and what it allows.
    public struct Configuration: Sendable {
        /// The identity.
        public var key: Ed25519.PrivateKey
        /// Where to listen, as `/ip4/0.0.0.0/tcp/4001`; port 0 lets the system choose. When a port is taken,
        /// any free one serves. Empty: nobody can dial this host.
        public var listenAddresses: [Multiaddr] = []
        /// Identify's agent, such as `descord/0.1.0`.
        public var agentVersion = "descord"
        /// Identify's protocol version; a family name, not a number to compare.
        public var protocolVersion = "ipfs/0.1.0"
        /// What peers may hold at once.
        public var limits = HostLimits()
        /// How long peers are waited for.
        public var deadlines = HostDeadlines()
        /// Whether Noise offers Yamux inside the handshake, which saves a round trip.
        public var offersEarlyMuxer = true
        /// Whether mDNS announces this host and looks for others on the local networks.
        public var usesMulticastDNS = false
        /// The first sequence number of our signed peer record; nil takes the wall clock in nanoseconds.
        public var peerRecordSequence: UInt64?

        public init(key: Ed25519.PrivateKey) {
            self.key = key
        }
    }
}
