import CSodium

/// Initialises libsodium once a process, before its first use.
enum Sodium {
    private static let isReady: Bool = sodium_init() >= 0

    /// Makes sure that libsodium chose its implementations; every entry point of this module calls it.
    static func ready() {
        precondition(self.isReady, "libsodium could not be initialised")
    }
}

/// Random bytes from the operating system.
public enum Entropy {
    /// Returns `count` unpredictable bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        Sodium.ready()
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if count > 0 { randombytes_buf(buffer.baseAddress!, count) }
            initialized = count
        }
    }

    /// Returns an unpredictable integer, for seeding a `PRNG`.
    public static func seed() -> UInt64 {
        self.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Compares two byte strings in time that depends on their lengths only.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && (a.isEmpty || sodium_memcmp(a, b, a.count) == 0)
}
