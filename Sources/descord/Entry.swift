import DescordCLI

/// The process: everything is in `Program`.
@main
struct Entry {
    static func main() async {
        await Program.main(network: OfflineNetwork())
    }
}
