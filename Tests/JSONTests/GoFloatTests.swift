import Testing

@testable import JSON

@Suite struct GoFloatTests {
    @Test(arguments: [
        ("0", "0"), ("-0", "-0"), ("1", "1"), ("-1", "-1"), ("1.5", "1.5"), ("0.1", "0.1"),
        ("0.30000000000000004", "0.30000000000000004"), ("100", "100"), ("1e5", "100000"),
        ("123456789.125", "123456789.125"), ("1e20", "100000000000000000000"),
        ("999999999999999900000", "999999999999999900000"), ("1e21", "1e+21"),
        ("-1.5e21", "-1.5e+21"), ("1e22", "1e+22"), ("1e100", "1e+100"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"), ("1e-6", "0.000001"),
        ("1.5e-6", "0.0000015"), ("9.9e-7", "9.9e-7"), ("1e-7", "1e-7"), ("-2.5e-10", "-2.5e-10"),
        ("5e-324", "5e-324"), ("9007199254740993", "9007199254740992"),
        ("12345678901234567890", "12345678901234567000"), ("3.14159265", "3.14159265"),
    ])
    func `JSON has no exponent between 1e-6 and 1e21`(source: String, text: String) throws {
        let number = try #require(Double(source))
        #expect(GoFloat.json(number) == text)
        #expect(Double(text) == number)
    }

    @Test(
        arguments: [
            (0, "0"), (1, "1"), (-1.5, "-1.5"), (5, "5"), (60, "60"), (0.0001, "0.0001"),
            (0.000_09, "9e-05"), (1e-7, "1e-07"), (100_000, "100000"), (999_999.5, "999999.5"),
            (1_000_000, "1e+06"), (1_234_567, "1.234567e+06"), (123_456_789, "1.23456789e+08"),
            (1e21, "1e+21"), (1e100, "1e+100"), (9_007_199_254_740_992, "9.007199254740992e+15"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"),
        ] as [(Double, String)])
    func `fmt has no exponent between 1e-4 and 1e6`(number: Double, text: String) {
        #expect(GoFloat.general(number) == text)
    }

    @Test func `whatever a number, it reads back as itself`() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 {
            let number = Double(bitPattern: random.next())
            guard number.isFinite else { continue }
            let json = GoFloat.json(number)
            let general = GoFloat.general(number)
            #expect(Double(json) == number)
            #expect(Double(general) == number)
        }
    }
}
