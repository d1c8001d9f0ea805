import CSodium

/// Bytes that are zeroed when they are no longer referenced.
///
/// Deliberately neither `CustomStringConvertible` nor `Codable` nor `Equatable`: a secret is never printed,
/// encoded by accident, or compared in variable time. Immutable, so that it may cross threads.
public final class SecretBytes: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    /// The number of bytes.
    public var count: Int { self.storage.count }

    /// Copies `bytes`; the caller's copy is the caller's to wipe.
    public init(_ bytes: some Collection<UInt8>) {
        Sodium.ready()
        self.storage = UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16),
            count: bytes.count)
        self.storage.copyBytes(from: bytes)
    }

    /// Makes `count` random secret bytes.
    public static func random(_ count: Int) -> SecretBytes {
        var bytes = Entropy.bytes(count)
        defer { wipe(&bytes) }
        return SecretBytes(bytes)
    }

    deinit {
        if self.storage.count > 0 { sodium_memzero(self.storage.baseAddress!, self.storage.count) }
        self.storage.deallocate()
    }

    /// Lends the bytes to `body`; they must not escape it.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(self.storage))
    }

    /// Returns whether both hold the same bytes, in constant time.
    public func isEqual(to other: SecretBytes) -> Bool {
        guard self.count == other.count else { return false }
        return self.count == 0
            || sodium_memcmp(self.storage.baseAddress!, other.storage.baseAddress!, self.count) == 0
    }
}

/// Overwrites `bytes` with zeros.
public func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { buffer in
        if buffer.count > 0 { sodium_memzero(buffer.baseAddress!, buffer.count) }
    }
}
