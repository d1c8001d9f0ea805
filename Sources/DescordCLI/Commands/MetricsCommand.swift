import ArgumentParser

/// `descord metrics`
package struct MetricsCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Print the counters of gossip, summed over all runs.")

    @Option(help: ArgumentHelp("Only this topic.", valueName: "t")) package var topic: String?
    @Option(help: ArgumentHelp("Only what happened since: RFC 3339 or an age.", valueName: "t"))
    package var since: TimeArgument?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let records = try context.home().records
        for row in try records.metrics(topic: self.topic, since: self.since?.time(context.now)) {
            if context.output.isJSON {
                let counters = row.counters.map { JSONValue.Member(name: $0.name, value: .integer($0.value)) }
                try context.output.emit(
                    .object(
                        [JSONValue.Member(name: "topic", value: .string(row.topic))] + counters
                            + [JSONValue.Member(name: "last_activity", value: .optional(row.lastActivity))]))
            } else {
                try context.output.line(context.output.foreign(row.topic))
                var table = TextTable()
                for counter in row.counters {
                    table.add("  " + counter.name.replacing("_", with: " "), String(counter.value))
                }
                table.add("  last activity", row.lastActivity.map(Timestamp.format) ?? "never")
                for line in table.lines { try context.output.line(line) }
            }
        }
    }
}
