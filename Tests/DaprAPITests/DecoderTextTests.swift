import TestSupport
import Testing

/// What Dapr's decoders say of bodies that do not fit (texts.md B of the specification), read off the
/// wire and compared whole.
@Suite struct DecoderTextTests {
    /// A body and the text it is refused with.
    struct Row: Sendable, CustomTestStringConvertible {
        let body: [UInt8]
        let text: String

        init(_ body: String, _ text: String) {
            self.body = Array(body.utf8)
            self.text = text
        }

        init(bytes: [UInt8], _ text: String) {
            body = bytes
            self.text = text
        }

        var testDescription: String {
            String(reflecting: String(decoding: body.prefix(60), as: UTF8.self))
        }
    }

    private func post(_ body: [UInt8], to target: String) async throws -> (Int, String) {
        var result = (0, "")
        try await SidecarFixture.run { sidecar in
            let client = try sidecar.client()
            try client.send(
                "POST \(target) HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n")
            try client.send(body)
            let response = try client.readResponse()
            result = (response.status, response.text)
        }
        return result
    }

    private func refuses(_ row: Row, at target: String, _ prefix: String) async throws {
        let (status, body) = try await post(row.body, to: target)
        #expect(status == 400)
        #expect(body == Answer.malformed(prefix + row.text).body)
    }

    // MARK: B.1 the decoder itself, B.2 save

    @Test(arguments: syntax + save)
    func `save tells the decoder's bare text`(row: Row) async throws {
        try await refuses(row, at: "/v1.0/state/statestore", "")
    }

    @Test(arguments: syntax)
    func `bulk get and transaction put their prefix before the same texts`(row: Row) async throws {
        let prefix = "failed deserializing HTTP body: "
        try await refuses(row, at: "/v1.0/state/statestore/bulk", prefix)
        try await refuses(row, at: "/v1.0/state/statestore/transaction", prefix)
    }

    private static let value = "looking for beginning of value"
    private static let key = "looking for beginning of object key string"
    private static let pair = "after object key:value pair"

    static let syntax: [Row] = [
        Row("", "EOF"), Row(" \r\n\t ", "EOF"),
        Row("{", "unexpected EOF"), Row("[", "unexpected EOF"), Row("nul", "unexpected EOF"),
        Row("\"", "unexpected EOF"), Row("[{\"key\":\"a\"", "unexpected EOF"),
        Row("[{\"key\":1}", "unexpected EOF"), Row("[\"\\", "unexpected EOF"),
        Row("[\"\\u00", "unexpected EOF"), Row("-", "unexpected EOF"), Row("1.", "unexpected EOF"),
        Row("1e", "unexpected EOF"),
        Row("abc", "invalid character 'a' \(value)"),
        Row("[1,]", "invalid character ']' \(value)"),
        Row("[+1]", "invalid character '+' \(value)"),
        Row("[NaN]", "invalid character 'N' \(value)"),
        Row("[undefined]", "invalid character 'u' \(value)"),
        Row("[//c\n1]", "invalid character '/' \(value)"),
        Row("\u{FEFF}[]", "invalid character 'ï' \(value)"),
        Row("é", "invalid character 'Ã' \(value)"),
        Row(bytes: [0xFF], "invalid character 'ÿ' \(value)"),
        Row("['a']", #"invalid character '\'' \#(value)"#),
        Row(#"[\]"#, #"invalid character '\\' \#(value)"#),
        Row("[\u{1}]", #"invalid character '\x01' \#(value)"#),
        Row("[\u{7F}]", #"invalid character '\x7f' \#(value)"#),
        Row(bytes: Array("[".utf8) + [0x80], #"invalid character '\u0080' \#(value)"#),
        Row("{'k':1}", #"invalid character '\'' \#(key)"#),
        Row("{k:1}", "invalid character 'k' \(key)"),
        Row(#"{"a":1,}"#, "invalid character '}' \(key)"),
        Row(#"{"a" "b"}"#, #"invalid character '"' after object key"#),
        Row(#"{"a":1 "b":2}"#, "invalid character '\"' \(pair)"),
        Row(#"{"a":01}"#, "invalid character '1' \(pair)"),
        Row(#"{"a":1]"#, "invalid character ']' \(pair)"),
        Row("[1 2]", "invalid character '2' after array element"),
        Row("[{\"a\":1}}", "invalid character '}' after array element"),
        Row("[\"a\nb\"]", #"invalid character '\n' in string literal"#),
        Row("[\"a\tb\"]", #"invalid character '\t' in string literal"#),
        Row("[\"a\u{0}b\"]", #"invalid character '\x00' in string literal"#),
        Row(#"["\x"]"#, "invalid character 'x' in string escape code"),
        Row(#"["\u12"]"#, #"invalid character '"' in \u hexadecimal character escape"#),
        Row(#"["\u12G4"]"#, #"invalid character 'G' in \u hexadecimal character escape"#),
        Row("[tru}", "invalid character '}' in literal true (expecting 'e')"),
        Row("[fals]", "invalid character ']' in literal false (expecting 'e')"),
        Row("[nulL]", "invalid character 'L' in literal null (expecting 'l')"),
        Row("[1.}", "invalid character '}' after decimal point in numeric literal"),
        Row("[1e}", "invalid character '}' in exponent of numeric literal"),
        Row("[1e+]", "invalid character ']' in exponent of numeric literal"),
        Row("[-}", "invalid character '}' in numeric literal"),
        Row(
            String(repeating: "[", count: 10_001), "invalid character '[' exceeded max depth"),
    ]

    private static let set = "json: cannot unmarshal"
    private static let field = "into Go struct field SetRequest"

    static let save: [Row] = [
        Row("{}", "\(set) object into Go value of type []state.SetRequest"),
        Row(#"{"key":"a"}"#, "\(set) object into Go value of type []state.SetRequest"),
        Row("true", "\(set) bool into Go value of type []state.SetRequest"),
        Row("1", "\(set) number into Go value of type []state.SetRequest"),
        Row("\"x\"", "\(set) string into Go value of type []state.SetRequest"),
        Row("[1]", "\(set) number into Go value of type state.SetRequest"),
        Row(#"["a"]"#, "\(set) string into Go value of type state.SetRequest"),
        Row("[true]", "\(set) bool into Go value of type state.SetRequest"),
        Row("[[]]", "\(set) array into Go value of type state.SetRequest"),
        Row("[null]", "\"key\" is a required field"),
        Row(#"[{"key":null}]"#, "\"key\" is a required field"),
        Row(#"[{"key":""}]"#, "\"key\" is a required field"),
        Row(#"[{"value":1}]"#, "\"key\" is a required field"),
        Row(#"[{"key":"a"},{"value":1}]"#, "\"key\" is a required field"),
        Row(#"[{"key":1}]"#, "\(set) number \(field).key of type string"),
        Row(#"[{"key":true}]"#, "\(set) bool \(field).key of type string"),
        Row(#"[{"key":{}}]"#, "\(set) object \(field).key of type string"),
        Row(#"[{"key":[]}]"#, "\(set) array \(field).key of type string"),
        Row(#"[{"key":"a","etag":1}]"#, "\(set) number \(field).etag of type string"),
        Row(#"[{"key":"a","etag":{}}]"#, "\(set) object \(field).etag of type string"),
        Row(
            #"[{"key":"a","metadata":1}]"#,
            "\(set) number \(field).metadata of type map[string]string"),
        Row(
            #"[{"key":"a","metadata":[]}]"#,
            "\(set) array \(field).metadata of type map[string]string"),
        Row(
            #"[{"key":"a","metadata":{"ttlInSeconds":60}}]"#,
            "\(set) number \(field).metadata of type string"),
        Row(
            #"[{"key":"a","metadata":{"x":true}}]"#, "\(set) bool \(field).metadata of type string"),
        Row(
            #"[{"key":"a","options":1}]"#,
            "\(set) number \(field).options of type state.SetStateOption"),
        Row(
            #"[{"key":"a","options":"x"}]"#,
            "\(set) string \(field).options of type state.SetStateOption"),
        Row(
            #"[{"key":"a","options":{"concurrency":1}}]"#,
            "\(set) number into Go struct field SetStateOption.options.Concurrency of type string"),
        Row(
            #"[{"key":"a","options":{"consistency":[]}}]"#,
            "\(set) array into Go struct field SetStateOption.options.Consistency of type string"),
        Row(#"[{"key":"a","contentType":1}]"#, "\(set) number \(field).contentType of type string"),
        Row(#"[{"key":"a","value":1e999}]"#, "\(set) number 1e999 \(field).value of type float64"),
        Row(
            #"[{"key":"a","value":["1e999",{"1e999":[-1E+400]}]}]"#,
            "\(set) number -1E+400 \(field).value of type float64"),
        Row(#"[{"key":1,"etag":2}]"#, "\(set) number \(field).key of type string"),
        Row(#"[{"etag":2,"key":1}]"#, "\(set) number \(field).etag of type string"),
        Row(#"[{"key":1},]"#, "invalid character ']' \(value)"),
        Row(#"[{"key":"a","value":1,}]"#, "invalid character '}' \(key)"),
        Row(#"[{"key" "a"}]"#, #"invalid character '"' after object key"#),
        Row(#"[{"key":"a" "value":1}]"#, "invalid character '\"' \(pair)"),
        Row(#"[{"key":"a"} {"key":"b"}]"#, "invalid character '{' after array element"),
        Row(#"[{"key":"a","value":tru}]"#, "invalid character '}' in literal true (expecting 'e')"),
        Row(#"[{"key":"a","value":01}]"#, "invalid character '1' \(pair)"),
    ]

    @Test(arguments: [
        "null", "[]", "[] x", "[]]", #"[{"key":"a"}][]"#, #"[{"key":"a","etag":null}]"#,
        #"[{"key":"a","metadata":{"x":null}}]"#, #"[{"key":"a","metadata":null,"options":null}]"#,
        #"[{"key":"a","value":123456789012345678901234567890}]"#, #"[{"key":"\ud800"}]"#,
        #"[{"key":1,"key":"a"}]"#.replacing("1", with: "null"), #"[{"KEY":"a"}]"#,
        #"[{"key":"a","value":1e308}]"#, #"[{"key":"a","value":"1e999"}]"#,
    ])
    func `save takes what Go's decoder takes`(body: String) async throws {
        #expect(try await post(Array(body.utf8), to: "/v1.0/state/statestore").0 == 204)
    }

    @Test func `save takes strings that are not UTF-8`() async throws {
        let body = Array(#"[{"key":"a","value":""#.utf8) + [0xFF] + Array(#""}]"#.utf8)
        #expect(try await post(body, to: "/v1.0/state/statestore").0 == 204)
    }

    // MARK: B.3 bulk get

    @Test(arguments: bulk)
    func `bulk get tells what does not fit`(row: Row) async throws {
        try await refuses(
            row, at: "/v1.0/state/statestore/bulk", "failed deserializing HTTP body: ")
    }

    private static let bulkField = "into Go struct field BulkGetRequest"

    static let bulk: [Row] = [
        Row("[]", "\(set) array into Go value of type http.BulkGetRequest"),
        Row("[1]", "\(set) array into Go value of type http.BulkGetRequest"),
        Row("\"x\"", "\(set) string into Go value of type http.BulkGetRequest"),
        Row(#"{"keys":1}"#, "\(set) number \(bulkField).keys of type []string"),
        Row(#"{"keys":"a"}"#, "\(set) string \(bulkField).keys of type []string"),
        Row(#"{"keys":{}}"#, "\(set) object \(bulkField).keys of type []string"),
        Row(#"{"keys":[1]}"#, "\(set) number \(bulkField).keys of type string"),
        Row(#"{"parallelism":"x"}"#, "\(set) string \(bulkField).parallelism of type int"),
        Row(#"{"parallelism":true}"#, "\(set) bool \(bulkField).parallelism of type int"),
        Row(#"{"parallelism":1.5}"#, "\(set) number 1.5 \(bulkField).parallelism of type int"),
        Row(#"{"parallelism":1e3}"#, "\(set) number 1e3 \(bulkField).parallelism of type int"),
        Row(
            #"{"parallelism":99999999999999999999}"#,
            "\(set) number 99999999999999999999 \(bulkField).parallelism of type int"),
        Row(#"{"metadata":1}"#, "\(set) number \(bulkField).metadata of type map[string]string"),
        Row(#"{"metadata":{"x":1}}"#, "\(set) number \(bulkField).metadata of type string"),
    ]

    @Test(arguments: [
        ("{}", "[]\n"), ("null", "[]\n"), (#"{"keys":[]}"#, "[]\n"), (#"{"keys":null}"#, "[]\n"),
        (#"{"keys":["a",null]}"#, #"[{"key":"a"},{"key":""}]"# + "\n"),
        (#"{"KEYS":[""],"parallelism":-1}"#, #"[{"key":""}]"# + "\n"),
        (#"{"keys":["a"],"parallelism":null,"metadata":null}"#, #"[{"key":"a"}]"# + "\n"),
        (#"{"keys":["a"]}]"#, #"[{"key":"a"}]"# + "\n"),
    ])
    func `bulk get takes what Go's decoder takes`(body: String, answer: String) async throws {
        let got = try await post(Array(body.utf8), to: "/v1.0/state/statestore/bulk")
        #expect(got == (200, answer))
    }

    // MARK: B.4 transaction

    @Test(arguments: transaction)
    func `a transaction tells what does not fit`(row: Row) async throws {
        try await refuses(
            row, at: "/v1.0/state/statestore/transaction", "failed deserializing HTTP body: ")
    }

    private static let outer = "into Go struct field stateTransactionRequestBody"

    private static func request(_ json: String) -> String {
        "{\"operations\":[{\"operation\":\"upsert\",\"request\":\(json)}]}"
    }

    /// The second stage's text for fields that do not fit.
    private static func mapping(_ problems: String...) -> String {
        "\(problems.count) error(s) decoding:\n\n"
            + problems.map { "* \($0)" }.joined(separator: "\n")
    }

    private static func unconvertible(_ field: String, _ type: String, _ value: String) -> String {
        "'\(field)' expected type 'string', got unconvertible type '\(type)', value: '\(value)'"
    }

    static let transaction: [Row] = [
        Row("[]", "\(set) array into Go value of type http.stateTransactionRequestBody"),
        Row("1", "\(set) number into Go value of type http.stateTransactionRequestBody"),
        Row(
            #"{"operations":1}"#,
            "\(set) number \(outer).operations of type []http.stateTransactionRequestBodyOperation"
        ),
        Row(
            #"{"operations":{}}"#,
            "\(set) object \(outer).operations of type []http.stateTransactionRequestBodyOperation"
        ),
        Row(
            #"{"operations":[1]}"#,
            "\(set) number \(outer).operations of type http.stateTransactionRequestBodyOperation"),
        Row(
            #"{"operations":[{"operation":1}]}"#,
            "\(set) number into Go struct field "
                + "stateTransactionRequestBodyOperation.operations.operation of type string"),
        Row(#"{"metadata":1}"#, "\(set) number \(outer).metadata of type map[string]string"),
        Row(#"{"metadata":{"a":1}}"#, "\(set) number \(outer).metadata of type string"),
        Row(request("1"), "'' expected a map, got 'float64'"),
        Row(request("[]"), "'' expected a map, got 'slice'"),
        Row(request("\"x\""), "'' expected a map, got 'string'"),
        Row(request("true"), "'' expected a map, got 'bool'"),
        Row(request(#"{"key":1}"#), mapping(unconvertible("Key", "float64", "1"))),
        Row(request(#"{"key":1e21}"#), mapping(unconvertible("Key", "float64", "1e+21"))),
        Row(request(#"{"key":[1]}"#), mapping(unconvertible("Key", "[]interface {}", "[1]"))),
        Row(
            request(#"{"key":[1,"a",null,[true]]}"#),
            mapping(unconvertible("Key", "[]interface {}", "[1 a <nil> [true]]"))),
        Row(
            request(#"{"key":{"a":1}}"#),
            mapping(unconvertible("Key", "map[string]interface {}", "map[a:1]"))),
        Row(
            request(#"{"key":{"b":2.5,"a":1}}"#),
            mapping(unconvertible("Key", "map[string]interface {}", "map[a:1 b:2.5]"))),
        Row(request(#"{"key":true}"#), mapping(unconvertible("Key", "bool", "true"))),
        Row(request(#"{"etag":1}"#), mapping(unconvertible("ETag", "float64", "1"))),
        Row(request(#"{"metadata":1}"#), mapping("'Metadata' expected a map, got 'float64'")),
        Row(
            request(#"{"metadata":{"ttlInSeconds":5}}"#),
            mapping(unconvertible("Metadata[ttlInSeconds]", "float64", "5"))),
        Row(request(#"{"options":1}"#), mapping("'Options' expected a map, got 'float64'")),
        Row(
            request(#"{"options":{"concurrency":1}}"#),
            mapping(unconvertible("Options.Concurrency", "float64", "1"))),
        Row(
            request(#"{"options":{"consistency":true}}"#),
            mapping(unconvertible("Options.Consistency", "bool", "true"))),
        Row(request(#"{"contentType":1}"#), mapping(unconvertible("ContentType", "float64", "1"))),
        Row(
            request(#"{"key":true,"etag":5}"#),
            mapping(unconvertible("ETag", "float64", "5"), unconvertible("Key", "bool", "true"))),
    ]

    @Test(arguments: [
        "{}", "null", #"{"operations":null}"#, #"{"operations":[]}"#, request("null"),
        request("{}"), #"{"operations":[{"operation":"upsert"}]}"#,
        #"{"OPERATIONS":[{"Operation":"delete","REQUEST":{"KEY":"k"}}]}"#,
        #"{"operations":[],"metadata":{"a":null}}"#,
    ])
    func `a transaction takes what Dapr's decoders take`(body: String) async throws {
        let got = try await post(Array(body.utf8), to: "/v1.0/state/statestore/transaction")
        #expect(got == (204, ""))
    }

    @Test(arguments: [
        (#"{"operations":[null]}"#, ""), (#"{"operations":[{}]}"#, ""),
        (#"{"operations":[{"operation":""}]}"#, ""),
        (#"{"operations":[{"operation":"nope"}]}"#, "nope"),
        (#"{"operations":[{"operation":"UPSERT"}]}"#, "UPSERT"),
    ])
    func `an unknown operation is named`(body: String, name: String) async throws {
        let got = try await post(Array(body.utf8), to: "/v1.0/state/statestore/transaction")
        let expected = Answer.error(
            400, "ERR_NOT_SUPPORTED_STATE_OPERATION", "operation type \(name) not supported")
        #expect(got == (400, expected.body))
    }
}
