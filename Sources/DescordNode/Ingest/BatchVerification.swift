import DescordCore
import DescordCrypto
import Dispatch
import Synchronization

/// Checks the signatures of a batch, of a large one on several cores: nothing else that is done with an
/// operation takes as long, apart from the disk.
package enum BatchVerification {
    package enum Verification: Sendable {
        case verified(Operation)
        /// Good, but of a space that its topic is not of.
        case foreign
        case refused(OperationFailure)
    }

    /// What a thread takes at once: small enough that all end at about the same time, though one of them
    /// shares its core with whoever writes.
    private static let partSize = 16
    /// So many threads at most: another core is left to whoever runs the network.
    private static let maxThreadCount = 4

    /// Checks each, in their order; remembers whose keys are good.
    static func verify(_ forms: [IngestPipeline.Form], _ authors: KnownAuthors) -> [Verification] {
        let found = self.verify(forms, isKnownAuthor: authors.contains)
        var added: Set<Ed25519.PublicKey> = []
        for case .verified(let operation) in found { added.insert(operation.author) }
        authors.insert(added)
        return found
    }

    /// Checks each, in their order; `isKnownAuthor` is called from several threads.
    package static func verify(
        _ forms: [IngestPipeline.Form], isKnownAuthor: @Sendable (Ed25519.PublicKey) -> Bool
    ) -> [Verification] {
        let threadCount = min(Self.maxThreadCount, forms.count / Self.partSize)
        guard threadCount > 1 else { return forms.map { Self.verify($0, isKnownAuthor) } }
        return [Verification](unsafeUninitializedCapacity: forms.count) { buffer, initialized in
            // Each part is taken once, and writes places of its own.
            nonisolated(unsafe) let places = buffer
            let taken = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: threadCount) { _ in
                while true {
                    let start = taken.add(Self.partSize, ordering: .relaxed).oldValue
                    guard start < forms.count else { return }
                    for place in start..<min(forms.count, start + Self.partSize) {
                        (places.baseAddress! + place).initialize(to: Self.verify(forms[place], isKnownAuthor))
                    }
                }
            }
            initialized = forms.count
        }
    }

    private static func verify(
        _ form: IngestPipeline.Form, _ isKnownAuthor: (Ed25519.PublicKey) -> Bool
    ) -> Verification {
        do {
            switch form {
            case .sync(let unverified):
                return .verified(try unverified.verified(isKnownAuthor: isKnownAuthor))
            case .gossip(let bytes, let topic):
                let operation = try Operation(verifying: bytes, isKnownAuthor: isKnownAuthor)
                return SpaceTopic.name(of: operation.space) == topic ? .verified(operation) : .foreign
            }
        } catch {
            return .refused(error)
        }
    }
}
