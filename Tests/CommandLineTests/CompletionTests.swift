import Foundation
import Testing

/// What TAB offers in a shell, and that it never runs anything.
@Suite struct CompletionTests {
    @Test func onlyNamesOfTheSafeAlphabetAreOfferedByName() async throws {
        let home = try await TestHome.made(space: "ops")
        let odd = try #require(try await home.succeed("space", "create", "$(touch owned)").lines.first)
        try await home.succeed("channel", "create", "\(odd)/general")
        let spaces = try await self.complete(home, ["space", "use", "--", "positional@0"])
        #expect(spaces == ["ops", String(odd.prefix(8))])
        let channels = try await self.complete(home, ["post", "--", "--channel"])
        #expect(channels == ["general", "ops/general", "\(odd.prefix(8))/general"])
        #expect(!(spaces + channels).joined().contains("$"))
    }

    @Test func bashDoesNotRunANameThatIsACommand() async throws {
        let home = try await TestHome.made(space: "ops")
        let marker = home.folder.appending(path: "owned").path
        try await home.succeed("space", "create", "$(touch owned)")
        try await home.succeed("space", "create", "`touch owned`")
        let script = """
            PATH="$(dirname "$0"):$PATH"; cd "$2"; source "$1"
            COMP_WORDS=(descord space use ""); COMP_CWORD=3; COMP_LINE="descord space use "; COMP_POINT=18
            COMPREPLY=(); _descord; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let run = try await home.run(
            program: URL(filePath: "/bin/bash"),
            [
                "-c", script, TestHome.binary.path,
                TestHome.root.appending(path: "completions/descord.bash").path,
                home.folder.path,
            ])
        #expect(run.output.split(separator: "\n").contains("ops"), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: marker))
    }

    @Test(arguments: ["zsh", "fish"]) func otherShellsLoadTheirScriptsAndComplete(
        _ shell: String
    ) async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("space", "create", "zeta")
        try await home.succeed("space", "use", "zeta")
        let scripts = TestHome.root.appending(path: "completions").path
        let setUp = home.folder.appending(path: ".zshrc")
        try Data("PS1='ready> '; fpath=('\(scripts)' $fpath); autoload -Uz compinit; compinit -u -D\n".utf8)
            .write(to: setUp)
        let program =
            shell == "zsh"
            ? ["/usr/bin/zsh", "-i"]
            : [
                "/usr/bin/fish", "--no-config", "-i", "-C",
                "function fish_prompt; echo -n 'ready> '; end; source '\(scripts)/descord.fish'",
            ]
        let transcript = try await home.terminal(
            [
                ("expect", "ready> "), ("send", "descord sp\t"), ("expect", "space"),
                ("send", "use o\t\r"), ("expect", "ready> "), ("send", "exit 7\r"), ("code", 7),
            ], program: program,
            environment: [
                "PATH": TestHome.binary.deletingLastPathComponent().path + ":/usr/bin:/bin",
                "ZDOTDIR": home.folder.path,
            ])
        #expect(!transcript.contains("rror"))
        let current = try await home.succeed("space", "list", "--json").objects().filter { space in
            space["current"] as? Bool == true
        }
        #expect(current.map { $0["name"] as? String } == ["ops"], "\(transcript)")
    }

    @Test func withoutAHomeNothingIsOfferedAndNothingIsMade() async throws {
        let home = try TestHome()
        #expect(try await self.complete(home, ["space", "use", "--", "positional@0"]) == [])
        #expect(!FileManager.default.fileExists(atPath: home.path))
    }

    @Test func everyShellHasAScript() async throws {
        let home = try TestHome()
        for shell in ["bash", "zsh", "fish"] {
            let script = try await home.succeed("--generate-completion-script", shell).output
            #expect(script.contains("descord"))
            #expect(script.contains("passphrase-fd"))
        }
    }

    private func complete(_ home: TestHome, _ arguments: [String]) async throws -> [String] {
        let run = try await home.run(
            program: TestHome.binary, ["---completion"] + arguments + ["0", "0", "descord"])
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        return run.lines
    }
}
