import Bytes
import Testing

@Suite struct GoDurationTests {
    /// As Go's own table for time.ParseDuration has them.
    @Test(arguments: [
        ("0", Duration.zero), ("5s", .seconds(5)), ("30s", .seconds(30)), ("1478s", .seconds(1478)),
        ("-5s", .seconds(-5)), ("+5s", .seconds(5)), ("-0", .zero), ("+0", .zero),
        ("5.0s", .seconds(5)), ("5.6s", .milliseconds(5600)), ("5.s", .seconds(5)),
        (".5s", .milliseconds(500)), ("1.004s", .milliseconds(1004)), ("10ns", .nanoseconds(10)),
        ("11us", .microseconds(11)), ("12µs", .microseconds(12)), ("12μs", .microseconds(12)),
        ("13ms", .milliseconds(13)), ("14s", .seconds(14)), ("15m", .seconds(900)),
        ("16h", .seconds(57_600)), ("3h30m", .seconds(12_600)),
        ("10.5s4m", .milliseconds(250_500)), ("-2m3.4s", .milliseconds(-123_400)),
        ("1h2m3s4ms5us6ns", .nanoseconds(3_723_004_005_006)),
    ])
    func `a duration is read as Go reads it`(text: String, duration: Duration) throws {
        let parsed = try #require(GoDuration.parse(text))
        // Go counts whole nanoseconds.
        let difference = parsed - duration
        #expect(difference < .nanoseconds(1) && difference > .nanoseconds(-1))
    }

    @Test(arguments: [
        "", "3", "-", "s", ".", "-.", ".s", "+.s", "1d", "1 s", " 1s", "1s ", "1S", "1e3s", "1..5s",
        "--1s", "1s-1s", "١s", "9223372036.9h", "00:01",
    ])
    func `what Go does not read is refused`(text: String) {
        #expect(GoDuration.parse(text) == nil)
    }
}

extension GoDurationTests {
    @Test(
        arguments: [
            (.zero, "0s"), (.milliseconds(200), "200ms"),
            (.nanoseconds(652_232_691), "652.232691ms"),
            (.seconds(5), "5s"), (.milliseconds(1500), "1.5s"), (.seconds(60), "1m0s"),
            (.seconds(3661), "1h1m1s"), (.nanoseconds(1500), "1.5µs"), (.nanoseconds(7), "7ns"),
            (.milliseconds(-1500), "-1.5s"),
        ] as [(Duration, String)])
    func `a duration is written as Go writes it`(duration: Duration, text: String) {
        #expect(GoDuration.text(duration) == text)
    }
}
