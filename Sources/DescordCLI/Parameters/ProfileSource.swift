import Glibc
import LibP2P

/// A profile that somebody named: by its name, or by the path of a file.
package struct ProfileSource: Sendable {
    /// What it came to; its values fit their parameters, and may contradict each other.
    package let profile: GossipSubProfile
    /// The name of the profile, or of the one that the file begins with.
    package let base: String
    /// The file's absolute path; nil when a profile was named.
    package let path: String?

    /// The names of the profiles.
    package static let names = GossipSubProfile.all.map(\.name)

    /// Finds what a person means: the profile of that name, else the file.
    package init(_ text: String) throws(CommandError) {
        if let profile = GossipSubProfile.named(text) {
            self.profile = profile
            self.base = text
            self.path = nil
            return
        }
        guard !text.isEmpty, let members = try JSONObjectFile.members(of: text, .badParameters) else {
            throw CommandError(
                .configuration, .badProfile, "there is no profile and no file \"\(text)\"",
                hint: "the profiles are: " + Self.names.joined(separator: ", "))
        }
        let file = ParameterFile(path: text)
        (self.profile, self.base) = try file.profile(members)
        self.path = Self.absolute(text)
    }

    /// The profile, when it can be run with.
    package func valid() throws(CommandError) -> GossipSubProfile {
        // A test holds those of ours to the rules, so that no command pays for it.
        guard self.path != nil, let failure = self.profile.failure else { return self.profile }
        throw CommandError(
            .configuration, .badParameters, "\"\(self.profile.name)\": \(failure)",
            hint: "descord params lint \(ShellWords.quoted(self.profile.name))")
    }

    /// What `config set` stores, so that it means the same from everywhere.
    package var setting: String { self.path ?? self.base }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}

/// How the members of a file become a profile.
struct ParameterFile {
    let path: String

    /// Starts from the profile that the file names, `descord` when it names none, and sets what it holds.
    func profile(
        _ members: [JSONValue.Member]
    ) throws(CommandError) -> (profile: GossipSubProfile, base: String) {
        var base = GossipSubProfile.descord
        if let value = members.first(where: { $0.name == "profile" })?.value {
            guard case .string(let name) = value, let named = GossipSubProfile.named(name) else {
                throw self.failure(
                    "\"profile\" is \(value.line), and must be the name of a profile",
                    hint: "the profiles are: " + ProfileSource.names.joined(separator: ", "))
            }
            base = named
        }
        var profile = base
        profile.name = self.path
        profile.summary = "\(base.name), changed"
        // What a group holds is set after the group itself was turned off or on.
        let groups = ParameterField.Group.allCases.filter { $0 != .router }
        for group in groups {
            guard let value = members.first(where: { $0.name == group.rawValue })?.value else { continue }
            try self.set(group, to: value, in: &profile)
        }
        for member in members where member.name != "profile" {
            if groups.contains(where: { $0.rawValue == member.name }) { continue }
            try self.set(member.name, to: member.value, in: &profile)
        }
        return (profile, base.name)
    }

    private func set(
        _ group: ParameterField.Group, to value: JSONValue, in profile: inout GossipSubProfile
    ) throws(CommandError) {
        switch value {
        case .null where group.isOptional: group.remove(from: &profile)
        case .object(let members):
            if group == .topicScore, !ParameterField.Group.score.isPresent(in: profile) {
                throw self.failure(
                    "there is a \"topic_score\" without a \"score\"",
                    hint: "give \"score\" too, at least as {}")
            }
            group.add(to: &profile)
            for member in members {
                try self.set("\(group.rawValue).\(member.name)", to: member.value, in: &profile)
            }
        default:
            throw self.failure(
                "\"\(group.rawValue)\" is \(Self.short(value)), and must be an object"
                    + (group.isOptional ? " or null" : ""))
        }
    }

    private func set(
        _ path: String, to json: JSONValue, in profile: inout GossipSubProfile
    ) throws(CommandError) {
        guard let field = ParameterField.named(path) else {
            throw self.failure("there is no parameter \"\(path)\"", hint: Self.suggestion(for: path))
        }
        // An empty list of anything is an empty list of texts; null and objects fit no parameter.
        guard let value = ParameterValue(json) else {
            throw self.failure("\"\(path)\" is \(Self.short(json)), and must be \(field.kind.words)")
        }
        do {
            try field.set(value, in: &profile)
        } catch {
            throw self.failure(error.description)
        }
    }

    private func failure(_ reason: String, hint: String? = nil) -> CommandError {
        CommandError(
            .configuration, .badParameters, "\"\(self.path)\": \(reason)",
            hint: hint ?? "docs/parameters.md lists what each parameter may be")
    }

    /// A value as a message may quote it.
    private static func short(_ value: JSONValue) -> String {
        let line = value.line
        return line.count <= 40 ? line : line.prefix(40) + "…"
    }

    /// The parameter that may have been meant.
    private static func suggestion(for path: String) -> String {
        let name = path.split(separator: ".").last.map(String.init) ?? path
        let near = ParameterField.all
            .map {
                (
                    path: $0.path,
                    distance: min(
                        EditDistance.between($0.path, path), EditDistance.between($0.name, name))
                )
            }
            .filter { $0.distance <= 2 }
            .min { ($0.distance, $0.path) < ($1.distance, $1.path) }
        return near.map { "perhaps \"\($0.path)\"" } ?? "descord params show lists them"
    }
}
