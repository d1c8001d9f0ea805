import Foundation
import Testing

/// `search`: words in, messages out.
@Suite struct SearchCommandTests {
    private func texts(_ home: TestHome, _ arguments: String...) async throws -> [String?] {
        try await home.run(program: TestHome.binary, ["search", "--json"] + arguments).objects()
            .map { $0["text"] as? String }
    }

    @Test func everyWordHasToBeThereAndNoneIsAnOperator() async throws {
        let home = try await TestHome.made(space: "ops")
        for text in ["the build is green", "the build is red OR dead", "C++ at 50%", "it's \"quoted\""] {
            try await home.succeed("post", text)
        }
        #expect(try await self.texts(home, "green", "build") == ["the build is green"])
        #expect(try await self.texts(home, "build").count == 2)
        #expect(try await self.texts(home, "green OR red") == [])
        #expect(try await self.texts(home, "red OR dead") == ["the build is red OR dead"])
        #expect(try await self.texts(home, "\"build is\" GREEN") == ["the build is green"])
        #expect(try await self.texts(home, "\"is build\"") == [])
        #expect(try await self.texts(home, "c++ 50%") == ["C++ at 50%"])
        #expect(try await self.texts(home, "it's") == ["it's \"quoted\""])
        #expect(try await self.texts(home, "buil") == [])
        #expect(try await self.texts(home, "text:build", "NEAR(", "'; DROP TABLE operations; --") == [])
        #expect(try await self.texts(home, "--fts", "green OR red").count == 2)
        #expect(try await self.texts(home, "--fts", "buil* NOT red") == ["the build is green"])
    }

    @Test func theOptionsAreThoseOfTheLog() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("channel", "create", "builds")
        for number in 1...3 { try await home.succeed("post", "-c", "general", "word \(number)") }
        try await home.succeed("post", "-c", "builds", "word b")
        #expect(try await self.texts(home, "word", "-n", "2") == ["word 3", "word b"])
        #expect(try await self.texts(home, "word", "-c", "builds") == ["word b"])
        #expect(try await self.texts(home, "word", "--until", "1h") == [])
        #expect(try await self.texts(home, "word", "--since", "1h", "--author", "me").count == 4)
        #expect(try await home.succeed("search", "b", "--format", "{channel_name}").output == "builds\n")
        #expect(try await home.succeed("search", "nothing").output.isEmpty)
    }

    @Test func whatIsNoQueryIs65AndShowsNoSQL() async throws {
        let home = try await TestHome.made(space: "ops")
        let long = String(repeating: "word ", count: 101)
        for arguments in [
            ["!!!"], [""], ["\""], [long], ["--fts", "\""], ["--fts", "a AND"], ["--fts", "nosuch: a"],
            ["--fts", " "],
            ["--fts", String(repeating: "(", count: 400) + "a"],
        ] {
            let run = try await home.run(program: TestHome.binary, ["search", "--json"] + arguments)
            #expect(run.code == 65, "\(arguments)")
            #expect(try run.error().code == "bad_query")
            for word in ["SELECT", "MATCH", "SQL", "column", "syntax error"] {
                #expect(!run.errors.contains(word))
            }
        }
        #expect(try await home.run("search").code == 64)
    }
}
