import Bytes
import Testing

@testable import JSON

/// What of a body reaches the sidecar; the texts of refusals are tested on the wire.
@Suite struct DaprRequestTests {
    private func bytes(_ text: String) -> ByteSlice { Array(text.utf8)[...] }

    @Test func `a save keeps each value's own bytes`() throws {
        let items = try SaveRequest.decode(
            bytes(
                #"[{"key":"a","value": {"x" : 1.0 } ,"etag":"7","metadata":{"m":"n","o":null},"#
                    + #""options":{"concurrency":"first-write","consistency":"strong"}},"#
                    + #"{"KEY":"b\u0041"}]"#))
        #expect(items.count == 2)
        #expect(String(text: items[0].key) == "a")
        #expect(String(text: items[0].value) == #"{"x" : 1.0 }"#)
        #expect(items[0].etag.map { String(text: $0) } == "7")
        #expect(items[0].metadata == ["m": "n", "o": ""])
        #expect(items[0].concurrency == "first-write")
        #expect(items[0].consistency == "strong")
        #expect(String(text: items[1].key) == "bA")
        #expect(String(text: items[1].value) == "null")
        #expect(items[1].etag == nil)
    }

    @Test func `of several members with one name the last counts`() throws {
        let items = try SaveRequest.decode(
            bytes(#"[{"key":"a","KEY":"b","value":1,"Value":2,"etag":"x","etag":null}]"#))
        #expect(String(text: items[0].key) == "b")
        #expect(String(text: items[0].value) == "2")
        #expect(items[0].etag == nil)
    }

    @Test func `a bulk get has keys, parallelism and metadata`() throws {
        let request = try BulkGetRequest.decode(
            bytes(#"{"keys":["a","b",null],"parallelism":3,"metadata":{"x":"y"}}"#))
        #expect(request.keys.map { String(text: $0) } == ["a", "b", ""])
        #expect(request.parallelism == 3)
        #expect(request.metadata == ["x": "y"])
    }

    @Test func `a transaction's operations fail one by one`() throws {
        let request = try TransactionRequest.decode(
            bytes(
                #"{"operations":[{"operation":"upsert","request":{"key":"a","value":[1, 2]}},"#
                    + #"{"operation":"delete","request":3},{"operation":"x"}],"#
                    + #""metadata":{"p":"q"}}"#))
        #expect(request.operations.map(\.operation) == ["upsert", "delete", "x"])
        #expect(String(text: try request.operations[0].item.get().value) == "[1, 2]")
        #expect(throws: GoDecodingError.notAMap("float64")) {
            try request.operations[1].item.get()
        }
        #expect(try request.operations[2].item.get().key.isEmpty)
        #expect(request.metadata == ["p": "q"])
    }

    @Test func `the last list of operations counts`() throws {
        let request = try TransactionRequest.decode(
            bytes(#"{"operations":[{"operation":"a"}],"operations":[{"operation":"b"}]}"#))
        #expect(request.operations.map(\.operation) == ["b"])
    }

    @Test func `any bytes decode or are refused, never more`() {
        var random = SeededRandom(seed: 11)
        let seeds = [
            #"[{"key":"a","value":{"x":[1,2.5e3,"\u0041"]},"etag":"1","metadata":{"a":"b"}}]"#,
            #"{"operations":[{"operation":"upsert","request":{"key":"k","options":{"a":1}}}]}"#,
            #"{"keys":["a","b"],"parallelism":10}"#,
        ]
        for seed in seeds {
            for _ in 0..<2000 {
                var mutated = Array(seed.utf8)
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let index = Int.random(in: 0..<mutated.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: mutated[index] = UInt8.random(in: .min ... .max, using: &random)
                    case 1: mutated.remove(at: index)
                    default:
                        mutated.insert(
                            Array(#"{}[]",:\0e-"#.utf8).randomElement(using: &random) ?? 0,
                            at: index)
                    }
                }
                _ = try? SaveRequest.decode(mutated[...])
                _ = try? BulkGetRequest.decode(mutated[...])
                _ = try? TransactionRequest.decode(mutated[...])
                _ = DaprValues.reserialise(mutated[...], as: .goJSON)
            }
        }
    }
}
