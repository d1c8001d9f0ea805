import DescordCrypto
import LibP2P
import LibP2PCore

/// The names, addresses and keys of everybody in the world.
struct PeerTable {
    /// By the number of the node.
    let ids: [PeerID]
    let addresses: [Multiaddr?]
    /// The signing keys, when anything is signed for real.
    let keys: [Ed25519.PrivateKey]
    /// What each peer signed about its address, when routers exchange peers.
    private(set) var records: [[UInt8]] = []
    /// By the name, when it is a real key's; made-up names tell their numbers.
    private let numbers: [PeerID: Int]

    init(_ scenario: Scenario, count: Int, exchangesPeers: Bool) {
        let isReal = scenario.signatures == .real || exchangesPeers
        keys = isReal ? (0..<count).map(Self.key) : []
        let keys = keys
        let ids = (0..<count).map { isReal ? PeerID(keys[$0].publicKey) : Self.id($0) }
        self.ids = ids
        var addresses = (0..<scenario.nodes).map { Self.address(first: 11, group: $0) }
        for (index, attack) in scenario.attacks.enumerated() {
            for number in 0..<attack.count(amongHonest: scenario.nodes) {
                addresses.append(Self.address(first: 12 + index, group: number / attack.peersPerAddress))
            }
        }
        self.addresses = addresses
        var numbers: [PeerID: Int] = [:]
        if isReal { for (number, id) in ids.enumerated() { numbers[id] = number } }
        self.numbers = numbers
        guard exchangesPeers else { return }
        for number in 0..<count {
            let record = PeerRecord(
                peer: ids[number], sequence: 1, addresses: addresses[number].map { [$0] } ?? [])
            records.append(record.sealed(by: keys[number]))
        }
    }

    /// Returns the number of a node.
    func number(of id: PeerID) -> Int? {
        guard keys.isEmpty else { return numbers[id] }
        guard id.bytes.count == Self.idSize else { return nil }
        var number = 0
        for index in Self.idSize - 4..<Self.idSize { number = number << 8 | Int(id.bytes[index]) }
        return number < ids.count && ids[number] == id ? number : nil
    }

    /// The size of an Ed25519 peer's name.
    private static let idSize = 38

    /// 32 bytes that nobody holds the key to do for a node whose signatures are not verified. They end with
    /// its number.
    private static func id(_ number: Int) -> PeerID {
        var key: [UInt8] = []
        for word in 0..<4 {
            let bits = Bits.mixed(UInt64(number * 4 + word))
            for byte in 0..<8 { key.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte)))) }
        }
        for index in 0..<4 { key[28 + index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * index)) }
        guard let publicKey = Ed25519.PublicKey(key) else { preconditionFailure("32 bytes make a key") }
        return PeerID(publicKey)
    }

    private static func key(_ number: Int) -> Ed25519.PrivateKey {
        var seed = [UInt8](repeating: 0x73, count: 32)
        for index in 0..<8 { seed[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        guard let key = Ed25519.PrivateKey(seed: SecretBytes(seed)) else {
            preconditionFailure("32 bytes make a key")
        }
        return key
    }

    /// Every group has an IPv4 network of 256 addresses for itself.
    private static func address(first: Int, group: Int) -> Multiaddr? {
        let host = [UInt8(first), UInt8(group >> 8 & 0xff), UInt8(group & 0xff), 7]
        // /ip4/…/tcp/4242 as it goes on the wire.
        return Multiaddr(bytes: [0x04] + host + [0x06, 0x10, 0x92])
    }
}
