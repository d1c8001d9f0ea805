import Glibc

/// Memory on huge pages, for worlds of thousands of nodes: they are spread over hundreds of MiB, each event
/// touches a few dozen places of them, and what it mostly waits for is the translation of addresses.
enum HugePages {
    private static let variable = "GLIBC_TUNABLES"
    /// One arena, on huge pages, that takes 512 MiB of addresses at a time.
    private static let tunables =
        "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=536870912:glibc.malloc.arena_max=1"

    /// Begins the program anew with them, because the allocator listens to such wishes at its start alone.
    ///
    /// Comes back when the program was begun so already, when somebody else has wishes, or when it is not
    /// possible; then the same happens, and takes longer.
    static func beginAnew() {
        guard CommandLine.arguments.dropFirst().first == "sim", getenv(self.variable) == nil else { return }
        setenv(self.variable, self.tunables, 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
    }
}
