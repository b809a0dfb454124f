package import Bytes
internal import JSON
package import Matching

/// A request that a stub may answer, as matchers and templates look into it.
package enum StubRequest {
    /// - Parameter target: path and query, escaped.
    package static func observation(
        method: String, target: ByteSlice, fields: [AppField], body: ByteSlice
    ) -> Observation {
        var seen = Observation()
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let path = String(text: target[..<mark])
        seen["method"] = .string(method)
        seen["path"] = .string(path)
        // For templates: `${request.segments[1]}` of /items/42 is 42.
        seen["segments"] = .array(
            path.split(separator: "/").map { .string(unescaped(Array($0.utf8)[...])) })
        if mark < target.endIndex {
            let query = target[(mark + 1)...]
            seen["query"] = .string(String(text: query))
            seen["parameters"] = .object(parameters(query))
        }
        seen["body"] = .string(String(text: body))
        seen["json"] = try? JSONValue.parse(body)
        for field in fields {
            seen.addHeader(String(text: field.name), String(text: field.value))
        }
        return seen
    }

    private static func parameters(_ query: ByteSlice) -> [JSONValue.Member] {
        query.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return .init(unescaped(parts[0]), .string(parts.count > 1 ? unescaped(parts[1]) : ""))
        }
    }

    private static func unescaped(_ text: ByteSlice) -> String {
        String(text: Percent.decode(text, plusIsSpace: true) ?? text)
    }
}
