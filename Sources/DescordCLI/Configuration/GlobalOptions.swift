import ArgumentParser
import LibP2PCore

/// The options that every command takes, before or after its name.
///
/// The parser reads them with the root command, wherever they stand, and hands the same value down to the
/// command that runs; that both declare them is also what lists them in every help and completes them in
/// every place.
package struct GlobalOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("Where the identity and the database live.", valueName: "dir"),
        completion: .directory)
    package var home: String?

    @Flag(help: "Print one JSON object a line; errors too, on standard error.")
    package var json = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors on standard error.")
    package var quiet = false

    @Flag(name: .shortAndLong, help: "Say more on standard error; repeat for more.")
    package var verbose: Int

    @Option(
        help: ArgumentHelp(
            "Bound the network part; 10 unless set, none where a command stays.", valueName: "seconds"))
    package var timeout: SecondsArgument?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Dial this address first (repeatable).", valueName: "multiaddr"))
    package var connect: [MultiaddrArgument] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Listen here, without a port on the remembered one (repeatable).", valueName: "multiaddr"))
    package var listen: [MultiaddrArgument] = []

    @Option(
        name: .customLong("profile"), parsing: .singleValue,
        help: ArgumentHelp("The profile of mesh parameters, or a file of them.", valueName: "profile"),
        completion: .profile)
    package var profiles: [String] = []

    @Flag(
        name: .customLong("no-mdns"), help: "Neither look for members on the local network nor answer there.")
    package var noMDNS = false

    @Option(
        name: .customLong("passphrase-fd"),
        help: ArgumentHelp("Read the passphrase of the key from this descriptor.", valueName: "n"))
    package var passphraseDescriptor: DescriptorArgument?

    package init() {}

    /// The profile that holds: the last one that was named. Only `sim compare` takes two.
    package var profile: String? { self.profiles.last }

    /// These options as they hold for a command inside of a REPL that was started with `outer`: the home is
    /// the REPL's.
    package func inside(_ outer: GlobalOptions) -> GlobalOptions {
        var options = self
        options.home = outer.home
        options.json = self.json || outer.json
        options.quiet = self.quiet || outer.quiet
        options.verbose = max(self.verbose, outer.verbose)
        options.timeout = self.timeout ?? outer.timeout
        options.listen = outer.listen
        options.profiles = outer.profiles
        options.noMDNS = outer.noMDNS
        options.passphraseDescriptor = outer.passphraseDescriptor
        return options
    }
}

/// A multiaddr as an argument; what does not parse is a usage error.
package struct MultiaddrArgument: ExpressibleByArgument, Hashable, Sendable {
    package let address: Multiaddr

    package init?(argument: String) {
        guard let address = Multiaddr(parsing: argument) else { return nil }
        self.address = address
    }
}

/// A number of seconds, fractions allowed, 0 to one year.
package struct SecondsArgument: ExpressibleByArgument, Hashable, Sendable {
    private static let maxSeconds = 31_536_000.0

    package let duration: Duration

    package init?(argument: String) {
        guard let seconds = Double(argument), seconds.isFinite, seconds >= 0, seconds <= Self.maxSeconds,
            argument.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) })
        else { return nil }
        self.duration = .milliseconds(Int64((seconds * 1_000).rounded()))
    }

    /// Seconds, as a number for `config`.
    package var seconds: Double { Double(self.duration.wholeMilliseconds) / 1_000 }
}

/// The number of an open descriptor.
package struct DescriptorArgument: ExpressibleByArgument, Hashable, Sendable {
    package let number: Int32

    package init?(argument: String) {
        guard let number = Int32(argument), number >= 0 else { return nil }
        self.number = number
    }
}
