/// A page of Prometheus' text format, version 0.0.4, read by its rules; whatever breaks one is named.
struct PrometheusPage {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Failure: Error, Equatable, CustomStringConvertible {
        var line: Int
        var description: String
    }

    private(set) var types: [String: String] = [:]
    private(set) var help: [String: String] = [:]
    private(set) var samples: [Sample] = []

    /// Reads a page: every line ends with a newline; each family is one block with one HELP and one TYPE
    /// before its samples; no series is there twice; histograms add up.
    init(_ text: String) throws(Failure) {
        guard text.isEmpty || text.hasSuffix("\n") else {
            throw Failure(line: 0, description: "the last line has no end")
        }
        var family = ""
        var series: Set<String> = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .enumerated()
        {
            func fail(_ why: String) -> Failure { Failure(line: index + 1, description: why) }
            if line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
                guard words.count == 2, Self.isName(words[0], colons: true) else { throw fail("no name") }
                let name = String(words[0])
                if line.hasPrefix("# HELP ") {
                    guard self.help.updateValue(String(words[1]), forKey: name) == nil else {
                        throw fail("\(name) has its help twice")
                    }
                } else {
                    guard ["counter", "gauge", "histogram"].contains(words[1]) else { throw fail("no type") }
                    guard self.types.updateValue(String(words[1]), forKey: name) == nil else {
                        throw fail("\(name) has its type twice")
                    }
                    guard self.help[name] != nil else { throw fail("\(name) has no help") }
                    family = name
                }
                continue
            }
            guard !line.hasPrefix("#"), !line.isEmpty else { throw fail("a line of no use") }
            guard let sample = Self.sample(line) else { throw fail("no sample: \(line)") }
            let isHistogram = self.types[family] == "histogram"
            let names = isHistogram ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
            guard names.contains(sample.name) else { throw fail("\(sample.name) stands outside its family") }
            if self.types[family] == "counter" {
                guard sample.name.hasSuffix("_total"), sample.value >= 0 else { throw fail("no counter") }
            }
            let labels = sample.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            guard series.insert(sample.name + "|" + labels.joined(separator: "|")).inserted else {
                throw fail("a series is there twice: \(line)")
            }
            self.samples.append(sample)
        }
        try self.checkHistograms()
    }

    /// Returns the samples of a name.
    subscript(name: String) -> [Sample] { self.samples.filter { $0.name == name } }

    private func checkHistograms() throws(Failure) {
        for (name, type) in self.types.sorted(by: { $0.key < $1.key }) where type == "histogram" {
            for count in self[name + "_count"] {
                let buckets = self[name + "_bucket"].filter { bucket in
                    var labels = bucket.labels
                    labels["le"] = nil
                    return labels == count.labels
                }
                let bounds = buckets.map { Self.number($0.labels["le"] ?? "") ?? .nan }
                guard bounds == bounds.sorted(), bounds.last == .infinity else {
                    throw Failure(line: 0, description: "\(name) has bounds that do not rise to +Inf")
                }
                guard buckets.map(\.value) == buckets.map(\.value).sorted(),
                    buckets.last?.value == count.value
                else { throw Failure(line: 0, description: "\(name) does not add up") }
                guard self[name + "_sum"].contains(where: { $0.labels == count.labels }) else {
                    throw Failure(line: 0, description: "\(name) has no sum")
                }
            }
        }
    }

    private static func sample(_ line: Substring) -> Sample? {
        var rest = line
        let name = rest.prefix { $0 != "{" && $0 != " " }
        guard self.isName(name, colons: true) else { return nil }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            guard let read = self.labels(&rest) else { return nil }
            labels = read
        }
        guard rest.first == " ", let value = self.number(String(rest.dropFirst())) else { return nil }
        return Sample(name: String(name), labels: labels, value: value)
    }

    /// Reads `{a="b",c="d"}` off the front.
    private static func labels(_ rest: inout Substring) -> [String: String]? {
        var labels: [String: String] = [:]
        rest = rest.dropFirst()
        while true {
            let name = rest.prefix { $0 != "=" }
            rest = rest.dropFirst(name.count)
            guard self.isName(name, colons: false), rest.hasPrefix("=\"") else { return nil }
            rest = rest.dropFirst(2)
            var value = ""
            while let character = rest.first, character != "\"" {
                rest = rest.dropFirst()
                guard character == "\\" else {
                    value.append(character)
                    continue
                }
                switch rest.first {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: return nil
                }
                rest = rest.dropFirst()
            }
            guard rest.first == "\"", labels.updateValue(value, forKey: String(name)) == nil else {
                return nil
            }
            rest = rest.dropFirst()
            guard let next = rest.first else { return nil }
            rest = rest.dropFirst()
            if next == "}" { return labels }
            guard next == "," else { return nil }
        }
    }

    private static func isName(_ text: Substring, colons: Bool) -> Bool {
        text.wholeMatch(of: colons ? /[a-zA-Z_:][a-zA-Z0-9_:]*/ : /[a-zA-Z_][a-zA-Z0-9_]*/) != nil
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.allSatisfy({ "0123456789.eE+-".contains($0) }) ? Double(text) : nil
        }
    }
}
