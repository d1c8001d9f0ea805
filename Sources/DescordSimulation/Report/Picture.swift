import LibP2P

/// A run as a picture (SVG 1.1): the way of one message through the mesh, on an axis of time, and how long
/// all deliveries took.
///
/// A node stands at the moment at which it was given the message, and below whoever gave it, so that a branch
/// is what came through one node. What is drawn is bounded, however large the world.
package struct Picture {
    private let figures: RunFigures
    private let record: DeliveryRecord
    private let meshEdges: [(Int, Int)]

    /// Draws what a world has come to.
    package init(of world: World) {
        figures = world.figures
        record = world.record
        meshEdges = world.meshEdges
    }

    /// The document.
    package var svg: String {
        var lines: [String] = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1200 820\" width=\"1200\" "
                + "height=\"820\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" "
                + "fill=\"#222\">",
            "<rect width=\"1200\" height=\"820\" fill=\"#fff\"/>",
        ]
        lines += heading
        lines += tree
        lines += histogram
        lines += legend
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Words

    private var heading: [String] {
        func milliseconds(_ share: Double) -> String {
            figures.latencies.milliseconds(atShare: share).map { Self.text($0) + " ms" } ?? "–"
        }
        let sends = figures.sendsPerDelivery.map { Self.text($0, parts: 100) } ?? "–"
        let crowd = figures.attackers > 0 ? ", \(figures.attackers) attackers" : ""
        return [
            Self.label(40, 44, "\(figures.scenario): \(figures.nodes) nodes\(crowd)", size: 24),
            Self.label(
                40, 70,
                "profile \(figures.profile), seed \(figures.seed): \(figures.delivered) of "
                    + "\(figures.expected) deliveries, \(sends) sends each, "
                    + "mean mesh \(Self.text(figures.meshMean, parts: 100))",
                size: 15),
            Self.label(
                40, 92,
                "p50 \(milliseconds(0.5)), p95 \(milliseconds(0.95)), p99 \(milliseconds(0.99)), "
                    + "max \(milliseconds(1))", size: 15),
            figures.violationCount > 0
                ? Self.label(
                    40, 114, "\(figures.violationCount) violations, first: \(Self.first(figures.violations))",
                    size: 15, fill: "#c0392b")
                : Self.label(40, 114, "no checker was violated", size: 15, fill: "#1e7d3c"),
        ]
    }

    private static func first(_ violations: [Violation]) -> String {
        violations.first.map { "\($0.checker): \($0.message)" } ?? ""
    }

    private var legend: [String] {
        var lines = [
            Self.label(
                40, 800,
                "each dot is a node when it was given the message; a line leads to it from whoever gave it; "
                    + "colours count the hops; grey: meshes at the end", size: 12, fill: "#555")
        ]
        let left = record.steps.count - drawn.count
        if left > 0 {
            lines.append(Self.label(900, 800, "\(left) more nodes are not drawn", size: 12, fill: "#555"))
        }
        return lines
    }

    // MARK: The way of a message

    private var drawn: ArraySlice<DeliveryRecord.Step> { record.steps.prefix(Self.nodesMax) }

    /// Where each drawn node stands: how far down, and after how many hops.
    private var places: [Int: (row: Int, hops: Int)] {
        var children: [Int: [Int]] = [:]
        for step in drawn { children[step.from, default: []].append(step.node) }
        var places: [Int: (row: Int, hops: Int)] = [:]
        var stack = [(node: record.author, hops: 0)]
        while let next = stack.popLast() {
            guard places[next.node] == nil else { continue }
            places[next.node] = (places.count, next.hops)
            for child in (children[next.node] ?? []).reversed() { stack.append((child, next.hops + 1)) }
        }
        return places
    }

    private var tree: [String] {
        guard let message = record.message else { return [Self.label(40, 400, "nothing was published")] }
        let places = places
        let longest = max(drawn.map(\.after).max() ?? 1, 1)
        let (left, right, top, bottom) = (110.0, 800.0, 160.0, 740.0)
        func x(_ nanoseconds: Int64) -> Double {
            left + (right - left) * Double(nanoseconds) / Double(longest)
        }
        func y(_ row: Int) -> Double {
            top + (bottom - top) * Double(row) / Double(max(places.count - 1, 1))
        }
        var times = [record.author: Int64(0)]
        for step in drawn { times[step.node] = step.after }
        var lines = [
            Self.label(left, 142, "message \(message): who gave it to whom, and when", size: 16)
        ]
        for part in 0...4 {
            let at = Double(longest) * Double(part) / 4
            let place = left + (right - left) * Double(part) / 4
            lines.append(Self.line(place, top, place, bottom, stroke: "#e4e4e4", width: 1))
            lines.append(Self.label(place, 760, Self.text(at / 1_000_000) + " ms", anchor: "middle"))
        }
        for (a, b) in meshEdges.prefix(Self.edgesMax) {
            guard let from = places[a], let to = places[b], let start = times[a], let end = times[b] else {
                continue
            }
            lines.append(
                Self.line(x(start), y(from.row), x(end), y(to.row), stroke: "#dcdcdc", width: 0.6))
        }
        for step in drawn {
            guard let from = places[step.from], let to = places[step.node], let start = times[step.from]
            else {
                continue
            }
            lines.append(
                Self.line(
                    x(start), y(from.row), x(step.after), y(to.row), stroke: Self.colour(to.hops),
                    width: places.count > 300 ? 0.6 : 1.2))
        }
        let radius = places.count > 300 ? 2.0 : 4.0
        for step in drawn {
            guard let place = places[step.node] else { continue }
            lines.append(Self.dot(x(step.after), y(place.row), radius, fill: Self.colour(place.hops)))
        }
        lines.append(Self.dot(x(0), y(0), 6, fill: "#222"))
        lines.append(Self.label(x(0) - 12, y(0) + 5, "node \(record.author)", anchor: "end"))
        return lines
    }

    // MARK: How long it took

    private var histogram: [String] {
        guard let longest = figures.latencies.milliseconds(atShare: 1), longest > 0 else { return [] }
        let counts = figures.latencies.columns(Self.columns, upTo: longest)
        let highest = Double(counts.max() ?? 1)
        let (left, top, width, height) = (880.0, 160.0, 280.0, 260.0)
        let column = width / Double(Self.columns)
        var lines = [Self.label(left, 142, "all deliveries: how long they took", size: 16)]
        for (index, count) in counts.enumerated() where count > 0 {
            let tall = height * Double(count) / highest
            lines.append(
                "<rect x=\"\(Self.text(left + column * Double(index)))\" "
                    + "y=\"\(Self.text(top + height - tall))\" width=\"\(Self.text(column - 1))\" "
                    + "height=\"\(Self.text(tall))\" fill=\"#4a7ebb\"/>")
        }
        lines.append(Self.line(left, top + height, left + width, top + height, stroke: "#222", width: 1))
        for part in 0...2 {
            let at = longest * Double(part) / 2
            lines.append(
                Self.label(
                    left + width * Double(part) / 2, top + height + 20, Self.text(at) + " ms",
                    anchor: "middle"))
        }
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            guard let value = figures.latencies.milliseconds(atShare: share) else { continue }
            let place = left + width * value / longest
            lines.append(Self.line(place, top, place, top + height, stroke: "#c0392b", width: 1))
            lines.append(Self.label(place, top - 4, name, size: 11, fill: "#c0392b", anchor: "middle"))
        }
        return lines
    }

    // MARK: Marks

    private static func label(
        _ x: Double, _ y: Double, _ words: String, size: Int = 13, fill: String = "#222",
        anchor: String = "start"
    ) -> String {
        let safe = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return "<text x=\"\(text(x))\" y=\"\(text(y))\" font-size=\"\(size)\" fill=\"\(fill)\" "
            + "text-anchor=\"\(anchor)\">\(safe)</text>"
    }

    private static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, stroke: String, width: Double
    ) -> String {
        "<line x1=\"\(text(x1))\" y1=\"\(text(y1))\" x2=\"\(text(x2))\" y2=\"\(text(y2))\" "
            + "stroke=\"\(stroke)\" stroke-width=\"\(width)\"/>"
    }

    private static func dot(_ x: Double, _ y: Double, _ radius: Double, fill: String) -> String {
        "<circle cx=\"\(text(x))\" cy=\"\(text(y))\" r=\"\(radius)\" fill=\"\(fill)\"/>"
    }

    private static func colour(_ hops: Int) -> String {
        palette[min(max(hops, 1), palette.count) - 1]
    }

    /// A number with as many parts of one as are asked for.
    private static func text(_ value: Double, parts: Double = 10) -> String {
        let rounded = (value * parts).rounded() / parts
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }

    private static let palette = ["#1f77b4", "#2ca02c", "#e69f00", "#d55e00", "#9467bd", "#7f7f7f"]
    private static let nodesMax = 2_000
    private static let edgesMax = 6_000
    private static let columns = 28
}

extension World {
    /// The pairs of honest nodes of which at least one has the other in its mesh now, the smaller first.
    var meshEdges: [(Int, Int)] {
        var edges: [(Int, Int)] = []
        for node in 0..<honest where isOnline[node] {
            for peer in routers[node].meshPeers(topic) {
                guard let other = peers.number(of: peer), other < honest else { continue }
                // Where both have each other the smaller one tells.
                if node < other || !routers[other].meshPeers(topic).contains(peers.ids[node]) {
                    edges.append((min(node, other), max(node, other)))
                }
            }
        }
        return edges
    }
}
