import DescordStore
import LibP2PCore

/// `config.json`: one object of settings, in `$XDG_CONFIG_HOME/descord` and in the home, whose members win.
package struct ConfigurationFile: Sendable {
    /// Where it is, or would be.
    package let path: String
    /// Its members in the order of their names.
    package private(set) var members: [JSONValue.Member]

    /// Reads the file; one that is not there holds nothing.
    package init(path: String) throws(CommandError) {
        self.path = path
        self.members = try JSONObjectFile.members(of: path, .badConfiguration) ?? []
    }

    /// The value of a setting.
    package subscript(name: String) -> JSONValue? { self.members.first { $0.name == name }?.value }

    /// Replaces a setting.
    package mutating func set(_ name: String, to value: JSONValue) {
        self.remove(name)
        self.members.append(JSONValue.Member(name: name, value: value))
        self.members.sort { $0.name < $1.name }
    }

    /// Takes a setting out.
    package mutating func remove(_ name: String) { self.members.removeAll { $0.name == name } }

    /// Writes the file by renaming a complete one over it, 0600.
    package func write() throws(CommandError) {
        var text = "{\n"
        for (index, member) in self.members.enumerated() {
            let comma = index + 1 < self.members.count ? "," : ""
            text += "  \(JSONValue.string(member.name).line): \(member.value.line)\(comma)\n"
        }
        text += "}\n"
        do throws(HomeFailure) {
            try HomeFiles.write(Array(text.utf8), to: self.path, replacing: true)
        } catch {
            throw CommandError(error)
        }
    }
}
