import ArgumentParser
import DescordStore

/// `descord config`
package struct ConfigCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Read and change the settings.",
        discussion: """
            A flag wins over the environment, the environment over config.json in the home, that over \
            config.json in $XDG_CONFIG_HOME/descord, and that over the default. Changes are written to \
            the home's file.
            """,
        subcommands: [
            ConfigGetCommand.self, ConfigSetCommand.self, ConfigListCommand.self, ConfigUnsetCommand.self,
        ])

    package init() {}
}

/// The name of a setting.
package struct SettingName: ExpressibleByArgument, Sendable {
    package let key: SettingKey

    package init?(argument: String) {
        guard let key = SettingKey(rawValue: argument) else { return nil }
        self.key = key
    }

    package static var allValueStrings: [String] { SettingKey.allCases.map(\.rawValue) }
}

/// `descord config get`
package struct ConfigGetCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print the value of one setting.")

    @Argument(help: "The setting.", completion: .list(SettingName.allValueStrings)) package var key:
        SettingName
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let entry = context.settings[self.key.key]
        try context.output.result(ConfigText.object(self.key.key, entry), ConfigText.value(entry.value))
    }
}

/// `descord config list`
package struct ConfigListCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print every setting, and where its value comes from.")

    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        var table = TextTable()
        for key in SettingKey.allCases {
            let entry = context.settings[key]
            if context.output.isJSON {
                try context.output.emit(ConfigText.object(key, entry))
            } else {
                let value = ConfigText.value(entry.value).split(separator: "\n").joined(separator: " ")
                table.add(key.rawValue, value.isEmpty ? "-" : value, entry.source.rawValue)
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

/// `descord config set`
package struct ConfigSetCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a setting in the home's config.json.")

    @Argument(help: "The setting.", completion: .list(SettingName.allValueStrings)) package var key:
        SettingName
    @Argument(help: "Its value; several addresses are parted by commas.") package var value: String
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        var value = try self.key.key.parse(self.value)
        if self.key.key == .profile {
            let source = try ProfileSource(self.value)
            _ = try source.valid()
            value = .string(source.setting)
        }
        do { try context.directory.create() } catch { throw CommandError(error) }
        var file = try ConfigurationFile(path: context.directory.configPath)
        file.set(self.key.key.rawValue, to: value)
        try file.write()
        if context.output.isJSON {
            try context.output.emit(
                ConfigText.object(self.key.key, Settings.Entry(value: value, source: .config)))
        }
    }
}

/// `descord config unset`
package struct ConfigUnsetCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Take a setting out of the home's config.json.")

    @Argument(help: "The setting.", completion: .list(SettingName.allValueStrings)) package var key:
        SettingName
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    /// Works with a file that holds a value which does not fit, because this is how it is mended.
    package static let toleratesBadSettings = true

    package func run(in context: CommandContext) async throws {
        var file = try ConfigurationFile(path: context.directory.configPath)
        if file[self.key.key.rawValue] != nil {
            file.remove(self.key.key.rawValue)
            try file.write()
        }
        guard context.output.isJSON else { return }
        let files = try context.configurationFiles()
        let settings = try Settings(
            options: context.options, environment: context.surroundings.environment, files: files)
        try context.output.emit(ConfigText.object(self.key.key, settings[self.key.key]))
    }
}

/// Settings as objects and as text.
enum ConfigText {
    static func object(_ key: SettingKey, _ entry: Settings.Entry) -> JSONValue {
        ["key": .string(key.rawValue), "value": entry.value, "source": .string(entry.source.rawValue)]
    }

    /// Addresses one a line.
    static func value(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .array(let values): values.map { self.value($0) }.joined(separator: "\n")
        default: value.line
        }
    }
}
