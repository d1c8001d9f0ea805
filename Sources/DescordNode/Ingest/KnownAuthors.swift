import DescordCrypto
import Synchronization

/// Authors of whom an operation was verified: their keys need no second look, which costs more than a
/// signature.
final class KnownAuthors: Sendable {
    private static let maxCount = 16_384
    private let keys = Mutex<Set<Ed25519.PublicKey>>([])

    func contains(_ key: Ed25519.PublicKey) -> Bool {
        self.keys.withLock { $0.contains(key) }
    }

    func insert(_ added: Set<Ed25519.PublicKey>) {
        self.keys.withLock { keys in
            if keys.count + added.count > Self.maxCount { keys.removeAll() }
            keys.formUnion(added)
        }
    }
}
