/// The Noise static keys of this host's newest connections, by which it knows its own listener when it
/// happens to dial it.
///
/// Every connection has a static key of its own, and nobody else can complete a handshake with it: whoever
/// proves our identity with another key is another process that holds the same identity. Socket addresses
/// would say less, because a router may translate them on the way.
///
/// A value of the host.
struct OwnStaticKeys {
    /// The most keys that are kept: more than a host has connections, so that none is forgotten while its
    /// handshake lasts.
    static let maxCount = 1_024

    private var keys: [[UInt8]] = []
    private var oldest = 0

    /// Remembers the key of a connection that begins, 32 bytes.
    mutating func insert(_ key: [UInt8]) {
        if self.keys.count < Self.maxCount {
            self.keys.append(key)
        } else {
            self.keys[self.oldest] = key
            self.oldest = (self.oldest + 1) % Self.maxCount
        }
    }

    /// Whether one of this host's connections has the key.
    func contains(_ key: [UInt8]) -> Bool {
        self.keys.contains(key)
    }
}
