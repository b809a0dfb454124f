import Testing

@testable import YAML

@Suite struct ScalarTests {
    struct Row: CustomTestStringConvertible {
        let text: String
        let core: ScalarValue
        let go: ScalarValue

        init(_ text: String, _ core: ScalarValue, go: ScalarValue? = nil) {
            self.text = text
            self.core = core
            self.go = go ?? core
        }

        var testDescription: String { "`\(text)`" }
    }

    @Test(arguments: [
        Row("", .null), Row("~", .null), Row("null", .null), Row("Null", .null),
        Row("nuLL", .string("nuLL")),
        Row("true", .bool(true)), Row("FALSE", .bool(false)), Row("tRue", .string("tRue")),
        Row("yes", .string("yes"), go: .bool(true)), Row("No", .string("No"), go: .bool(false)),
        Row("on", .string("on"), go: .bool(true)), Row("OFF", .string("OFF"), go: .bool(false)),
        Row("y", .string("y"), go: .bool(true)), Row("n", .string("n"), go: .bool(false)),
        Row("yEs", .string("yEs")),
        Row("0", .int(0)), Row("12", .int(12)), Row("-12", .int(-12)), Row("+12", .int(12)),
        Row("0777", .int(777), go: .int(511)), Row("-0777", .int(-777), go: .int(-511)),
        Row("0o17", .int(15)), Row("+0o17", .string("+0o17"), go: .int(15)),
        Row("0x1F", .int(31)), Row("-0x1F", .string("-0x1F"), go: .int(-31)),
        Row("0x-1F", .string("0x-1F")), Row("0X1f", .string("0X1f"), go: .int(31)),
        Row("0b101", .string("0b101"), go: .int(5)),
        Row("1_000", .string("1_000"), go: .int(1000)),
        Row("1_000.5", .string("1_000.5"), go: .double(1000.5)),
        Row("_1", .string("_1")), Row(".1_0", .string(".1_0")),
        Row("08", .int(8), go: .double(8)), Row("0x", .string("0x")), Row("+-5", .string("+-5")),
        Row("9223372036854775807", .int(.max)), Row("-9223372036854775808", .int(.min)),
        Row("18446744073709551615", .uint(.max)),
        Row("18446744073709551616", .double(18_446_744_073_709_551_616)),
        Row("1.5", .double(1.5)), Row("1.", .double(1)), Row(".5", .double(0.5)),
        Row("-.5e-3", .double(-0.0005)), Row("1e3", .double(1000)), Row("1E+3", .double(1000)),
        Row("1e", .string("1e")), Row(".", .string(".")), Row("-", .string("-")),
        Row("1e400", .string("1e400")), Row("0x1p-2", .string("0x1p-2")),
        Row("1.2.3", .string("1.2.3")), Row("190:20:30", .string("190:20:30")),
        Row(".inf", .double(.infinity)), Row("-.INF", .double(-.infinity)),
        Row("inf", .string("inf")), Row("nan", .string("nan")),
        Row("2024-01-31", .string("2024-01-31")), Row("v1", .string("v1")),
    ])
    func `a plain scalar gets its type by the schema`(row: Row) {
        #expect(YAMLScalar(row.text).value == row.core)
        #expect(YAMLScalar(row.text, schema: .go).value == row.go)
    }

    @Test func `not a number is a float`() throws {
        let double = try #require(try document(".NaN").double)
        #expect(double.isNaN)
    }

    @Test(arguments: ["'12'", "\"true\"", "|-\n  null", ">-\n  12", "!!str 12", "!!str"])
    func `what is quoted, a block or tagged as string is a string`(text: String) throws {
        let node = try document("a: \(text)")
        #expect(try #require(node["a"]).string != nil)
    }

    @Test(arguments: [
        ("!!int '12'", ScalarValue.int(12)), ("!!float 12", .double(12)),
        ("!!bool \"true\"", .bool(true)),
        ("!!null ''", .null), ("!!timestamp 2024-01-31", .string("2024-01-31")),
    ])
    func `a tag gives a quoted scalar a type`(text: String, value: ScalarValue) throws {
        #expect(try document("a: \(text)")["a"]?.scalar?.value == value)
    }

    @Test func `accessors answer nil for other types`() throws {
        let node = try document("{s: x, i: 5, d: 1.5, b: true, n: ~, l: [], m: {}}")
        #expect(node.mapping?.map { $0.value.string } == ["x", nil, nil, nil, nil, nil, nil])
        #expect(node.mapping?.map { $0.value.int } == [nil, 5, nil, nil, nil, nil, nil])
        #expect(node.mapping?.map { $0.value.double } == [nil, 5, 1.5, nil, nil, nil, nil])
        #expect(node.mapping?.map { $0.value.bool } == [nil, nil, nil, true, nil, nil, nil])
        #expect(
            node.mapping?.map(\.value.isNull) == [false, false, false, false, true, false, false])
        #expect(node.mapping?.map { $0.value.text } == ["x", "5", "1.5", "true", "~", nil, nil])
        #expect(
            node.mapping?.map(\.value.kindName) == [
                "a string", "a number", "a number", "a boolean", "nothing", "a list", "a mapping",
            ])
    }

    @Test(arguments: [
        ("yes", "true"), ("Off", "false"), ("0777", "511"), ("1_000", "1000"), ("1.10", "1.1"),
        ("1.0", "1"), ("1e3", "1000"), ("100000.0", "100000"), ("1000000.0", "1e+06"),
        ("1234567.0", "1.234567e+06"), ("0.0001", "0.0001"), ("0.00001", "1e-05"),
        ("-2.5e-10", "-2.5e-10"), ("16777217.0", "1.6777216e+07"), ("0.1", "0.1"), ("0.0", "0"),
        ("12.75", "12.75"), ("1e30", "1e+30"), ("1.5e300", "+Inf"), ("-.inf", "-Inf"),
        (".nan", "NaN"),
        ("18446744073709551615", "18446744073709551615"), ("~", ""), ("text", "text"),
    ])
    func `a Go string field receives a scalar written anew`(text: String, received: String) {
        #expect(YAMLScalar(text, schema: .go).value.goText == received)
    }
}
