import DescordCore
import LibP2P
import LibP2PCore

/// The gossipsub topics of descord.
package enum SpaceTopic {
    /// Bytes of a space's id in its topic's name.
    private static let idBytes = 8
    /// Where public spaces are announced.
    static let discovery = "descord/space-discovery"

    /// The topic of a space: `space/` and the first 8 bytes of its id in hex. Two spaces may share one; the
    /// operation's own 32-byte space id decides.
    package static func name(of space: SpaceID) -> String {
        "space/" + Multibase.hex(space.bytes.prefix(Self.idBytes))
    }
}
