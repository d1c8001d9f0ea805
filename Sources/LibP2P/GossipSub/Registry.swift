/// Interns keys to small integers and keeps a state for each; walks them in the order in which they were
/// added.
///
/// A number is never used again, so that a late reference to a removed key can only miss, not hit another
/// one. States lie side by side, in the order of their numbers: reading one does not copy it.
struct Registry<Key: Hashable & Sendable, State: Sendable>: Sendable {
    private var numbers: [Key: Int] = [:]
    private var states: [State] = []
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
        self.order.contains(number)
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
        _read {
            guard let place = self.order.place(of: number) else {
                preconditionFailure("a number outlived its key")
            }
            yield self.states[place]
        }
        _modify {
            guard let place = self.order.place(of: number) else {
                preconditionFailure("a number outlived its key")
            }
            yield &self.states[place]
        }
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

    /// Where the element is, or would be.
    private func index(of element: Int) -> Int {
        // Numbers grow, so the end is where most are added.
        if let last = self.elements.last, last < element { return self.elements.count }
        var low = 0
        var high = self.elements.count
        while low < high {
            let middle = (low + high) / 2
            if self.elements[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
