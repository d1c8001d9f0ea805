/// Foreign text made safe for a terminal: nothing in it moves the cursor, sets a title, answers a query, or
/// turns the direction of what follows.
package enum TerminalText {
    /// Returns `text` without control characters, escape sequences and bidi characters.
    ///
    /// A whole sequence goes, not its first byte alone, so that no `[31m` is left behind. With `keepsLines`,
    /// line feeds and tabs stay; without, each becomes a space.
    package static func clean(_ text: String, keepsLines: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: { self.isHarmful($0) || self.isBreak($0) }) else {
            return text
        }
        var result = String.UnicodeScalarView()
        var state = State.text
        for scalar in text.unicodeScalars {
            switch state.next(scalar) {
            case .keep where self.isBreak(scalar):
                result.append(keepsLines && (scalar == "\n" || scalar == "\t") ? scalar : " ")
            case .keep: if !self.isHarmful(scalar) { result.append(scalar) }
            case .drop: break
            }
        }
        return String(result)
    }

    /// Whether a terminal may act on the scalar: C0 and C1 controls, DEL, and what reorders or hides text.
    /// Line feed and tab are judged by their place and not harmful here.
    package static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0a: false
        case 0x00...0x1f, 0x7f...0x9f: true
        case 0x061c, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\t" || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    /// Where in an escape sequence (ECMA-48) the reader is.
    private enum State {
        case text
        /// After ESC.
        case escape
        /// After ESC and an intermediate byte.
        case intermediate
        /// In a control sequence, until its final byte.
        case control
        /// In an operating system command or another string, until its terminator.
        case string
        /// In a string after ESC, which ends it when `\` follows.
        case stringEscape

        enum Verdict {
            case keep
            case drop
        }

        /// Takes one scalar. A line feed ends every sequence, so that one forgotten terminator hides one
        /// line.
        mutating func next(_ scalar: Unicode.Scalar) -> Verdict {
            if scalar == "\n" {
                self = .text
                return .keep
            }
            switch (self, scalar.value) {
            case (.stringEscape, 0x5c): self = .text
            case (.string, 0x07), (.string, 0x9c), (.stringEscape, 0x07), (.stringEscape, 0x9c): self = .text
            case (.string, 0x1b), (.stringEscape, 0x1b): self = .stringEscape
            case (.string, _), (.stringEscape, _): self = .string
            case (_, 0x1b): self = .escape
            case (_, 0x9b): self = .control
            case (_, 0x90), (_, 0x98), (_, 0x9d), (_, 0x9e), (_, 0x9f): self = .string
            case (.escape, 0x5b): self = .control
            case (.escape, 0x50), (.escape, 0x58), (.escape, 0x5d), (.escape, 0x5e), (.escape, 0x5f):
                self = .string
            case (.escape, 0x20...0x2f), (.intermediate, 0x20...0x2f): self = .intermediate
            case (.escape, 0x30...0x7e), (.intermediate, 0x30...0x7e): self = .text
            case (.control, 0x20...0x3f): break
            case (.control, 0x40...0x7e): self = .text
            case (.text, _): return .keep
            default:
                self = .text
                return .keep
            }
            return .drop
        }
    }
}
