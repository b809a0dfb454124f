import JSON
import Testing

@testable import CEL

/// What rules say about an event, as a real daprd answered it.
@Suite struct RuleTests {
    static let event = """
        {"id":"1","type":"order.created","source":"cel","specversion":"1.0","traceid":"",
        "datacontenttype":"application/json","time":"2026-08-21T20:12:09Z",
        "data":{"n":5,"s":"5x","list":["a","b","c"],"b":true,"nul":null,"obj":{"k":"v"},
        "ns":"7.5","f":1.5,"big":9007199254740993,"dash-ed":"q","bs":"true"}}
        """

    enum Answer: Sendable {
        case yes
        case no
        case error(String)
    }

    static func answer(to rule: String, about event: String = event) throws -> Answer {
        let program = try CELProgram(rule)
        let event = try JSONValue.parse(Array(event.utf8)[...])
        do throws(CELFailure) {
            return try program.matches(event: event) ? .yes : .no
        } catch {
            return .error(error.text)
        }
    }

    private static func expect(_ rule: String, _ expected: Answer) throws {
        let answer = try answer(to: rule)
        #expect("\(answer)" == "\(expected)", "\(rule)")
    }

    @Test(arguments: [
        #"event.type == "order.created""#, #"event["type"] == "order.created""#,
        #"event.type.startsWith("order.")"#, #"event.type.matches("order\\..*")"#,
        #"event.type in ["order.created","order.updated"]"#,
        "event.data.n == 5", "event.data.n == 5.0", "event.data.n == 5u", "event.data.n > 4",
        "event.data.n in [4,5,6]",
        "event.data.n + 1.0 == 6.0", "int(event.data.n) + 1 == 6", "event.data.n / 2.0 == 2.5",
        "-event.data.n == -5.0", "int(event.data.n) % 2 == 1",
        "event.data.big == 9007199254740993", "event.data.missing == 1 || true",
        #""n" in event.data"#, "event.data.nul == null", "event.data != null", "event != null",
        #"event.data.obj.k == "v""#, #"event.data.obj == {"k":"v"}"#,
        #"event.data.list == ["a","b","c"]"#, "size(event.data.list) == 3",
        "event.data.list.size() == 3", "size(event.data) == 11", "event.data.s.size() == 2",
        #"event.data.list[0] == "a""#, #""b" in event.data.list"#,
        #"event.data.list.exists(x, x == "b")"#, #"event.data.list.exists_one(x, x == "b")"#,
        #"event.data.list.all(x, x != "z")"#,
        #"event.data.list.filter(x, x > "a").size() == 2"#,
        #"event.data.list.map(x, x + "!")[0] == "a!""#,
        #"event.data.list.exists(x, x > 1 || x == "b")"#,
        #"event.data.exists(k, k == "n")"#, #"event.data.s.contains("x")"#,
        #"matches(event.data.s, "^[0-9]x$")"#, #"event.data.s + "y" == "5xy""#,
        "event.data.b", "event.data.b ? true : false", "true",
        #"string(event.data.n) == "5""#, "double(event.data.ns) == 7.5", "bool(event.data.bs)",
        "type(event.data.n) == double", "dyn(event.data.n) == 5", #"event.time < "2099""#,
        #"timestamp(event.time) < timestamp("2099-01-01T00:00:00Z")"#,
        #"duration("1h") > duration("5m")"#, #"event.data["dash-ed"] == "q""#,
        #"event.traceid == """#,
        // White space, comments, kinds of strings.
        " event.data.n\n\t== 5 // five", "event.type == 'order.created'",
        #"r"a\d" == "a\\d""#, #"'''a"b''' == "a\"b""#, "b'a' == b'\\x61'", #""\u00e9" == "é""#,
        // Beyond what was observed.
        "event.data.n >= 5 && event.data.n <= 5 && !(event.data.n < 5)",
        "{1: 'a'}[dyn(1.0)] == 'a'", "[1, 2] + [3] == [1, 2, 3]",
        "event.data.list.map(x, x != 'b', x) == ['a', 'c']",
        "size('é') == 1", "'e\u{301}' != 'é'", "1 == 1 ? true : false", "type(1) == int",
        "type([]) == list", "type(null) == null_type", "type(type(1)) == type",
        "type(timestamp(0)) == google.protobuf.Timestamp", "0x10 == 16", "1e3 == 1000.0",
        ".5 == 0.5", "--1 == 1", "!!true", "uint(5) == 5u", "int(5.9) == 5",
        "has(event.data.obj.k) && !has(event.data.obj.x)", "has(event.data.nul)",
        "[[1], [2]].exists(x, x.exists(y, y == 2))", "'b' in {'b': 1}",
        "string(1000000.0) == '1e+06'", "string(duration('90s')) == '90s'",
        "timestamp('2026-08-21T20:12:09+02:00') == timestamp('2026-08-21T18:12:09Z')",
        "timestamp(event.time) - duration('9s') == timestamp('2026-08-21T20:12:00Z')",
        "timestamp(event.time) - timestamp('2026-08-21T20:12:00Z') == duration('9s')",
        "timestamp(event.time).getFullYear() == 2026", "timestamp(event.time).getMonth() == 7",
        "timestamp(event.time).getDate() == 21", "timestamp(event.time).getDayOfMonth() == 20",
        "timestamp(event.time).getDayOfWeek() == 5", "timestamp(event.time).getDayOfYear() == 232",
        "timestamp(event.time).getHours('+05:00') == 1", "duration('90m').getMinutes() == 90",
        "string(timestamp('2026-08-21T20:12:09.50Z')) == '2026-08-21T20:12:09.5Z'",
        "bytes('a') == b'a'", "string(b'a') == 'a'", "9223372036854775807 > 0",
        "-9223372036854775808 < 0", "1u < 2u", "[1, 'a', null].size() == 3", "{}.size() == 0",
        "event.data.n > 4u", "[event.data.n].all(x, x < 6)", "[1,2,].size() == 2",
    ])
    func `a rule that holds`(rule: String) throws { try Self.expect(rule, .yes) }

    @Test(arguments: [
        "event.data.n != 5", "event.data.n == -5", #"event.data.n == "5""#, "event.data.s == 5",
        #"event.data.b == "true""#, "has(event.data.missing)",
        "has(event.data.missing) && event.data.missing == 1", "event.data.missing == 1 && false",
        #""zz" in event.data"#, #"event.data == "x""#, "!event.data.b", "false",
        "has(event.data.n.foo)", "'A' == 'a'", "[1] == [2]", "event.data.list.exists_one(x, true)",
        "event.data.list.all(x, x > 1 && x != 'a')",
    ])
    func `a rule that does not hold`(rule: String) throws { try Self.expect(rule, .no) }

    @Test(arguments: [
        (#"event.data.n > "4""#, "no such overload"), ("event.data.s > 4", "no such overload"),
        ("event.data.n + 1 == 6", "no such overload"),
        ("event.data.n % 2 == 1", "no such overload: _%_"),
        ("event.data.missing == 1", "no such key: missing"),
        ("event.data.missing == null", "no such key: missing"),
        (#"event.subject == "x""#, "no such key: subject"),
        ("event.data.n.foo == 1", "no such key: foo"),
        (#"event.data.list[9] == "a""#, "index out of bounds: 9"),
        ("event.data.list.all(x, x > 1)", "no such overload"),
        ("event.data.list.exists(x, x > 1)", "no such overload"),
        (#"event.type.matches("[")"#, "error parsing regexp: missing closing ]: `[`"),
        ("int(event.data.ns) == 7", "type conversion error from 'string' to 'int'"),
        ("1/0 == 1", "division by zero"), ("event.data.dash-ed == 1", "no such key: dash"),
        (#"foo == "x""#, "no such attribute(s): foo"),
        ("data.n == 5", "no such attribute(s): data"),
        ("has(foo.bar)", "no such attribute(s): foo"),
        // Beyond what was observed.
        ("1 % 0 == 1", "modulus by zero"), ("9223372036854775807 + 1 > 0", "integer overflow"),
        ("int(1e300) > 0", "integer overflow"), ("event.data.nul > 1", "no such overload: _>_"),
        ("event.data.n.size() == 1", "no such overload: size"),
        ("event.data.n.contains('a')", "no such overload: contains"),
        ("event.data.s.contains(event.data.n)", "no such overload"),
        ("event.data.n.exists(x, true)", "got 'types.Double', expected iterable type"),
        ("event.data.list['a'] == 1", "unsupported index type 'string' in list"),
        ("event.data.list.foo == 1", "unsupported index type 'string' in list"),
        ("event.data.b && event.data.n", "no such overload"),
        ("event.data.n ? true : false", "no such overload"),
        (
            "timestamp(event.data.s) == timestamp(0)",
            "type conversion error from 'string' to 'google.protobuf.Timestamp'"
        ),
        ("timestamp(event.time).getHours('Mars/Olympus') == 0", "unknown time zone Mars/Olympus"),
        ("event.data.missing.x == 1 || event.data.other == 1", "no such key: missing"),
    ])
    func `a rule that fails says why`(rule: String, text: String) throws {
        try Self.expect(rule, .error(text))
    }

    @Test(arguments: ["event.type", "event.data.n", "event.data.obj", "1", #""true""#, "null"])
    func `a rule whose value is no boolean fails`(rule: String) throws {
        let text = "the result of match expression \(rule) was not a boolean"
        try Self.expect(rule, .error(text))
    }

    @Test func `of several members with one name the last counts`() throws {
        let answer = try Self.answer(
            to: "event.a == 2.0 && size(event) == 1 && event.all(k, k == 'a')",
            about: #"{"a":1,"a":2}"#)
        #expect("\(answer)" == "yes")
    }

    @Test func `a rule that would take for ever is ended`() throws {
        let list = "[\(Array(repeating: "1", count: 100).joined(separator: ","))]"
        let nested = (0..<6).reduce("true") { rule, level in "\(list).all(x\(level), \(rule))" }
        let answer = try Self.answer(to: nested)
        #expect("\(answer)" == #"error("evaluation takes more than 2000000 steps")"#)
    }

    @Test func `a circuit breaker's trip reads its counters`() throws {
        let trip = try CELProgram("consecutiveFailures > 5 && requests >= 10")
        let counters: [String: CELValue] = ["consecutiveFailures": .int(6), "requests": .int(10)]
        #expect(try trip.isTrue(counters))
        #expect(try !trip.isTrue(counters.merging(["requests": .int(9)]) { $1 }))
    }
}
