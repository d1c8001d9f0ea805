import Foundation
import Testing

/// The home, its key, and who may open it.
@Suite struct IdentityTests {
    @Test func withoutAnIdentityCommandsEndWith78AndMakeNothing() async throws {
        let home = try TestHome()
        for arguments in [
            ["id"], ["post", "x"], ["log"], ["listen"], ["space", "list"], ["sync"], ["peers"],
        ] {
            let run = try await home.run(program: TestHome.binary, arguments + ["--json"])
            #expect(run.code == 78, "\(arguments)")
            let error = try run.error()
            #expect(error.code == "no_identity")
            #expect(error.hint == "descord keygen")
        }
        #expect(!FileManager.default.fileExists(atPath: home.path))
    }

    @Test func keygenMakesPrivateFilesAndSaysThatTheKeyIsOpen() async throws {
        let home = try TestHome()
        let run = try await home.run("keygen", "--json")
        #expect(run.code == 0)
        let object = try run.object()
        #expect(Set(object.keys) == ["peer_id", "public_key", "path", "encrypted"])
        #expect(object["encrypted"] as? Bool == false)
        #expect(object["path"] as? String == home.key)
        #expect((object["peer_id"] as? String)?.hasPrefix("12D3KooW") == true)
        let said = try #require(
            try JSONSerialization.jsonObject(with: Data(run.errors.utf8)) as? [String: Any])
        let warning = try #require(said["warning"] as? [String: Any])
        #expect(warning["code"] as? String == "key_not_encrypted")
        #expect((warning["message"] as? String)?.hasPrefix("the key is not encrypted") == true)
        #expect(try Self.mode(home.path) == 0o700)
        for file in ["key", "descord.db"] { #expect(try Self.mode(home.path + "/" + file) == 0o600) }
        let id = try await home.succeed("id", "--json").object()
        #expect(id["peer_id"] as? String == object["peer_id"] as? String)
        #expect(id["public_key"] as? String == object["public_key"] as? String)
        #expect(id["home"] as? String == home.path)
    }

    @Test func keygenRefusesToReplaceAnIdentity() async throws {
        let home = try await TestHome.made()
        let before = try await home.succeed("id").output
        let refused = try await home.run("keygen", "--json")
        #expect(refused.code == 77)
        #expect(try refused.error().code == "identity_exists")
        #expect(try await home.succeed("id").output == before)
        try await home.succeed("keygen", "--force", "-q")
        #expect(try await home.succeed("id").output != before)
        let kept = try FileManager.default.contentsOfDirectory(atPath: home.path).filter {
            $0.hasPrefix("key.old-")
        }
        #expect(kept.count == 1)
    }

    @Test func keygenForceIsRefusedWhileTheHomeHoldsSpaces() async throws {
        let home = try await TestHome.made(space: "ops")
        let refused = try await home.run("keygen", "--force", "--json")
        #expect(refused.code == 77)
        #expect(try refused.error().code == "home_holds_spaces")
        try await home.succeed("space", "leave", "ops")
        try await home.succeed("keygen", "--force")
    }

    @Test func aKeyFileThatOthersCanReadIsRefusedWithTheCommandThatMendsIt() async throws {
        let home = try await TestHome.made()
        for mode in [0o644, 0o640, 0o604] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: home.key)
            let run = try await home.run("id", "--json")
            #expect(run.code == 77)
            #expect(try run.error().code == "key_file_mode")
            #expect(try run.error().hint == "chmod 600 \(home.key)")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: home.key)
        try await home.succeed("id")
    }

    @Test func thePassphraseComesFromADescriptorOrAFileAndOnlyTheRightOneOpens() async throws {
        let home = try TestHome()
        try await home.succeed("keygen", "--passphrase-fd", "0", input: "open sesame\n")
        #expect(try await home.run("id", "--json").error().code == "passphrase_needed")
        #expect(try await home.run("id").code == 77)
        let right = try await home.run("id", "--passphrase-fd", "0", input: Data("open sesame".utf8))
        #expect(right.code == 0)
        let wrong = try await home.run("--passphrase-fd=0", "id", "--json", input: Data("close sesame".utf8))
        #expect(wrong.code == 77)
        #expect(try wrong.error().code == "wrong_passphrase")
        #expect(try wrong.error().hint != nil)
        let variable = try await home.run(
            "id", input: Data("open sesame".utf8), environment: ["DESCORD_PASSPHRASE_FD": "0"])
        #expect(variable.output == right.output)
        #expect(try await home.run("id", environment: ["DESCORD_PASSPHRASE_FD": "x"]).code == 64)
        #expect(try await home.run("id", "--passphrase-fd", "99").code == 64)
        let file = home.folder.appending(path: "passphrase")
        try Data("open sesame\nand nothing else\n".utf8).write(to: file)
        let fromFile = try await home.run("id", environment: ["DESCORD_PASSPHRASE_FILE": file.path])
        #expect(fromFile.output == right.output)
        let missing = try await home.run("id", environment: ["DESCORD_PASSPHRASE_FILE": "/nonexistent"])
        #expect(missing.code == 77)
    }

    @Test func thePassphraseIsAskedForOnTheTerminalAndNotEchoed() async throws {
        let home = try TestHome()
        try await home.succeed("keygen", "--passphrase-fd", "0", input: "open sesame\n")
        let transcript = try await home.terminal(
            [("expect", "Passphrase of"), ("send", "open sesame\n"), ("expect", "12D3KooW"), ("code", 0)],
            "id")
        #expect(!transcript.contains("open sesame"))
    }

    @Test func aDamagedKeyFileIsAMatterOfConfiguration() async throws {
        let home = try await TestHome.made()
        try Data("not a key".utf8).write(to: URL(filePath: home.key))
        let run = try await home.run("id", "--json")
        #expect(run.code == 78)
        #expect(try run.error().code == "bad_key_file")
    }

    @Test func keysOfLibp2pAreImportedAndDamagedOnesRefused() async throws {
        let home = try TestHome()
        // RFC 8032, 7.1, test 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        let file = home.folder.appending(path: "libp2p.key")
        try Self.bytes("08011240" + seed + key).write(to: file)
        let made = try await home.run("keygen", "--import", file.path, "--json").object()
        #expect(made["public_key"] as? String == key)
        for damaged in ["08011240" + seed + seed, "0801", ""] {
            let other = try TestHome()
            try Self.bytes(damaged).write(to: file)
            let run = try await other.run("keygen", "--import", file.path, "--json")
            #expect(run.code == 65)
            #expect(try run.error().code == "corrupt_import")
            #expect(!FileManager.default.fileExists(atPath: other.path))
        }
    }

    @Test func theHomeIsTheOptionThenTheVariablesThenTheUsersOwn() async throws {
        let home = try TestHome()
        let other = home.folder.appending(path: "other").path
        try await home.succeed("keygen", "--home", other)
        #expect(FileManager.default.fileExists(atPath: other + "/key"))
        #expect(!FileManager.default.fileExists(atPath: home.key))
        let data = home.folder.appending(path: "data").path
        let named = ["DESCORD_HOME": String?.none, "XDG_DATA_HOME": data]
        #expect(try await home.run("keygen", environment: named).code == 0)
        #expect(FileManager.default.fileExists(atPath: data + "/descord/key"))
        #expect(try await home.run("keygen", environment: ["DESCORD_HOME": nil]).code == 0)
        #expect(FileManager.default.fileExists(atPath: home.folder.path + "/.local/share/descord/key"))
    }

    @Test func aDatabaseOfANewerVersionIsLeftAlone() async throws {
        let home = try await TestHome.made(space: "ops")
        let database = URL(filePath: home.path + "/descord.db")
        for suffix in ["-wal", "-shm"] {
            #expect(!FileManager.default.fileExists(atPath: database.path + suffix))
        }
        var bytes = try Data(contentsOf: database)
        // The user version stands at byte 60 of the header, big-endian (sqlite.org/fileformat2.html, 1.3).
        bytes.replaceSubrange(60..<64, with: [0, 0, 0x27, 0x0f])
        try bytes.write(to: database)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: database.path)
        let run = try await home.run("log", "--json")
        #expect(run.code == 78)
        #expect(try run.error().code == "newer_database")
        #expect(try Data(contentsOf: database) == bytes)
    }

    @Test func aDatabaseThatIsNoneIsUnreadable() async throws {
        let home = try await TestHome.made()
        try Data(repeating: 0x58, count: 8_192).write(to: URL(filePath: home.path + "/descord.db"))
        let run = try await home.run("space", "list", "--json")
        #expect(run.code == 74)
        #expect(try run.error().code == "database_unreadable")
    }

    private static func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private static func bytes(_ hex: String) -> Data {
        var bytes: [UInt8] = []
        var rest = Substring(hex)
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return Data(bytes)
    }
}
