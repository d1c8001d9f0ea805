import DescordCLI

@main
struct Entry {
    static func main() async {
        print("descord")
    }
}
