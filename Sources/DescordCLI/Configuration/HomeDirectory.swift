import Glibc

/// Where a home is, and what stands in it.
package struct HomeDirectory: Equatable, Sendable {
    /// The absolute path.
    package let path: String

    /// `--home` over `$DESCORD_HOME` over `$XDG_DATA_HOME/descord` over `~/.local/share/descord`.
    package init(option: String?, environment: [String: String]) throws(CommandError) {
        func named(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let chosen: String
        if let option {
            guard !option.isEmpty else { throw CommandError(.usage, .badValue, "--home needs a directory") }
            chosen = option
        } else if let home = named("DESCORD_HOME") {
            chosen = home
        } else if let data = named("XDG_DATA_HOME") {
            chosen = data + "/descord"
        } else if let home = Self.userDirectory(environment) {
            chosen = home + "/.local/share/descord"
        } else {
            throw CommandError(
                .configuration, .badConfiguration, "there is no place for a home: neither HOME nor DESCORD_HOME is set",
                hint: "name one with --home DIR")
        }
        self.path = Self.absolute(chosen)
    }

    /// The key file.
    package var key: String { self.path + "/key" }
    /// The database.
    package var database: String { self.path + "/descord.db" }
    /// The configuration.
    package var configuration: String { self.path + "/config.json" }
    /// The history of the REPL.
    package var history: String { self.path + "/history" }

    /// The configuration files that are asked, the home's first.
    package func configurationPaths(_ environment: [String: String]) -> [String] {
        var paths = [self.configuration]
        if let base = environment["XDG_CONFIG_HOME"], !base.isEmpty {
            paths.append(base + "/descord/config.json")
        } else if let home = Self.userDirectory(environment) {
            paths.append(home + "/.config/descord/config.json")
        }
        return paths
    }

    /// Makes the directory, 0700, with those above it.
    package func create() throws(CommandError) {
        var made = ""
        for part in self.path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            throw CommandError(
                .inputOutput, errno == ENOSPC ? .diskFull : .inputOutput,
                "cannot make the home \"\(self.path)\": \(SystemText.error(errno))")
        }
    }

    private static func userDirectory(_ environment: [String: String]) -> String? {
        environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let current = getcwd(nil, 0) else { return "/" + path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }
}
