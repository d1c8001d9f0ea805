import Glibc

/// How many allocations the process made, when `Benchmarks/malloc_count.c` was preloaded to count them.
enum AllocationCount {
    private typealias Function = @convention(c) () -> UInt64

    private static let function: Function? = dlsym(nil, "malloc_count_allocations").map {
        unsafeBitCast($0, to: Function.self)
    }

    static var isCounting: Bool { Self.function != nil }

    /// All since the process began; 0 when nobody counts.
    static var current: UInt64 { Self.function?() ?? 0 }
}
