import ArgumentParser

/// `descord metrics`
package struct MetricsCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Print what was measured on the topics, summed over all runs.",
        discussion: """
            A node that stays records every 15 seconds, and every node when it leaves. Mesh peers are those \
            that are grafted; subscribers are those who could be. How long messages were under way is told \
            by their authors' clocks and this one.
            """)

    @Option(help: ArgumentHelp("Only this topic.", valueName: "t")) package var topic: String?
    @Option(help: ArgumentHelp("Only what happened since: RFC 3339 or an age.", valueName: "t"))
    package var since: TimeArgument?
    @Flag(help: "Print one page in Prometheus' text format, for the node exporter's textfile collector.")
    package var prometheus = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func validate() throws {
        if self.prometheus, self.since != nil {
            throw ValidationError("--prometheus has counters from the beginning, and takes no --since")
        }
    }

    package func run(in context: CommandContext) async throws {
        // A setting gives way, a flag contradicts.
        if self.prometheus, context.options.json {
            throw CommandError(
                .usage, .usage, "--prometheus and --json are two formats", hint: "leave one out")
        }
        let records = try context.home().records
        let reports = try records.metrics(topic: self.topic, since: self.since?.time(context.now))
        if self.prometheus {
            let page = MetricsExposition.text(reports)
            // In one piece, so that a reader of a redirected file sees a whole page or none.
            if !page.isEmpty { try context.output.line(String(page.dropLast())) }
            return
        }
        for report in reports {
            if context.output.isJSON {
                try context.output.emit(report.object)
            } else {
                let name = report.spaceName.map { "  \($0)" } ?? ""
                try context.output.line(context.output.foreign(report.topic + name))
                for line in report.table.lines { try context.output.line(line) }
            }
        }
    }
}
