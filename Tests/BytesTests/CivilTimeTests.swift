import Bytes
import Foundation
import Testing

@Suite struct CivilTimeTests {
    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (-2_203_891_200, "Thu, 01 Mar 1900 00:00:00 GMT"),
        ] as [(Int64, String)])
    func `a second since 1970 is a date as RFC 9110 writes it`(second: Int64, date: String) {
        #expect(CivilTime(seconds: second).httpDate == date)
    }

    @Test func `date and time are written apart with their zeros`() {
        let time = CivilTime(seconds: 1_765_000_809)
        #expect(time.date == "2025-12-06")
        #expect(time.time == "06:00:09")
    }

    @Test(arguments: (-27...27).map { Int64($0) * 333_333_333 })
    func `a time goes to its parts and back, and the parts are Foundation's`(
        second: Int64
    ) throws {
        let time = CivilTime(seconds: second)
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(identifier: "GMT"))
        let date = Date(timeIntervalSince1970: Double(second))
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second, .weekday], from: date)
        #expect(time.year == parts.year)
        #expect(time.month == parts.month)
        #expect(time.day == parts.day)
        #expect(time.hour == parts.hour)
        #expect(time.minute == parts.minute)
        #expect(time.second == parts.second)
        #expect(time.weekday + 1 == parts.weekday)
        #expect(
            CivilTime.seconds(
                year: time.year, month: time.month, day: time.day, hour: time.hour,
                minute: time.minute, second: time.second) == second)
    }

    @Test(arguments: [
        [2025, 0, 1, 0, 0, 0], [2025, 13, 1, 0, 0, 0], [2025, 1, 0, 0, 0, 0],
        [2025, 1, 32, 0, 0, 0], [2025, 4, 31, 0, 0, 0], [2025, 2, 29, 0, 0, 0],
        [1900, 2, 29, 0, 0, 0], [2024, 2, 30, 0, 0, 0], [2025, 1, 1, 24, 0, 0],
        [2025, 1, 1, 0, 60, 0], [2025, 1, 1, 0, 0, 61], [2025, 1, 1, -1, 0, 0],
        [100_000, 1, 1, 0, 0, 0], [Int.max, 1, 1, 0, 0, 0], [2025, 1, 1, Int.max, 0, 0],
    ])
    func `what no calendar has is refused`(parts: [Int]) {
        #expect(
            CivilTime.seconds(
                year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4],
                second: parts[5]) == nil)
    }

    @Test(arguments: [[2000, 2, 29], [2024, 2, 29], [2025, 12, 31], [2025, 4, 30]])
    func `the last day of a month is one of its days`(date: [Int]) {
        #expect(
            CivilTime.seconds(
                year: date[0], month: date[1], day: date[2], hour: 23, minute: 59, second: 60)
                != nil)
    }
}
