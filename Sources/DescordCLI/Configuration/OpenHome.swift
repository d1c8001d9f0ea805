import DescordCore
import DescordCrypto
import DescordStore
import Glibc
import LibP2PCore

/// A home whose identity was unlocked and whose database is open: what commands and sessions work on.
package final class OpenHome: Sendable {
    /// The directory.
    package let home: Home
    /// The device's key.
    package let key: Ed25519.PrivateKey
    /// The database.
    package let store: Store
    /// The database in the commands' words.
    package let records: Records

    /// Opens a home: 78 without an identity or with a newer database, 77 when the key stays closed.
    package init(opening home: Home, passphrase: PassphraseSource) throws(CommandError) {
        self.home = home
        let file: KeyFile
        do {
            file = try home.readKey()
        } catch .key(.passphraseNeeded) {
            file = try Self.unlock(home, passphrase)
        } catch {
            throw CommandError(error)
        }
        self.key = file.privateKey
        do {
            self.store = try Store.open(home: home, key: file.privateKey)
        } catch {
            throw CommandError(error, database: home.databasePath)
        }
        self.records = Records(self.store)
    }

    /// The directory's absolute path.
    package var directory: String { self.home.path }
    /// The peer id of this home.
    package var peerID: PeerID { PeerID(self.key.publicKey) }

    private static func unlock(_ home: Home, _ source: PassphraseSource) throws(CommandError) -> KeyFile {
        guard let passphrase = try source.passphrase(prompt: "Passphrase of \"\(home.keyPath)\": ") else {
            throw CommandError(HomeFailure.key(.passphraseNeeded))
        }
        do {
            return try home.readKey(passphrase: passphrase)
        } catch {
            throw CommandError(error)
        }
    }
}

extension Home {
    /// Finds the home of an invocation.
    package static func find(option: String?, environment: [String: String]) throws(CommandError) -> Home {
        if let option, option.isEmpty { throw CommandError(.usage, .badValue, "--home needs a directory") }
        do {
            return try Home.locate(option: option, environment: environment)
        } catch {
            throw CommandError(error)
        }
    }

    /// The history of the REPL.
    package var historyPath: String { self.path + "/history" }

    /// The configuration files that are asked, the home's first.
    package func configurationPaths(_ environment: [String: String]) -> [String] {
        var paths = [self.configPath]
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
            paths.append(base + "/descord/config.json")
        } else if let user = environment["HOME"], !user.isEmpty {
            paths.append(user + "/.config/descord/config.json")
        }
        return paths
    }
}

extension CommandError {
    /// Explains what is wrong with a home.
    package init(_ failure: HomeFailure) {
        switch failure {
        case .noLocation:
            self.init(
                .configuration, .badConfiguration,
                "there is no place for a home: neither HOME nor DESCORD_HOME is set", hint: "--home DIR")
        case .noIdentity(let path):
            self.init(
                .configuration, .noIdentity, "there is no identity at \"\(path)\"", hint: "descord keygen")
        case .identityExists(let path):
            self.init(
                .notPermitted, .identityExists, "there is an identity already: \"\(path)\"",
                hint: "descord id shows it; descord keygen --force replaces it")
        case .looseMode(let path, _):
            self.init(
                .notPermitted, .keyFileMode, "others can read the key file \"\(path)\"",
                hint: "chmod 600 \(ShellWords.quoted(path))")
        case .key(let failure): self.init(failure)
        case .system(let operation, let path, let code):
            self.init(
                .inputOutput, failure.isFull ? .diskFull : .inputOutput,
                "\(operation) of \"\(path)\" failed: \(SystemText.error(code))")
        }
    }

    private init(_ failure: KeyFileFailure) {
        switch failure {
        case .passphraseNeeded:
            self.init(
                .notPermitted, .passphraseNeeded,
                "the key is encrypted, and there is nobody to ask for a passphrase",
                hint: "--passphrase-fd N, or DESCORD_PASSPHRASE_FILE")
        case .wrongPassphrase:
            self.init(
                .notPermitted, .wrongPassphrase, "the passphrase does not open the key",
                hint: "try again; a damaged key file looks the same")
        case .outOfMemory:
            self.init(.inputOutput, .inputOutput, "there is not enough memory to unlock the key")
        case .unsupportedVersion(let version):
            self.init(
                .configuration, .badKeyFile, "the key file is of version \(version), newer than this descord",
                hint: "install a newer descord")
        case .notAKeyFile, .damaged, .excessiveParameters:
            self.init(
                .configuration, .badKeyFile, "the key file is damaged, or is none",
                hint: "put a copy of it back; descord keygen --force makes another identity")
        }
    }

    /// Explains what the database says.
    package init(_ failure: StoreError, database path: String? = nil) {
        let file = path.map { "the database \"\($0)\"" } ?? "the database"
        switch failure {
        case .newerVersion(let found, let supported):
            self.init(
                .configuration, .newerDatabase,
                "\(file) is of version \(found), newer than this descord, which knows \(supported)",
                hint: "install a newer descord")
        case .full:
            self.init(
                .inputOutput, .diskFull, "the disk is full: nothing was stored",
                hint: "free some space and run the command again")
        case .readOnly:
            self.init(
                .inputOutput, .inputOutput, "\(file) cannot be written",
                hint: "check the owner and mode of the home, and that its disk is not mounted read-only")
        case .corrupt(let reason):
            self.init(
                .inputOutput, .databaseUnreadable, "\(file) is damaged: \(reason)",
                hint: "move it away, and fetch the spaces again from their members")
        case .busy:
            self.init(
                .inputOutput, .inputOutput, "\(file) is held by another process for too long",
                hint: "run the command again")
        case .failed(let reason): self.init(.inputOutput, .inputOutput, "\(file) failed: \(reason)")
        case .unknownSpace:
            self.init(
                .badInput, .unknownReference, "this home holds no such space", hint: "descord space list")
        case .badQuery:
            self.init(
                .badInput, .badQuery, "the query is none in the syntax of FTS5",
                hint: "words need no --fts; with it, quote what is no operator: '\"c++\" OR swift*'")
        case .unknownTarget:
            self.init(
                .badInput, .unknownReference, "the space has no such thing, or no longer")
        case .notPermitted:
            self.init(
                .notPermitted, .notPermitted, "the space does not permit it",
                hint: "descord space info shows your rank")
        case .clockBehind(let seconds):
            self.init(
                .notPermitted, .notPermitted,
                "the space does not permit it, as far as it can be followed: its newest operations are "
                    + "\(Count.text(Int(seconds), "second")) ahead of this machine's clock",
                hint: "set the clock if it is slow, or try again when their time has come")
        case .forkedKey:
            self.init(
                .configuration, .forkedKey,
                "another home writes with the same key, and the two contradict each other",
                hint: "descord space info shows the fork; make a new identity for one of the homes")
        case .operation(.tooLarge): self = TextInput.tooLarge
        case .operation(let reason): self.init(.badInput, .notPermitted, "it makes no operation: \(reason)")
        case .filesFull:
            self.init(
                .inputOutput, .filesFull,
                "the files of this space take all the room that they may: \(FileLimits.maxSpaceSize) bytes",
                hint: "delete messages whose files nobody needs any more")
        case .clockExhausted:
            self.init(
                .configuration, .badConfiguration, "the clock is at its end", hint: "set the system's clock")
        case .unknownReference(let text):
            self.init(.badInput, .unknownReference, "there is nothing called \"\(text)\"")
        case .ambiguousReference(let text, let candidates):
            self.init(
                .badInput, .ambiguousReference, "\"\(text)\" fits \(candidates.count) things",
                hint: "give more of the id", details: candidates.map { "\($0.id)  \($0.name ?? "")" })
        }
    }
}
