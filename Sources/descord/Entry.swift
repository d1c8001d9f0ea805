import DescordCLI

/// The process: everything is in `CommandLineProgram`.
@main
struct Entry {
    static func main() async {
        await CommandLineProgram.main(network: OfflineNetwork())
    }
}
