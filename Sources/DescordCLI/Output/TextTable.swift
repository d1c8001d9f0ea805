/// Rows in columns as wide as their widest cell, for people.
package struct TextTable {
    private var rows: [[String]] = []

    package init() {}

    /// Adds a row; the cells were cleaned already.
    package mutating func add(_ cells: String...) { self.rows.append(cells) }

    /// Whether nothing was added.
    package var isEmpty: Bool { self.rows.isEmpty }

    /// The lines, without white space at their ends.
    package var lines: [String] {
        let count = self.rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            self.rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return self.rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                guard column + 1 < row.count else { break }
                line += String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
