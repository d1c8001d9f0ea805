/// States by number, in ascending order: for numbers that only grow, of which few are missing in between.
struct NumberedTable<State: Sendable>: Sendable {
    private(set) var numbers = NumberSet()
    private var states: [State] = []
    /// The lowest number, and how many there would be without gaps.
    private var first = 0
    private var span = 0
    private(set) var count = 0

    var indices: Range<Int> { 0..<self.count }

    /// Returns where a number is. Without gaps that follows from the number alone.
    @inline(__always)
    func index(of number: Int) -> Int? {
        let distance = number - self.first
        guard distance >= 0, distance < self.span else { return nil }
        return self.span == self.count ? distance : self.numbers.place(of: number)
    }

    subscript(index: Int) -> State {
        @inline(__always) get { self.states[index] }
        @inline(__always) _modify { yield &self.states[index] }
    }

    /// Adds a number that is not there; returns where it now is.
    @discardableResult
    mutating func insert(_ state: State, at number: Int) -> Int {
        self.numbers.insert(number)
        guard let index = self.numbers.place(of: number) else { preconditionFailure("it was just added") }
        self.states.insert(state, at: index)
        self.measure()
        return index
    }

    mutating func remove(at index: Int) -> State {
        self.numbers.remove(self.numbers.elements[index])
        defer { self.measure() }
        return self.states.remove(at: index)
    }

    private mutating func measure() {
        self.count = self.states.count
        self.first = self.numbers.elements.first ?? 0
        self.span = self.numbers.elements.last.map { $0 - self.first + 1 } ?? 0
    }
}
