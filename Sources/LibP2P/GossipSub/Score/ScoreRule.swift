/// What a parameter of scores has to be and is not.
enum ScoreRule {
    static let notNegative = "must be a number of at least 0"
    static let notPositive = "must be a number of at most 0"
    static let positive = "must be a number above 0"
    static let fraction = "must be a number between 0 and 1, neither of them"
    static let number = "must be a number"
    static let oneSecond = "must be at least 1 s"
}

extension Double {
    var isNotNegative: Bool { self.isFinite && self >= 0 }
    var isNotPositive: Bool { self.isFinite && self <= 0 }
    var isPositive: Bool { self.isFinite && self > 0 }
    /// Whether a counter that is multiplied with it goes down, and not at once to nothing.
    var isDecay: Bool { self > 0 && self < 1 }
}
