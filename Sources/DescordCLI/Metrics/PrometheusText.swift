/// Prometheus' text format, version 0.0.4: families of samples, each with its help and type before them.
package struct PrometheusText {
    package enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// A label's name and value; the value may be anything.
    package typealias Label = (name: String, value: String)

    /// What was composed so far; every line ends with a newline.
    package private(set) var text = ""

    package init() {}

    /// Adds a family with its samples; one without samples is left out.
    package mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [Label], value: Double)]
    ) {
        guard !samples.isEmpty else { return }
        self.begin(name, kind, help)
        for sample in samples { self.sample(name, sample.labels, sample.value) }
    }

    /// Adds a family of histograms: of each the upper bounds of its buckets, how many were observed up to
    /// each bound and above the one before, with one count more than there are bounds, and the sum.
    package mutating func addHistograms(
        _ name: String, _ help: String,
        _ histograms: [(labels: [Label], bounds: [Double], counts: [Int64], sum: Double)]
    ) {
        guard !histograms.isEmpty else { return }
        self.begin(name, .histogram, help)
        for histogram in histograms {
            var total: Int64 = 0
            let bounds = histogram.bounds.map { Self.number($0) } + ["+Inf"]
            for (bound, count) in zip(bounds, histogram.counts) {
                total += count
                self.sample(name + "_bucket", histogram.labels + [("le", bound)], Double(total))
            }
            self.sample(name + "_sum", histogram.labels, histogram.sum)
            self.sample(name + "_count", histogram.labels, Double(total))
        }
    }

    private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        self.text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: [Label], _ value: Double) {
        let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
        let braces = pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
        self.text += "\(name)\(braces) \(Self.number(value))\n"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
    }
}
