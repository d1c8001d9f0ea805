import BasicContainers

/// Interns keys to small integers and keeps a state for each; walks them in the order in which they were
/// added.
///
/// A number is never used again, so that a late reference to a removed key can only miss, not hit another
/// one. States lie side by side, in the order of their numbers, and are read and changed in their places.
struct Registry<Key: Hashable & Sendable, State: Sendable>: ~Copyable, Sendable {
    private var numbers: [Key: Int] = [:]
    private var states = UniqueArray<State>()
    private var nextNumber = 0
    /// All numbers, ascending.
    private(set) var order = NumberSet()

    /// How many there are.
    var count: Int { self.order.count }

    /// Returns the number of a key that was added and not removed.
    func number(of key: Key) -> Int? {
        self.numbers[key]
    }

    /// Returns whether the number's key is still there.
    func contains(_ number: Int) -> Bool {
        self.states.count == self.nextNumber
            ? number >= 0 && number < self.nextNumber : self.order.contains(number)
    }

    /// Adds a key that is not there yet.
    mutating func add(_ key: Key, _ state: State) -> Int {
        let number = self.nextNumber
        self.nextNumber += 1
        self.numbers[key] = number
        self.states.append(state)
        self.order.insert(number)
        return number
    }

    /// Removes a key and its state.
    mutating func remove(_ key: Key) {
        guard let number = self.numbers.removeValue(forKey: key), let place = self.order.place(of: number)
        else { return }
        self.states.remove(at: place)
        self.order.remove(number)
    }

    /// The state of a number that is there.
    subscript(number: Int) -> State {
        @inline(__always) _read { yield self.states[self.place(of: number)] }
        @inline(__always) _modify { yield &self.states[self.place(of: number)] }
    }

    /// Where a number's state is. As long as nothing was removed that follows from the number alone.
    @inline(__always)
    private func place(of number: Int) -> Int {
        if self.states.count == self.nextNumber, number >= 0 { return number }
        guard let place = self.order.place(of: number) else {
            preconditionFailure("a number outlived its key")
        }
        return place
    }
}

/// A set of small integers, kept sorted: small, cheap to walk, and walked in the same order in every process.
struct NumberSet: Sendable, Equatable, Sequence {
    private(set) var elements: [Int] = []

    init() {}

    init(_ elements: some Sequence<Int>) {
        for element in elements { self.insert(element) }
    }

    var count: Int { self.elements.count }
    var isEmpty: Bool { self.elements.isEmpty }

    func makeIterator() -> IndexingIterator<[Int]> {
        self.elements.makeIterator()
    }

    func contains(_ element: Int) -> Bool {
        self.place(of: element) != nil
    }

    /// Where an element is among the others, in ascending order.
    func place(of element: Int) -> Int? {
        let index = self.index(of: element)
        return index < self.elements.count && self.elements[index] == element ? index : nil
    }

    @discardableResult
    mutating func insert(_ element: Int) -> Bool {
        let index = self.index(of: element)
        if index < self.elements.count, self.elements[index] == element { return false }
        self.elements.insert(element, at: index)
        return true
    }

    @discardableResult
    mutating func remove(_ element: Int) -> Bool {
        let index = self.index(of: element)
        guard index < self.elements.count, self.elements[index] == element else { return false }
        self.elements.remove(at: index)
        return true
    }

    mutating func removeAll() {
        self.elements = []
    }

    /// Where the element is, or would be. Without gaps that is the first place that is looked at: a number
    /// cannot stand further from either end than it differs from it.
    private func index(of element: Int) -> Int {
        guard let first = self.elements.first, let last = self.elements.last, element > first else {
            return 0
        }
        // Numbers grow, so the end is where most are added.
        guard element <= last else { return self.elements.count }
        var low = Swift.max(self.elements.count - 1 - (last - element), 0)
        var high = Swift.min(element - first, self.elements.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if self.elements[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
