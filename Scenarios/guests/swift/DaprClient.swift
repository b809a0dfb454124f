/// A value with its key, and the etag that a save is to find.
struct StateItem {
    var key: Text
    /// JSON.
    var value: Text
    var etag: Text?

    init(_ key: StaticString, _ value: StaticString, etag: Text? = nil) {
        self.key = Text(key)
        self.value = Text(value)
        self.etag = etag
    }

    fileprivate var json: Text {
        var json = Text("{\"key\":\"") + key + Text("\",\"value\":") + value
        if let etag { json += Text(",\"etag\":\"") + etag + Text("\"") }
        return json + Text("}")
    }
}

/// An answer of the sidecar.
struct DaprResponse {
    let status: Int32
    let etag: Text?
    let body: Text

    var isSuccess: Bool { status >= 200 && status < 300 }
}

/// Dapr's state, publish and invoke APIs for a guest, by way of the host's HTTP functions.
struct DaprClient {
    /// Where the sidecar is; the host maps the conventional address to it.
    var endpoint = Text("http://127.0.0.1:3500")
    var store: Text

    init(store: StaticString) { self.store = Text(store) }

    /// Saves one value.
    func save(_ item: StateItem) -> DaprResponse { save([item]) }

    /// Saves several values in one request.
    func save(_ items: [StateItem]) -> DaprResponse {
        var body = Text("[")
        for (index, item) in items.enumerated() {
            if index > 0 { body += Text(",") }
            body += item.json
        }
        body += Text("]")
        return send("POST", url(nil), Text("Content-Type:application/json\n"), body)
    }

    /// Reads one value: 200 with its JSON, 204 when there is none.
    func get(_ key: StaticString) -> DaprResponse {
        send("GET", url(Text(key)), [], [])
    }

    /// Removes one value, if it has `etag` where one is given.
    func delete(_ key: StaticString, etag: Text? = nil) -> DaprResponse {
        let headers = etag.map { Text("If-Match:") + $0 + Text("\n") } ?? []
        return send("DELETE", url(Text(key)), headers, [])
    }

    /// Publishes one event, JSON.
    func publish(_ data: StaticString, to topic: StaticString, of pubsub: StaticString)
        -> DaprResponse
    {
        let path = Text("/v1.0/publish/") + Text(pubsub) + Text("/") + Text(topic)
        return send(
            "POST", endpoint + path, Text("Content-Type:application/json\n"), Text(data))
    }

    /// Invokes a method of another application with a JSON body.
    func invoke(_ app: StaticString, _ method: StaticString, _ body: StaticString)
        -> DaprResponse
    {
        let path = Text("/v1.0/invoke/") + Text(app) + Text("/method/") + Text(method)
        return send(
            "POST", endpoint + path, Text("Content-Type:application/json\n"), Text(body))
    }

    private func url(_ key: Text?) -> Text {
        let base = endpoint + Text("/v1.0/state/") + store
        return key.map { base + Text("/") + $0 } ?? base
    }

    /// Prints the request, sends it and reads the whole answer.
    private func send(
        _ method: StaticString, _ url: Text, _ headers: Text, _ body: Text
    ) -> DaprResponse {
        let method = Text(method)
        if body.isEmpty {
            print(method, Text(" "), url)
        } else {
            print(method, Text(" "), url, Text(" with "), body)
        }
        var status: Int32 = 0
        var handle: Int32 = 0
        let code = hostRequest(
            url, Int32(url.count), method, Int32(method.count), headers, Int32(headers.count), body,
            Int32(body.count), &status, &handle)
        guard code == 0 else {
            print(Text("host error "), decimal(code))
            return DaprResponse(status: 0, etag: nil, body: [])
        }
        defer { _ = hostClose(handle) }
        return DaprResponse(
            status: status & 0xFFFF, etag: header("etag", handle), body: readAll(handle))
    }

    private func header(_ name: StaticString, _ handle: Int32) -> Text? {
        let name = Text(name)
        var buffer = Text(repeating: 0, count: 256)
        var written: Int32 = 0
        let code = hostHeader(
            handle, name, Int32(name.count), &buffer, Int32(buffer.count), &written)
        return code == 0 ? Text(buffer[..<Int(written)]) : nil
    }

    private func readAll(_ handle: Int32) -> Text {
        var body: Text = []
        var buffer = Text(repeating: 0, count: 4096)
        var count: Int32 = 0
        while hostRead(handle, &buffer, Int32(buffer.count), &count) == 0, count > 0 {
            body += buffer[..<Int(count)]
        }
        return body
    }
}

/// The decimal digits of a number.
func decimal(_ number: Int32) -> Text {
    var digits: Text = []
    var rest = number
    repeat {
        digits.append(48 + UInt8(rest % 10))
        rest /= 10
    } while rest > 0
    digits.reverse()
    return digits
}
