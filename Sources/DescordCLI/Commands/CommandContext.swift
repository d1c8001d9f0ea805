import DescordStore
import Glibc
import LibP2P
import LibP2PCore
import Synchronization

/// The process's surroundings, as values, so that tests and the REPL can bring their own.
package struct Surroundings: Sendable {
    package var environment: [String: String]
    package var network: any NetworkProvider
    package var sink: any LineSink
    /// Whether standard input holds the commands themselves, so that none of them may read it.
    package var inputIsTaken = false
    /// Whether this runs inside the interactive shell, where dangerous commands ask.
    package var isInteractive: Bool
    /// What the process spent before `main`, and when that was.
    package var startUp: Duration
    package var startedAt: ContinuousClock.Instant

    package init(
        environment: [String: String], network: any NetworkProvider, sink: any LineSink = DescriptorSink(),
        isInteractive: Bool = false
    ) {
        self.environment = environment
        self.network = network
        self.sink = sink
        self.isInteractive = isInteractive
        var time = timespec()
        // What a process does before `main` is work, not waiting: its processor time is its age.
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        self.startUp = .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        self.startedAt = .now
    }

    /// Since the process was started.
    package var age: Duration { self.startUp + (.now - self.startedAt) }
}

/// What one command works with: its options, its output, the home, and a session of the network when it needs
/// one.
///
/// Belongs to the task that runs the command; the home and the session are opened by their first use.
package final class CommandContext {
    package let surroundings: Surroundings
    package let options: GlobalOptions
    package let settings: Settings
    /// The profile of the settings; descord's own where a command needs none.
    package let profile: GossipSubProfile
    package let directory: Home
    package let output: Output
    package let shared: SharedState

    /// What the commands of a REPL share: one open home, one session.
    package final class SharedState: Sendable {
        private let state = Mutex<(home: OpenHome?, session: (any NetworkSession)?)>((nil, nil))

        package init() {}

        var home: OpenHome? {
            get { self.state.withLock { $0.home } }
            set { self.state.withLock { $0.home = newValue } }
        }

        var session: (any NetworkSession)? {
            get { self.state.withLock { $0.session } }
            set { self.state.withLock { $0.session = newValue } }
        }
    }

    package init(
        options: GlobalOptions, surroundings: Surroundings, shared: SharedState = SharedState(),
        toleratesBadSettings: Bool = false, needsProfile: Bool = true, needsHome: Bool = true
    ) throws(CommandError) {
        self.surroundings = surroundings
        self.options = options
        self.shared = shared
        let directory: Home
        do throws(CommandError) {
            directory = try Home.find(option: options.home, environment: surroundings.environment)
        } catch {
            guard !needsHome else { throw error }
            directory = Home(path: "/dev/null")  // a place where nothing can be
        }
        self.directory = directory
        var files: [ConfigurationFile] = []
        if !toleratesBadSettings {
            for path in directory.configurationPaths(surroundings.environment) {
                files.append(try ConfigurationFile(path: path))
            }
        }
        let settings = try Settings(options: options, environment: surroundings.environment, files: files)
        self.profile =
            toleratesBadSettings || !needsProfile ? .descord : try ProfileSource(settings.profile).valid()
        self.settings = settings
        self.output = Output(
            isJSON: settings.flag(.json), isQuiet: settings.flag(.quiet), verbosity: settings.verbosity,
            environment: surroundings.environment, isTerminal: StandardStreams.isTerminal(1),
            errorIsTerminal: StandardStreams.isTerminal(2), sink: surroundings.sink)
    }

    /// The wall clock, read once a call.
    package var now: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Where the passphrase of the key comes from.
    package func passphrase() throws(CommandError) -> PassphraseSource {
        func named(_ name: String) -> String? {
            self.surroundings.environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        var descriptor = self.options.passphraseDescriptor
        if descriptor == nil, let text = named("DESCORD_PASSPHRASE_FD") {
            descriptor = DescriptorArgument(argument: text)
            guard descriptor != nil else {
                throw CommandError(
                    .usage, .badValue, "DESCORD_PASSPHRASE_FD is no number of a descriptor: \"\(text)\"")
            }
        }
        return PassphraseSource(descriptor: descriptor?.number, file: named("DESCORD_PASSPHRASE_FILE"))
    }

    /// How long the network part of a command that ends by itself may take.
    package var deadline: Duration { self.settings.timeout }

    /// How long a command that stays may take: for ever, unless somebody said otherwise.
    package var stayingDeadline: Duration? { self.settings.namesTimeout ? self.settings.timeout : nil }

    /// The home, opened by the first call.
    package func home() throws(CommandError) -> OpenHome {
        if let home = self.shared.home { return home }
        let home = try OpenHome(opening: self.directory, passphrase: self.passphrase())
        self.shared.home = home
        return home
    }

    /// Whether a session was opened already.
    package var hasSession: Bool { self.shared.session != nil }

    /// The session of the network, opened by the first call; signals end it properly from now on.
    ///
    /// What the node notices is said on `output`, the command's own when there is none.
    package func session(
        _ purpose: NetworkConfiguration.Purpose, noticing output: Output? = nil
    ) async throws -> any NetworkSession {
        if let session = self.shared.session {
            // In a REPL the session is older than the command, and what the command names is dialled now.
            for address in self.options.connect {
                _ = try await session.dial(address.address, deadline: self.deadline)
            }
            return session
        }
        var configuration = try self.network(purpose, self.home())
        let output = output ?? self.output
        configuration.warn = { output.warn($0) }
        Interruption.watch()
        let session = try await self.surroundings.network.open(configuration)
        self.shared.session = session
        return session
    }

    /// What a session of this command is opened with.
    package func network(
        _ purpose: NetworkConfiguration.Purpose, _ home: OpenHome
    ) throws(CommandError) -> NetworkConfiguration {
        NetworkConfiguration(
            purpose: purpose, home: home, connect: self.settings.addresses(.connect),
            listen: self.settings.addresses(.listen), usesMDNS: self.settings.flag(.mdns),
            profile: self.profile, traceFile: self.options.trace, verbosity: self.output.verbosity)
    }

    /// The configuration files, read now.
    package func configurationFiles() throws(CommandError) -> [ConfigurationFile] {
        var files: [ConfigurationFile] = []
        for path in self.directory.configurationPaths(self.surroundings.environment) {
            files.append(try ConfigurationFile(path: path))
        }
        return files
    }

    /// Leaves the mesh properly, when a session was opened.
    package func leave() async {
        guard let session = self.shared.session else { return }
        self.shared.session = nil
        await session.leave()
    }
}
