internal import Bytes
internal import HTTP

/// Cross-origin requests (`--allowed-origins`), off by default as in daprd since 1.17.
struct CORS {
    private let allowedOrigins: [String]
    private let allowsAll: Bool

    init(allowedOrigins: [String]) {
        self.allowedOrigins = allowedOrigins
        allowsAll = allowedOrigins.contains("*")
    }

    /// The answer to a preflight, which comes before the token check; nil for any other request.
    func preflight(_ head: RequestHead) -> Response? {
        guard !allowedOrigins.isEmpty, head.method.equals("OPTIONS"),
            let method = head.fields["access-control-request-method"]
        else { return nil }
        var response = Response(status: 200)
        guard let origin = allowedOrigin(of: head), Self.methods.contains(String(text: method))
        else { return response }
        add(origin, to: &response)
        response.fields.append(.init("Access-Control-Allow-Methods", String(text: method)))
        if let headers = head.fields["access-control-request-headers"] {
            response.fields.append(.init("Access-Control-Allow-Headers", String(text: headers)))
        }
        return response
    }

    /// Adds what lets a browser read the answer, when its page's origin is allowed.
    func add(to response: inout Response, head: RequestHead) {
        guard !allowedOrigins.isEmpty, let origin = allowedOrigin(of: head) else { return }
        add(origin, to: &response)
    }

    private func add(_ origin: String, to response: inout Response) {
        response.fields.append(.init("Access-Control-Allow-Origin", allowsAll ? "*" : origin))
        response.fields.append(.init("Vary", "Origin"))
    }

    private func allowedOrigin(of head: RequestHead) -> String? {
        guard let origin = head.fields["origin"].map({ String(text: $0) }) else { return nil }
        return allowsAll || allowedOrigins.contains(origin) ? origin : nil
    }

    private static let methods = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"]
}
