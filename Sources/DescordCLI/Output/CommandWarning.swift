import DescordNode
import LibP2PCore

/// What somebody should know although the command goes on.
package struct CommandWarning: Equatable, Sendable {
    /// The stable words of `{"warning":{"code":…}}`; none is ever renamed.
    package enum Code: String, CaseIterable, Sendable {
        case sameKeyElsewhere = "same_key_elsewhere"
    }

    package var code: Code
    /// Lower case, no full stop.
    package var message: String
    /// What to do about it.
    package var hint: String

    /// Explains what a node noticed.
    package init(_ warning: NodeWarning) {
        switch warning {
        case .sameKeyElsewhere(let address):
            self.code = .sameKeyElsewhere
            self.message = "another home writes with the key of this one, seen at \(address)"
            self.hint =
                "write from one of them alone, or both may end up unable to post; "
                + "give the other a key of its own (descord keygen) and let it join with a ticket"
        }
    }
}
