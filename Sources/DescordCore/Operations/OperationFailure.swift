/// Why the bytes of an operation were refused.
public enum OperationFailure: Error, Hashable, Sendable {
    /// Not the expected protobuf messages, or a field of the wrong size.
    case malformed
    /// Larger than any operation, or its header larger than its class allows.
    case tooLarge
    /// Not its own canonical encoding.
    case notCanonical
    /// The author is not an Ed25519 key of the main subgroup.
    case badKey
    /// The signature does not verify.
    case badSignature
    /// A version of the header that is not known here.
    case unsupportedVersion
    /// Links, genesis fields, channel or epoch do not fit the kind.
    case wrongShape
    /// Body and content are not where the kind's class has them.
    case wrongClass
    /// The content does not match the header's hash and size.
    case wrongContent
    /// The body is not what its kind says.
    case malformedBody

    /// Whether it is wrong in every state of every node, so that passing it on is misbehaviour. A version
    /// from the future is not: a newer node accepts it.
    public var isMisbehaviour: Bool { self != .unsupportedVersion }
}
