import DescordCore
import DescordCrypto
import LibP2PCore

/// What messages have become, written down once more from the operations in force, slowly and plainly.
struct ContentModel {
    struct View: Hashable {
        var text: String?
        var isEdited = false
        var isDeleted = false
        var isPinned = false
        var reactions: [String: Int] = [:]
    }

    private let inForce: [Operation]

    init(_ model: AuthorityModel) {
        self.inForce = model.operations.values.filter { model.verdict($0.id) == .effective }
    }

    /// Every message in force.
    var views: [OperationID: View] {
        let posts = inForce.filter { $0.kind == .messagePost }
        return Dictionary(uniqueKeysWithValues: posts.map { ($0.id, view(of: $0)) })
    }

    private func view(of post: Operation) -> View {
        let acts = inForce.filter { $0.header.target == post.id && $0.kind.actsUponMessage }
        func all<Payload: OperationPayload>(_ type: Payload.Type) -> [(Operation, Payload)] {
            acts.compactMap { act in act.payload(type).map { (act, $0) } }
        }
        var view = View(text: post.payload(MessagePost.self)?.text)
        let edits = all(MessageEdit.self).sorted {
            ($0.0.header.clock, $0.0.id) < ($1.0.header.clock, $1.0.id)
        }
        if let last = edits.last { view.text = last.1.text }
        view.isEdited = !edits.isEmpty
        view.isDeleted = !all(MessageDelete.self).isEmpty
        if view.isDeleted { view.text = nil }
        let unpinned = Set(all(Unpin.self).flatMap(\.1.pins))
        view.isPinned = all(Pin.self).contains { !unpinned.contains($0.0.id) }
        var people: [String: Set<Ed25519.PublicKey>] = [:]
        for (addition, reaction) in all(ReactionAdd.self) {
            let isTakenBack = all(ReactionRemove.self).contains {
                $0.0.author == addition.author && $0.1.additions.contains(addition.id)
            }
            if !isTakenBack { people[reaction.emoji, default: []].insert(addition.author) }
        }
        view.reactions = people.mapValues(\.count)
        return view.isDeleted ? View(isEdited: view.isEdited, isDeleted: true) : view
    }
}
