/// States by number, sorted: for numbers that only grow, of which few are missing in between.
struct NumberedTable<State: Sendable>: Sendable {
    private(set) var numbers: [Int] = []
    private(set) var states: [State] = []

    var count: Int { self.numbers.count }
    var indices: Range<Int> { self.numbers.indices }

    /// Returns where a number is. Without gaps that is the first place that is looked at: a number cannot
    /// stand further from either end than it differs from it.
    func index(of number: Int) -> Int? {
        guard let first = self.numbers.first, let last = self.numbers.last, number >= first, number <= last
        else { return nil }
        var high = min(number - first, self.numbers.count - 1)
        var low = max(self.numbers.count - 1 - (last - number), 0)
        while low < high {
            let middle = (low + high) / 2
            if self.numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return self.numbers[low] == number ? low : nil
    }

    subscript(index: Int) -> State {
        _read { yield self.states[index] }
        _modify { yield &self.states[index] }
    }

    /// Adds a number that is not there.
    mutating func insert(_ state: State, at number: Int) {
        var index = self.numbers.count
        while index > 0, self.numbers[index - 1] > number { index -= 1 }
        self.numbers.insert(number, at: index)
        self.states.insert(state, at: index)
    }

    mutating func remove(at index: Int) -> State {
        self.numbers.remove(at: index)
        return self.states.remove(at: index)
    }
}
