import DescordCrypto

/// A file that is being fetched: what has come of it so far, from one peer or from several, one after
/// another. Nothing of it is looked at before it is whole and its hash is right.
public struct FileAssembly: Sendable {
    /// What is being fetched.
    public let reference: FileReference
    /// The bytes so far.
    public private(set) var bytes: [UInt8] = []
    private var hash = SHA256()
    /// Whether the bytes are stored here already, and nothing is to come but the peer's assent.
    private let isHeld: Bool

    /// Begins with nothing.
    public init(_ reference: FileReference) {
        self.reference = reference
        self.isHeld = false
    }

    /// Stands for a file that is stored here, in order to tell whoever wrote the message.
    public init(held reference: FileReference) {
        self.reference = reference
        self.isHeld = true
    }

    /// Bytes that are missing.
    public var missing: Int { self.isHeld ? 0 : self.reference.size - self.bytes.count }
    /// The first byte that is missing.
    public var offset: Int { self.reference.size - self.missing }
    /// Whether all bytes are here; they may still be wrong.
    public var isWhole: Bool { self.missing == 0 }
    /// Whether the bytes are the file's.
    public var isRight: Bool {
        self.isHeld || (self.isWhole && self.hash.finalize() == self.reference.hash.bytes)
    }

    /// Adds bytes, at most as many as are missing.
    mutating func append(_ bytes: some Collection<UInt8>) {
        precondition(bytes.count <= self.missing, "the caller counts")
        self.bytes.append(contentsOf: bytes)
        self.hash.update(bytes)
    }
}
