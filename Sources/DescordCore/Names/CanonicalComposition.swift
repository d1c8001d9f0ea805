import Foundation

// The standard library compares strings by canonical equivalence but offers no composed form; Foundation
// does. This is the one hand-written file of the target that imports it, for this one pure function.

extension String {
    /// The text in Unicode's normalization form C.
    package var canonicallyComposed: String { self.precomposedStringWithCanonicalMapping }
}
