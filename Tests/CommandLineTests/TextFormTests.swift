import DescordCLI
import LibP2PCore
import Testing

/// Times, ages, JSON, cleaning and words: the forms of text, without a process.
@Suite struct TextFormTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (951_782_400_123, "2000-02-29T00:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
        (Int64.min, "0000-01-01T00:00:00.000Z"),
    ])
    func timesAreWrittenAndReadBack(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp.format(WallTime(milliseconds: milliseconds)) == text)
        if milliseconds.magnitude < 1 << 50 { #expect(Timestamp.parse(text)?.milliseconds == milliseconds) }
    }

    @Test func offsetsFractionsAndDatesAloneAreRead() {
        let noon = Timestamp.parse("2026-11-21T12:00:00Z")
        #expect(noon != nil)
        for same in [
            "2026-11-21T13:30:00+01:30", "2026-11-21t12:00:00z", "2026-11-21 12:00:00.0000Z",
            "2026-11-20T23:00:00-13:00",
        ] { #expect(Timestamp.parse(same) == noon, "\(same)") }
        #expect(Timestamp.parse("2026-11-21") == Timestamp.parse("2026-11-21T00:00:00Z"))
        for wrong in [
            "", "2026", "2026-13-01", "2026-02-29", "2026-11-21T24:00:00Z", "2026-11-21T12:00:00",
            "2026-11-21T12:00Z",
            "2026-11-21T12:00:00.Z", "2026-11-21T12:00:00Zx", "1e9",
        ] { #expect(Timestamp.parse(wrong) == nil, "\(wrong)") }
    }

    @Test func agesAreNumbersWithUnits() {
        #expect(Timestamp.parseAge("10m") == .seconds(600))
        #expect(Timestamp.parseAge("1h30m") == .seconds(5_400))
        #expect(Timestamp.parseAge("7d") == .seconds(604_800))
        #expect(Timestamp.parseAge("2w") == .seconds(1_209_600))
        for wrong in ["", "m", "10", "10x", "1.5h", "-1h", "99999999999999999999s", "9999999999999w"] {
            #expect(Timestamp.parseAge(wrong) == nil, "\(wrong)")
        }
    }

    @Test func escapeSequencesGoWhole() {
        let cases = [
            ("plain text", "plain text"), ("a\u{1b}[1;31mb", "ab"), ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\b", "ab"), ("a\u{9b}2Jb", "ab"), ("a\u{90}q\u{9c}b", "ab"),
            ("a\u{1b}(Bb", "ab"), ("a\u{1b}cb", "ab"), ("a\u{1b}", "a"), ("a\u{7}\u{8}\u{7f}b", "ab"),
            ("a\u{202e}b\u{2066}c\u{200f}d\u{feff}", "abcd"), ("a\tb", "a b"), ("a\r\nb", "a b"),
            ("é\u{1f600}", "é\u{1f600}"),
            ("a\u{1b}]0;never ends", "a"), ("a\u{1b}]0;never\nends", "a ends"),
        ]
        for (text, clean) in cases { #expect(TerminalText.clean(text) == clean, "\(text.debugDescription)") }
        #expect(TerminalText.clean("a\n\tb\u{1b}[m", keepsLines: true) == "a\n\tb")
    }

    @Test func noTextReachesATerminalWithAControlInIt() {
        let seed = UInt64(20_261_121)
        var chance = PRNG(seed: seed)
        let alphabet: [Unicode.Scalar] = [
            "\u{1b}", "[", "]", "\\", "\u{7}", "\u{9b}", "\u{9d}", "\u{9c}", "\u{90}", "a", ";", "0", "m",
            "\n", "\t",
            "\u{202e}", "\u{8}", "(", "P", "_", "\u{7f}", "é",
        ]
        let count = 20_000
        for _ in 0..<count {
            var text = String.UnicodeScalarView()
            for _ in 0..<chance.below(24) { text.append(alphabet[chance.below(alphabet.count)]) }
            let clean = TerminalText.clean(String(text), keepsLines: true)
            #expect(!clean.unicodeScalars.contains { TerminalText.isHarmful($0) })
            #expect(TerminalText.clean(clean, keepsLines: true) == clean)
        }
        print("TerminalText: \(count) texts, seed \(seed)")
    }

    @Test func jsonKeepsTheOrderAndEscapesControls() {
        let value: JSONValue = [
            "z": 1, "a": [true, nil, "q\"\\\n\u{1b}\u{7f}\u{9b}\u{202e}\u{2028}é\u{1f600}"],
            "n": .number(1.5),
            "whole": .number(3), "infinite": .number(.infinity),
        ]
        #expect(
            value.line
                == #"{"z":1,"a":[true,null,"q\"\\\n\u001b\u007f\u009b\u202e\u2028é"# + "\u{1f600}"
                + #""],"n":1.5,"whole":3,"infinite":null}"#)
    }

    @Test func wordsAreSplitAsAShellDoes() {
        #expect(
            ShellWords.split(#"post  "two words" 'it''s' a\ b "a \" b" """#) == [
                "post", "two words", "its", "a b", "a \" b", "",
            ])
        #expect(ShellWords.split("don't") == nil)
        #expect(ShellWords.split("") == [])
        #expect(ShellWords.quoted("/a/b-c.d") == "/a/b-c.d")
        #expect(ShellWords.split(ShellWords.quoted("it's $(a) `b`")) == ["it's $(a) `b`"])
    }

    @Test func aTypedLineIsACommandOrText() {
        let commands: Set<String> = ["post", "log", "help", "create-space"]
        func line(_ text: String) -> ShellLine { ShellLine(typed: text, commands: commands) }
        #expect(line("hello there") == .text("hello there"))
        #expect(line("log -n 1") == .command(["log", "-n", "1"]))
        #expect(line(" log is a word") == .text("log is a word"))
        #expect(line("/nosuch x") == .command(["nosuch", "x"]))
        #expect(line("/quit") == .quit)
        #expect(line("quit") == .text("quit"))
        #expect(line("  ") == .empty)
        #expect(line("/") == .empty)
        #expect(line("post don't") == .malformed("a quotation mark is not closed"))
        #expect(line("don't") == .text("don't"))
        #expect(
            line("create-space \"Test Space\"") == .command(["space", "create", "--public", "Test Space"]))
        #expect(ShellLine(script: "list-messages general") == .command(["log", "--channel", "general"]))
    }

    @Test func historyForgetsSecrets() {
        #expect(History.keeps("post hello"))
        #expect(!History.keeps("space join descord1qqqq"))
        #expect(!History.keeps("space join DESCORD1QQQQ"))
        #expect(!History.keeps("two\nlines"))
        #expect(!History.keeps("  "))
    }

    @Test func misspeltWordsAreNear() {
        #expect(EditDistance.between("post", "pots") == 2)
        #expect(EditDistance.between("", "abc") == 3)
        #expect(EditDistance.between("listen", "listen") == 0)
    }
}
