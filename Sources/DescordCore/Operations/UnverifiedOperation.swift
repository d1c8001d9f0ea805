import DescordCrypto
import LibP2PCore

/// An operation of which everything but the signature was checked.
///
/// Checking a signature takes longer than all the rest, and is no work for an event loop: whoever reads a
/// stream of operations goes by their names and links, and `verified` runs elsewhere before anything is
/// stored or believed.
public struct UnverifiedOperation: Sendable {
    /// What it claims to be. Kept inside, so that nobody takes it for a verified one.
    private let claimed: Operation
    /// Who is said to have signed what, and the signature.
    private let signed: SignedEnvelope

    /// Decodes a `SignedOperation` as it was received: encoding, shape, class and content hash are checked.
    public init(decoding bytes: [UInt8]) throws(OperationFailure) {
        (self.claimed, self.signed) = try Operation.decodingUnverified(bytes)
    }

    /// The name, which the signature is not part of.
    public var id: OperationID { self.claimed.id }
    /// Who is said to have signed it.
    public var author: Ed25519.PublicKey { self.claimed.author }
    /// The space that it says it belongs to.
    public var space: SpaceID { self.claimed.space }
    /// The class of its kind.
    public var operationClass: OperationClass { self.claimed.operationClass }
    /// Its previous operation and dependencies.
    public var links: [OperationID] { self.claimed.header.links }
    /// About the bytes that it takes.
    public var size: Int { self.claimed.envelope.count + (self.claimed.content?.count ?? 0) }

    /// Checks the author's key and the signature; see `Operation.init(verifying:isKnownAuthor:)`.
    public func verified(
        isKnownAuthor: (Ed25519.PublicKey) -> Bool = { _ in false }
    ) throws(OperationFailure) -> Operation {
        guard isKnownAuthor(self.author) || self.author.isMainSubgroupPoint else { throw .badKey }
        guard self.signed.isValid(domain: Operation.domain) else { throw .badSignature }
        return self.claimed
    }
}
