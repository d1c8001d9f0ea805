import LibP2PCore

/// What can be configured: flag over environment over `config.json` over default.
package enum SettingKey: String, CaseIterable, Sendable {
    case connect
    case json
    case listen
    case mdns
    case profile
    case quiet
    case timeout
    case verbose

    /// The variable of the environment.
    package var variable: String {
        switch self {
        case .mdns: "DESCORD_NO_MDNS"
        default: "DESCORD_" + self.rawValue.uppercased()
        }
    }

    /// What holds when nobody says anything.
    package var defaultValue: JSONValue {
        switch self {
        case .connect: []
        case .json, .quiet: false
        case .listen: ["/ip4/0.0.0.0"]
        case .mdns: true
        case .profile: "descord"
        case .timeout: 10
        case .verbose: 0
        }
    }

    /// Reads a value as a person types it: in the environment, or for `config set`.
    package func parse(_ text: String) throws(CommandError) -> JSONValue {
        switch self {
        case .json, .quiet, .mdns:
            guard let flag = Self.boolean(text) else { throw self.failure(text, "true or false") }
            return .bool(flag)
        case .verbose:
            if let flag = Self.boolean(text), Int(text) == nil { return .integer(flag ? 1 : 0) }
            guard let count = Int(text), (0...9).contains(count) else { throw self.failure(text, "a number") }
            return .integer(Int64(count))
        case .timeout:
            guard let seconds = SecondsArgument(argument: text) else {
                throw self.failure(text, "a number of seconds")
            }
            return .number(seconds.seconds)
        case .profile:
            return .string(text)
        case .connect, .listen:
            let words = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
            for word in words where Multiaddr(parsing: word) == nil {
                throw self.failure(word, "a multiaddr such as /ip4/127.0.0.1/tcp/4001")
            }
            return .array(words.map { .string($0) })
        }
    }

    /// Checks a value that a file holds.
    package func check(_ value: JSONValue, in path: String) throws(CommandError) -> JSONValue {
        switch (self, value) {
        case (.json, .bool), (.quiet, .bool), (.mdns, .bool), (.profile, .string): return value
        case (.verbose, .integer(let count)) where (0...9).contains(count): return value
        case (.timeout, .integer(let seconds)) where seconds >= 0: return value
        case (.timeout, .number(let seconds)) where seconds >= 0: return value
        case (.connect, .string(let text)), (.listen, .string(let text)):
            if let parsed = try? self.parse(text) { return parsed }  // the failure below names the file
        case (.connect, .array(let values)), (.listen, .array(let values)):
            let isValid = values.allSatisfy {
                if case .string(let text) = $0 { Multiaddr(parsing: text) != nil } else { false }
            }
            if isValid { return value }
        default: break
        }
        throw CommandError(
            .configuration, .badConfiguration,
            "\"\(self.rawValue)\" in \"\(path)\" is \(value.line), which does not fit",
            hint: "descord config unset \(self.rawValue)")
    }

    private func failure(_ text: String, _ expected: String) -> CommandError {
        CommandError(
            .usage, .badValue, "\"\(text)\" does not fit \"\(self.rawValue)\": \(expected) is expected")
    }

    /// Reads what people write for yes and no.
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "1", "true", "yes", "on": true
        case "0", "false", "no", "off", "": false
        default: nil
        }
    }
}

/// The values that hold for this invocation, and where each comes from.
package struct Settings: Sendable {
    /// Who says so.
    package enum Source: String, Sendable {
        case flag
        case environment
        case config
        case `default`
    }

    /// A value and its source.
    package struct Entry: Equatable, Sendable {
        package var value: JSONValue
        package var source: Source
    }

    private var entries: [SettingKey: Entry] = [:]

    /// Resolves every setting; `files` are asked in order, the first that has a member wins.
    package init(
        options: GlobalOptions, environment: [String: String], files: [ConfigurationFile]
    ) throws(CommandError) {
        for key in SettingKey.allCases {
            self.entries[key] = try Self.resolve(key, options, environment, files)
        }
    }

    /// The entry of a setting.
    package subscript(key: SettingKey) -> Entry {
        self.entries[key] ?? Entry(value: key.defaultValue, source: .default)
    }

    private static func resolve(
        _ key: SettingKey, _ options: GlobalOptions, _ environment: [String: String],
        _ files: [ConfigurationFile]
    ) throws(CommandError) -> Entry {
        if let value = self.flag(key, options) { return Entry(value: value, source: .flag) }
        if let text = environment[key.variable], !text.isEmpty {
            var value = try key.parse(text)
            if key == .mdns, case .bool(let isOff) = value { value = .bool(!isOff) }
            return Entry(value: value, source: .environment)
        }
        for file in files {
            if let value = file[key.rawValue] {
                return Entry(value: try key.check(value, in: file.path), source: .config)
            }
        }
        return Entry(value: key.defaultValue, source: .default)
    }

    private static func flag(_ key: SettingKey, _ options: GlobalOptions) -> JSONValue? {
        switch key {
        case .connect:
            options.connect.isEmpty ? nil : .array(options.connect.map { .string("\($0.address)") })
        case .listen: options.listen.isEmpty ? nil : .array(options.listen.map { .string("\($0.address)") })
        case .json: options.json ? true : nil
        case .quiet: options.quiet ? true : nil
        case .mdns: options.noMDNS ? false : nil
        case .profile: options.profile.map { .string($0) }
        case .timeout: options.timeout.map { .number($0.seconds) }
        case .verbose: options.verbose > 0 ? .integer(Int64(options.verbose)) : nil
        }
    }

    // MARK: - Typed values

    package func flag(_ key: SettingKey) -> Bool { self[key].value == .bool(true) }

    /// `-v`, counted.
    package var verbosity: Int {
        if case .integer(let count) = self[.verbose].value { return Int(count) }
        return 0
    }

    /// `--timeout`.
    package var timeout: Duration {
        switch self[.timeout].value {
        case .integer(let seconds): .seconds(seconds)
        case .number(let seconds): .milliseconds(Int64((seconds * 1_000).rounded()))
        default: .seconds(10)
        }
    }

    /// Whether somebody named a timeout, which then also bounds a command that stays.
    package var namesTimeout: Bool { self[.timeout].source != .default }

    /// `--connect` or `--listen`.
    package func addresses(_ key: SettingKey) -> [Multiaddr] {
        guard case .array(let values) = self[key].value else { return [] }
        return values.compactMap { if case .string(let text) = $0 { Multiaddr(parsing: text) } else { nil } }
    }

    /// `--profile`: the name of a profile, or the path of a file.
    package var profile: String {
        if case .string(let name) = self[.profile].value { return name }
        return "descord"
    }
}
