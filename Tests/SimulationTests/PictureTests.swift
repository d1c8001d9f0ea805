import Testing

@testable import DescordSimulation

/// What a run looks like.
@Suite struct PictureTests {
    private func picture(_ scenario: Scenario) throws -> (svg: String, figures: RunFigures) {
        var world = try World(scenario, seed: 1)
        let figures = world.run()
        return (Picture(of: world).svg, figures)
    }

    private func count(_ part: String, in text: String) -> Int {
        text.split(separator: part, omittingEmptySubsequences: false).count - 1
    }

    @Test func everyNodeThatWasGivenTheMessageStandsInThePicture() throws {
        let (svg, figures) = try picture(SmallWorld.calm(nodes: 30))
        #expect(figures.delivered == figures.expected)
        // 29 that were given it, and the author.
        #expect(count("<circle", in: svg) == 30)
        // Each has a line to whoever gave it; the meshes, axes and marks have lines too.
        #expect(count("<line", in: svg) >= 29 + 5)
        #expect(svg.contains(">calm: 30 nodes<"))
        #expect(svg.contains("no checker was violated"))
        #expect(svg.contains(">p99<"))
    }

    @Test func everyElementIsClosed() throws {
        let (svg, _) = try picture(SmallWorld.calm(nodes: 12) { $0.name = "a < b & c" })
        #expect(svg.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "))
        #expect(svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("a &lt; b &amp; c"))
        for line in svg.split(separator: "\n").dropFirst(2).dropLast() {
            #expect(line.hasSuffix("/>") || line.hasSuffix("</text>"), "\(line)")
        }
    }

    @Test func sameRunIsTheSamePicture() throws {
        let scenario = SmallWorld.calm(nodes: 20)
        #expect(try picture(scenario).svg == picture(scenario).svg)
    }
}
