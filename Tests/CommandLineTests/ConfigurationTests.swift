import Foundation
import Testing

/// Flag over environment over the home's file over the common file over default.
@Suite struct ConfigurationTests {
    private func timeout(
        _ home: TestHome, _ arguments: [String] = [], _ environment: [String: String?] = [:]
    )
        async throws -> (Double, String)
    {
        let more = ["DESCORD_TIMEOUT": String?.none].merging(environment) { $1 }
        let run = try await home.run(
            program: TestHome.binary, ["config", "get", "timeout", "--json"] + arguments, environment: more)
        let object = try run.object()
        #expect(Set(object.keys) == ["key", "value", "source"])
        return (try #require(object["value"] as? Double), try #require(object["source"] as? String))
    }

    @Test func everySourceWinsOverTheNext() async throws {
        let home = try TestHome()
        #expect(try await self.timeout(home) == (10, "default"))
        let common = home.folder.appending(path: "config/descord")
        try FileManager.default.createDirectory(at: common, withIntermediateDirectories: true)
        try Data(#"{"timeout": 4}"#.utf8).write(to: common.appending(path: "config.json"))
        home.environment["XDG_CONFIG_HOME"] = home.folder.appending(path: "config").path
        #expect(try await self.timeout(home) == (4, "config"))
        try await home.succeed("config", "set", "timeout", "5")
        #expect(try await self.timeout(home) == (5, "config"))
        #expect(try await self.timeout(home, [], ["DESCORD_TIMEOUT": "6.5"]) == (6.5, "environment"))
        #expect(try await self.timeout(home, ["--timeout", "7"], ["DESCORD_TIMEOUT": "6"]) == (7, "flag"))
        try await home.succeed("config", "unset", "timeout")
        #expect(try await self.timeout(home) == (4, "config"))
    }

    @Test func listShowsEverySettingWithItsSource() async throws {
        let home = try TestHome()
        let entries = try await home.succeed("config", "list", "--json", "--connect", "/ip4/127.0.0.1/tcp/1")
            .objects()
        let sources = Dictionary(
            uniqueKeysWithValues: entries.map { ($0["key"] as? String, $0["source"] as? String) })
        #expect(sources["connect"] == "flag")
        #expect(sources["listen"] == "environment")
        #expect(sources["mdns"] == "environment")
        #expect(sources["profile"] == "default")
        let mdns = entries.first { $0["key"] as? String == "mdns" }
        #expect(mdns?["value"] as? Bool == false)
        #expect(try await home.succeed("config", "list").lines.count == entries.count)
    }

    @Test func aFileThatDoesNotFitIsNamedAndCanBeMended() async throws {
        let home = try await TestHome.made()
        let file = URL(filePath: home.path + "/config.json")
        try Data(#"{"timeout": "soon"}"#.utf8).write(to: file)
        let broken = try await home.run("id", "--json", environment: ["DESCORD_TIMEOUT": nil])
        #expect(broken.code == 78)
        #expect(try broken.error().code == "bad_configuration")
        #expect(try broken.error().message.contains(file.path))
        try await home.succeed("config", "unset", "timeout")
        try await home.succeed("id")
        try Data("{".utf8).write(to: file)
        #expect(try await home.run("id").code == 78)
    }

    @Test func settingsOfTheFileHold() async throws {
        let home = try await TestHome.made()
        try await home.succeed("config", "set", "json", "true")
        #expect(try await home.succeed("id").object()["peer_id"] != nil)
        let mode = try FileManager.default.attributesOfItem(atPath: home.path + "/config.json")[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
    }
}
