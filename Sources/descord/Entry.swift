import DescordCLI
import Foundation

/// The process: everything is in `CommandLineProgram`.
@main
struct Entry {
    static func main() async {
        await CommandLineProgram.main(network: LiveNetwork(environment: ProcessInfo.processInfo.environment))
    }
}
