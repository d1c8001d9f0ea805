/// Why a message of negentropy, or a set of items, cannot be used.
public enum NegentropyFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first byte names no version of the protocol, or there is none.
    case notNegentropy
    /// The other side speaks this version alone.
    case unsupportedVersion(UInt8)
    /// The message ends in the middle of something.
    case truncated
    /// A number that does not fit 64 bits, or is not in its shortest form.
    case badNumber
    /// An upper bound with a prefix of more than 32 bytes, with a timestamp beyond 64 bits, or below the one
    /// before it.
    case badBound
    /// A range with another mode than skip, fingerprint and ids.
    case unknownMode(UInt64)
    /// One item twice in a set.
    case duplicateItem(NegentropyItem)

    public var description: String {
        switch self {
        case .notNegentropy: "the message does not begin with a version of negentropy"
        case .unsupportedVersion(let version): "the other side speaks version \(version) alone"
        case .truncated: "the message ends in the middle of a range"
        case .badNumber: "the message holds a number that is too large or not in its shortest form"
        case .badBound:
            "the message holds an upper bound that is too long, too large or below its predecessor"
        case .unknownMode(let mode): "the message holds a range of the unknown mode \(mode)"
        case .duplicateItem(let item): "the item \(item.timestamp),\(item.id) is in the set twice"
        }
    }
}
