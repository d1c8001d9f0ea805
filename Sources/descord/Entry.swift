import DescordCLI
import Foundation

/// The process: everything is in `Program`.
@main
struct Entry {
    static func main() async {
        await Program.main(network: LiveNetwork(environment: ProcessInfo.processInfo.environment))
    }
}
