import DescordCore
import LibP2PCore

/// A file that is to be fetched, from one member after another. Confined to the event loop.
final class WantedFile {
    let reference: FileReference
    let space: SpaceID
    /// Who wrote the message, and is asked first.
    let author: PeerID
    /// What has come so far: it is gone on with at the next member.
    private(set) var assembly: FileAssembly
    /// The stream that it comes over.
    var driver: FileFetchDriver?
    /// Members that were asked since they connected.
    private var asked: Set<PeerID> = []
    /// Members of whom something of `assembly` is.
    private var sources: Set<PeerID> = []

    init(_ reference: FileReference, in space: SpaceID, by author: PeerID) {
        self.reference = reference
        self.space = space
        self.author = author
        self.assembly = FileAssembly(reference)
    }

    /// The one to ask next among connected members; nil when all were asked.
    func next(among members: [PeerID]) -> PeerID? {
        let left = members.filter { !self.asked.contains($0) }
        return left.contains(self.author) ? self.author : left.first
    }

    /// A member is being asked.
    func asking(_ peer: PeerID) {
        self.asked.insert(peer)
    }

    /// A member is here anew, and may have it now.
    func connected(_ peer: PeerID) {
        self.asked.remove(peer)
    }

    /// Somebody asks for it once more: everybody may have it now.
    func askAnew() {
        self.asked = []
    }

    /// Takes over what a stream brought, whatever became of the stream.
    func took(_ assembly: FileAssembly, from peer: PeerID) {
        if assembly.offset > self.assembly.offset { self.sources.insert(peer) }
        self.assembly = assembly
    }

    /// The bytes are wrong, and `peer` sent the last of them. Who sent all of them is at fault; where several
    /// did, it is asked once more for the whole, because another may have spoilt the beginning.
    func wasWrong(lastFrom peer: PeerID) {
        if self.sources.count > 1 { self.asked.remove(peer) }
        self.sources = []
        self.assembly = FileAssembly(self.reference)
    }
}
