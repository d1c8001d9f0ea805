import Glibc
import LibP2PCore

/// The operating system's clocks.
public enum SystemClock {
    /// Reads the wall clock.
    public static let wallTime: @Sendable () -> WallTime = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return WallTime(milliseconds: Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000)
    }
}
