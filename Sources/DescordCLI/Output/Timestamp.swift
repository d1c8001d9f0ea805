import LibP2PCore

/// Times as text: RFC 3339 in UTC with milliseconds, and ages such as `10m` and `7d`.
package enum Timestamp {
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// Returns `2026-11-21T02:17:49.123Z`. What lies outside of the years 0 to 9999 is clamped to them.
    package static func format(_ time: WallTime) -> String {
        let (least, most): (Int64, Int64) = (-62_167_219_200_000, 253_402_300_799_999)
        let milliseconds = min(max(time.milliseconds, least), most)
        let days = floorDivide(milliseconds, self.millisecondsPerDay)
        let rest = milliseconds - days * self.millisecondsPerDay
        let (year, month, day) = self.civil(fromDays: days)
        return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T" + pad(rest / 3_600_000, 2) + ":"
            + pad(rest / 60_000 % 60, 2) + ":" + pad(rest / 1_000 % 60, 2) + "." + pad(rest % 1_000, 3) + "Z"
    }

    /// Parses RFC 3339 (any offset, any fraction, `T` or a space) or a date alone, which is its beginning in
    /// UTC.
    package static func parse(_ text: some StringProtocol) -> WallTime? {
        var scanner = Scanner(Array(text.utf8)[...])
        guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2),
            scanner.skip("-"),
            let day = scanner.digits(2), (1...12).contains(month),
            (1...self.days(inMonth: month, of: year)).contains(day)
        else { return nil }
        let midnight = self.days(year: year, month: month, day: day) * self.millisecondsPerDay
        if scanner.isAtEnd { return WallTime(milliseconds: midnight) }
        guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "), let hour = scanner.digits(2),
            scanner.skip(":"), let minute = scanner.digits(2), hour <= 23, minute <= 59,
            scanner.skip(":"), let second = scanner.digits(2), second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if scanner.skip(".") {
            guard let milliseconds = scanner.fraction() else { return nil }
            fraction = milliseconds
        }
        guard let offset = scanner.offsetMinutes(), scanner.isAtEnd else { return nil }
        let seconds = hour * 3_600 + (minute - offset) * 60 + min(second, 59)
        return WallTime(milliseconds: midnight + seconds * 1_000 + fraction)
    }

    /// Parses an age: whole numbers with `s`, `m`, `h`, `d` or `w`, largest first or not, such as `1h30m`.
    package static func parseAge(_ text: some StringProtocol) -> Duration? {
        let units: [UInt8: Int64] = [
            UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3_600, UInt8(ascii: "d"): 86_400,
            UInt8(ascii: "w"): 604_800,
        ]
        var total: Int64 = 0
        var number: Int64?
        for byte in text.utf8 {
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                let (scaled, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
                guard !overflow, scaled < 1_000_000_000_000 else { return nil }
                number = scaled + Int64(byte - UInt8(ascii: "0"))
            } else {
                guard let count = number, let unit = units[byte] else { return nil }
                total += count * unit
                guard total < 1_000_000_000_000 else { return nil }
                number = nil
            }
        }
        guard number == nil, !text.isEmpty else { return nil }
        return .seconds(total)
    }

    // MARK: - The calendar

    /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, by 400-year eras that begin in
    /// March.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        a >= 0 ? a / b : -((-a + b - 1) / b)
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Reads fixed-width fields.
    private struct Scanner {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) {
            self.rest = bytes
        }

        var isAtEnd: Bool { self.rest.isEmpty }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard let first = self.rest.first, UInt32(first) == character.value else { return false }
            self.rest.removeFirst()
            return true
        }

        mutating func digits(_ count: Int) -> Int64? {
            guard self.rest.count >= count else { return nil }
            var value: Int64 = 0
            for byte in self.rest.prefix(count) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            self.rest.removeFirst(count)
            return value
        }

        /// Milliseconds of a fraction of any length; what is finer is cut off.
        mutating func fraction() -> Int64? {
            var value: Int64 = 0
            var count = 0
            while let digit = self.digits(1) {
                if count < 3 { value = value * 10 + digit }
                count += 1
            }
            guard count > 0 else { return nil }
            for _ in 0..<max(0, 3 - count) { value *= 10 }
            return value
        }

        mutating func offsetMinutes() -> Int64? {
            if self.skip("Z") || self.skip("z") { return 0 }
            let sign: Int64
            if self.skip("+") { sign = 1 } else if self.skip("-") { sign = -1 } else { return nil }
            guard let hours = self.digits(2), self.skip(":"), let minutes = self.digits(2), hours <= 23,
                minutes <= 59
            else { return nil }
            return sign * (hours * 60 + minutes)
        }
    }
}
