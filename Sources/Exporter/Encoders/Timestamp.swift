/// Points in time as text, in UTC and the Gregorian calendar, without the C library's locale and time zone.
enum Timestamp {
    static let second: Int64 = 1_000_000_000

    /// Date and time of day of a number of seconds since the Unix epoch.
    struct Civil: Equatable {
        var year: Int64
        var month: Int64
        var day: Int64
        var secondOfDay: Int64
        /// 0 is Sunday.
        var weekday: Int
    }

    /// `2026-11-21T02:30:14.5Z`; the fraction only as long as it must be.
    static func rfc3339(_ nanoseconds: Int64) -> String {
        let seconds = floorDivide(nanoseconds, second)
        let civil = civil(seconds)
        var text = "\(padded(civil.year, 4))-\(padded(civil.month))-\(padded(civil.day))T\(clock(civil.secondOfDay))"
        let rest = nanoseconds - seconds * second
        if rest > 0 {
            var fraction = padded(rest, 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        return text + "Z"
    }

    /// `Sat, 21 Nov 2026 02:30:14 GMT` (RFC 9110, section 5.6.7).
    static func httpDate(_ nanoseconds: Int64) -> String {
        let civil = civil(floorDivide(nanoseconds, second))
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let date = "\(padded(civil.day)) \(months[Int(civil.month) - 1]) \(padded(civil.year, 4))"
        return "\(days[civil.weekday]), \(date) \(clock(civil.secondOfDay)) GMT"
    }

    /// The opposite of ``rfc3339(_:)``, with any offset; `nil` when the text is no such time between 1970 and 2261.
    static func parse(_ text: String) -> Int64? {
        var scanner = DigitScanner(text)
        guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2), scanner.skip("-"),
            let day = scanner.digits(2), scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.digits(2), scanner.skip(":"), let minute = scanner.digits(2), scanner.skip(":"),
            let sec = scanner.digits(2), let fraction = scanner.fraction(), let offset = scanner.offset(),
            scanner.isAtEnd, (1970...2261).contains(year), (1...12).contains(month), hour < 24, minute < 60, sec < 60,
            (1...daysIn(month, year)).contains(day)
        else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + sec - offset
        return seconds * second + fraction
    }

    /// Seconds since the Unix epoch, with at most nine digits after a point; `nil` for anything else, and after 2255.
    static func parseUnix(_ text: String) -> Int64? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard digits.utf8.count <= 10, let seconds = Int64(digits), seconds <= 9_000_000_000 else { return nil }
        var scanner = DigitScanner(String(text.dropFirst(digits.count)))
        guard let fraction = scanner.fraction(), scanner.isAtEnd else { return nil }
        return seconds * second + fraction
    }

    private static func daysIn(_ month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970-01-01 of a date; eras of 400 years that start on 1 March
    /// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = floorDivide(year, 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func civil(_ seconds: Int64) -> Civil {
        let epochDays = floorDivide(seconds, 86_400)
        let shifted = epochDays + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return Civil(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, secondOfDay: seconds - epochDays * 86_400,
            weekday: Int((epochDays % 7 + 11) % 7))
    }

    private static func clock(_ second: Int64) -> String {
        "\(padded(second / 3_600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
    }

    private static func padded(_ value: Int64, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }
}

/// Reads fixed-width numbers from the front of a text.
struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func digits(_ count: Int) -> Int64? {
        guard rest.count >= count else { return nil }
        var value: Int64 = 0
        for byte in rest.prefix(count) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        rest = rest.dropFirst(count)
        return value
    }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: scalar) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Nanoseconds of an optional `.123`; `nil` for a point without digits or with more than nine.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        var value: Int64 = 0
        var count = 0
        while count < 9, let digit = digits(1) {
            value = value * 10 + digit
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC: `Z`, `+02:00`.
    mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let isEast = skip("+")
        guard isEast || skip("-"), let hours = digits(2), skip(":"), let minutes = digits(2), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return isEast ? seconds : -seconds
    }
}
