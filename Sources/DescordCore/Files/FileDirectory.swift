import DescordCrypto

/// What the responder of `/descord/files/1.0.0` reads of its home. Reads are synchronous and see what is
/// committed then.
public protocol FileDirectory {
    /// The ids of the spaces that this home is in, sorted.
    func spaces() -> [SpaceID]
    /// Whether this key is a member of one of them now, as reconciliation decides it.
    func isMember(_ key: Ed25519.PublicKey, of space: SpaceID) -> Bool
    /// The size of a file, when a message in force of the space refers to it and its bytes are here.
    func size(of hash: FileHash, in space: SpaceID) -> Int?
    /// At most `count` bytes of a file from `offset` on; fewer at its end alone, nil when it is not here.
    func read(_ hash: FileHash, from offset: Int, count: Int) -> [UInt8]?
}
