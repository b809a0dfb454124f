import Backends
import Bytes
import Testing
import Transport

/// The small values that every store goes by.
@Suite struct ValueTests {
    @Test func `one seed gives one sequence of UUIDs, another seed another`() {
        let (a, b, c) = (RandomSource(seed: 7), RandomSource(seed: 7), RandomSource(seed: 8))
        let first = (0..<50).map { _ in a.uuid() }
        #expect(first == (0..<50).map { _ in b.uuid() })
        #expect(Set(first).count == 50)
        #expect(c.uuid() != first[0])
        #expect(RandomSource().uuid() != RandomSource().uuid())
    }

    @Test func `a UUID has its version, its variant and its dashes`() {
        let random = RandomSource(seed: 1)
        for _ in 0..<100 {
            let text = random.uuid()
            #expect(text.count == 36)
            for index in [8, 13, 18, 23] { #expect(text[index] == UInt8(ascii: "-")) }
            #expect(text[14] == UInt8(ascii: "4"))
            #expect(Array("89ab".utf8).contains(text[19]))
            #expect(text.allSatisfy { Array("0123456789abcdef-".utf8).contains($0) })
        }
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("+5", 5), ("007", 7), ("-12", -12),
        ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
    ])
    func `an integer is read as Go reads it`(text: String, number: Int64) throws {
        #expect(try GoInteger.parse(text) == number)
    }

    @Test(arguments: ["", "-", "+", " 1", "1 ", "1.0", "0x1", "1e3", "--1", "٣", "1_0"])
    func `what is no integer to Go is a syntax error`(text: String) {
        #expect(throws: GoInteger.ParseError.syntax) { try GoInteger.parse(text) }
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "1" + String(repeating: "0", count: 40),
    ])
    func `what does not fit is out of range`(text: String) {
        #expect(throws: GoInteger.ParseError.range) { try GoInteger.parse(text) }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
        (1_787_343_129, "2026-08-21T20:12:09Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
    ])
    func `a time is written as RFC 3339 in UTC`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).rfc3339 == text)
    }

    @Test func `a time beyond all bounds stands at the bound`() {
        #expect(Timestamp(seconds: 1).adding(seconds: .max).nanoseconds == .max)
        #expect(Timestamp(seconds: -1).adding(seconds: .min).nanoseconds == .min)
        #expect(Timestamp(seconds: .max).nanoseconds == .max)
        #expect(Timestamp(rfc3339: "9999-12-31T23:59:59.5Z")?.nanoseconds == .max)
        #expect(Timestamp(rfc3339: "0001-01-01T00:00:00Z")?.nanoseconds == .min)
        // What cannot be told apart from the ends is told all the same.
        #expect(Timestamp(nanoseconds: .max).rfc3339 == "2262-04-11T23:47:16Z")
        #expect(
            Timestamp(nanoseconds: .min).rfc3339WithFraction == "1677-09-21T00:12:43.145224192Z")
        let ends = (first: Timestamp(nanoseconds: .min), last: Timestamp(nanoseconds: .max))
        #expect(ends.last.nanoseconds(since: ends.first) == .max)
        #expect(ends.first.nanoseconds(since: ends.last) == .min)
        #expect(Timestamp(seconds: 3).nanoseconds(since: Timestamp(seconds: 2)) == 1_000_000_000)
        #expect(Timestamp(nanoseconds: -1).seconds == -1)
        #expect(Timestamp(nanoseconds: 1_999_999_999).seconds == 1)
    }

    @Test func `a manual clock moves when it is told to`() throws {
        let clock = SandboxClock(.manual, at: Timestamp(seconds: 10), on: try Reactor())
        #expect(clock.now == Timestamp(seconds: 10))
        clock.move(by: .milliseconds(1500))
        #expect(clock.now.nanoseconds == 11_500_000_000)
    }

    @Test func `keys of canonically equal texts are different keys`() {
        #expect(StateKey("é".utf8) != StateKey("e\u{301}".utf8))
        #expect(StateKey("a".utf8) == StateKey([0x61]))
        #expect(StateKey("a".utf8).hashValue == StateKey([0x61]).hashValue)
    }
}
