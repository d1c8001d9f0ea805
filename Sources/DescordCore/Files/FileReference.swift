import LibP2PCore

/// A file that belongs to a message: what its author calls it, and its content by hash. The bytes travel by
/// `/descord/files/1.0.0`, to whoever wants them.
public struct FileReference: Hashable, Sendable {
    /// What its author calls it, at most 256 bytes of UTF-8. Whatever a member wrote: no path is ever made of
    /// it, and it is cleaned before it is shown.
    public var name: String
    /// Bytes, at most `FileLimits.maxFileSize`.
    public var size: Int
    /// The content.
    public var hash: FileHash

    /// Refers to a file; nil when a bound is broken.
    public init?(name: String, size: Int, hash: FileHash) {
        guard OperationPayloads.fits(name, PayloadLimits.maxNameSize), (0...FileLimits.maxFileSize) ~= size
        else { return nil }
        self.name = name
        self.size = size
        self.hash = hash
    }

    /// Reads a reference; nil when a field is missing or breaks its bound.
    init?(_ message: PBFileReference) {
        guard message.hasName, message.hasSize, let size = Int(exactly: message.size),
            let hash = FileHash(bytes: message.hash.octets)
        else { return nil }
        self.init(name: message.name, size: size, hash: hash)
    }

    var message: PBFileReference {
        var message = PBFileReference()
        message.name = self.name
        message.size = UInt64(self.size)
        message.hash = .init(octets: self.hash.bytes)
        return message
    }
}
