import DescordNode
import LibP2PCore

/// What somebody should know although the command goes on.
package struct CommandWarning: Equatable, Sendable {
    /// The stable words of `{"warning":{"code":…}}`; none is ever renamed.
    package enum Code: String, CaseIterable, Sendable {
        case hookFailed = "hook_failed"
        case hookGaveUp = "hook_gave_up"
        case keyNotEncrypted = "key_not_encrypted"
        case leaveQueued = "leave_queued"
        case nameTaken = "name_taken"
        case sameKeyElsewhere = "same_key_elsewhere"
        case traceElsewhere = "trace_elsewhere"
        case variableWins = "variable_wins"
    }

    package var code: Code
    /// Lower case, no full stop.
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

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
