import ArgumentParser
import LibP2P
import LibP2PCore

/// `descord params`
package struct ParamsCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "params", abstract: "Look at the parameters of the mesh, and judge them.",
        discussion: "A profile is named by its name or by the path of a JSON file of parameters.\n\n"
            + GossipSubProfile.all.map { "\($0.name): \($0.summary)" }.joined(separator: "\n"),
        subcommands: [ParamsShowCommand.self, ParamsLintCommand.self, ParamsDiffCommand.self])

    package init() {}
}

/// A command of `params`: it names its own profile, and runs although the setting's cannot be run with.
package protocol ParamsSubcommand: DescordCommand {}

extension ParamsSubcommand {
    package static var needsProfile: Bool { false }

    /// The profile that was named, else the one of the settings.
    func source(_ name: String?, _ context: CommandContext) throws(CommandError) -> ProfileSource {
        try ProfileSource(name ?? context.settings.profile)
    }
}

extension ArgumentHelp {
    static let profile = ArgumentHelp(
        "A profile or a file; the one in use unless given.", valueName: "profile")
}

extension CompletionKind {
    static let profile = CompletionKind.list(ProfileSource.names)
}

/// `descord params show`
package struct ParamsShowCommand: ParamsSubcommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print every parameter of a profile.",
        discussion: """
            With --json one object, which is itself a file that --profile takes. With --explain also what \
            each parameter does, and under --json one object for each.
            """)

    @Argument(help: .profile, completion: .profile) package var profile: String?
    @Flag(help: "Say what each parameter does.") package var explain = false
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let source = try self.source(self.profile, context)
        let profile = try source.valid()
        if context.output.isJSON {
            guard self.explain else {
                return try context.output.emit(profile.json(startingFrom: source.base))
            }
            for field in ParameterField.all { try context.output.emit(self.object(field, profile)) }
            return
        }
        var table = TextTable()
        for field in ParameterField.all {
            let value = field.value(in: profile)?.description ?? "-"
            if self.explain {
                table.add(field.path, value, field.summary)
            } else {
                table.add(field.path, value)
            }
        }
        for line in table.lines { try context.output.line(context.output.foreign(line)) }
    }

    private func object(_ field: ParameterField, _ profile: GossipSubProfile) -> JSONValue {
        [
            "parameter": .string(field.path), "value": field.value(in: profile)?.json ?? .null,
            "may_be": .string(field.kind.words), "does": .string(field.summary),
        ]
    }
}

/// `descord params lint`
package struct ParamsLintCommand: ParamsSubcommand {
    package static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Say what a profile would do that its author may not have meant.",
        discussion: """
            Notes and warnings end with 0. With an error, a contradiction that nothing can be run with, the \
            exit code is 65.
            """)

    @Argument(help: .profile, completion: .profile) package var profile: String?
    @Option(help: ArgumentHelp("How many members the space has.", valueName: "n"))
    package var members: MemberCountArgument?
    @Option(help: ArgumentHelp("How often a command is run by cron.", valueName: "seconds"))
    package var cron: SecondsArgument?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let profile = try self.source(self.profile, context).profile
        let findings = profile.findings(members: self.members?.count, cron: self.cron?.duration)
        for finding in findings { try self.show(finding, context.output) }
        if findings.isEmpty { context.output.note("nothing to remark on \"\(profile.name)\"") }
        let errors = findings.filter { $0.severity == .error }
        guard errors.isEmpty else {
            throw CommandError(
                .badInput, .badParameters,
                "\"\(profile.name)\" has \(Count.text(errors.count, "contradiction"))")
        }
    }

    private func show(_ finding: ParameterFinding, _ output: Output) throws(CommandError) {
        guard !output.isJSON else {
            return try output.emit([
                "code": .string(finding.code.rawValue), "severity": .string(finding.severity.rawValue),
                "field": .string(finding.field), "message": .string(finding.message),
                "hint": .optional(finding.hint),
            ])
        }
        let color: Output.Style = finding.severity == .note ? .dim : .yellow
        let head = output.styled(finding.severity.rawValue + ":", color)
        // An error names its parameter in its sentence.
        let field = finding.severity == .error ? "" : finding.field + ": "
        try output.line("\(head) \(field)\(output.foreign(finding.message))")
        if let hint = finding.hint { try output.line("  \(hint)") }
    }
}

/// How many members a space may be thought to have: 1 to a million.
package struct MemberCountArgument: ExpressibleByArgument, Hashable, Sendable {
    package let count: Int

    package init?(argument: String) {
        guard let count = Int(argument), (1...1_000_000).contains(count) else { return nil }
        self.count = count
    }
}

/// `descord params diff`
package struct ParamsDiffCommand: ParamsSubcommand {
    package static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Print the parameters that two profiles differ in.",
        discussion: "The exit code is 0 whether they differ or not.")

    @Argument(help: ArgumentHelp("A profile or a file.", valueName: "profile"), completion: .profile)
    package var first: String
    @Argument(help: ArgumentHelp("Another one.", valueName: "other"), completion: .profile)
    package var second: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let first = try ProfileSource(self.first).valid()
        let second = try ProfileSource(self.second).valid()
        var table = TextTable()
        for field in ParameterField.all {
            let (a, b) = (field.value(in: first), field.value(in: second))
            guard a != b else { continue }
            if context.output.isJSON {
                try context.output.emit([
                    "parameter": .string(field.path), "a": a?.json ?? .null, "b": b?.json ?? .null,
                ])
            } else {
                table.add(field.path, a?.description ?? "-", b?.description ?? "-")
            }
        }
        for line in table.lines { try context.output.line(context.output.foreign(line)) }
    }
}
