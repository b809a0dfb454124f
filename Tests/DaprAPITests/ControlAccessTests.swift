import Blocks
import TestSupport
import Testing

/// Who may speak to the control API, and what it says to who errs.
@Suite struct ControlAccessTests {
    private func plan(_ change: (inout SidecarSettings) -> Void) -> SidecarPlan {
        var plan = SidecarPlan()
        change(&plan.settings)
        return plan
    }

    @Test func `the overview tells the sandbox, its apps and the routes`() async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send("GET", "/_fakedapr")
            #expect(response.status == 200)
            #expect(response.text.contains(#""sandbox":"default","app":"\#(sidecar.appID)""#))
            #expect(response.text.contains(#"{"methods":["GET"],"path":"/_fakedapr""#))
        }
    }

    /// A method and a path, and the status and a part of the message.
    @Test(arguments: [
        (
            "GET", "/_fakedapr/nothing", 404,
            "there is no GET /_fakedapr/nothing: GET /_fakedapr lists"
        ),
        ("DELETE", "/_fakedapr", 405, "DELETE /_fakedapr is not one of the routes"),
    ])
    func `a wrong route is told`(
        method: String, target: String, status: Int, message: String
    ) async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send(method, target)
            #expect(response.status == status)
            #expect(response.text.contains(message))
        }
    }

    /// Paths that merely begin alike are invocations of Dapr's.
    @Test(arguments: ["/_fakedaprx", "/_fakedap", "/_fakedaprs/x"])
    func `a path that begins alike is not the control API's`(target: String) async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send("GET", target)
            #expect(response.text.contains("ERR_DIRECT_INVOKE"))
        }
    }

    @Test func `switched off it is as if it were not there`() async throws {
        try await SidecarFixture.run(plan { $0.servesControl = false }) { sidecar in
            let response = try sidecar.send("GET", "/_fakedapr")
            #expect(response.status == 404)
            #expect(response.text.contains("ERR_DIRECT_INVOKE"))
        }
    }

    @Test func `the API token is asked for there too`() async throws {
        try await SidecarFixture.run(plan { $0.apiToken = "secret" }) { sidecar in
            let without = try sidecar.send("GET", "/_fakedapr")
            #expect(without.status == 401)
            let with = try sidecar.send(
                "GET", "/_fakedapr", headers: [("dapr-api-token", "secret")])
            #expect(with.status == 200)
        }
    }

    /// `Host`, and whether it is served.
    @Test(arguments: [
        ("127.0.0.1:3500", true), ("[::1]:3500", true), ("localhost", true), ("LocalHost:1", true),
        ("sidecar:3500", true), ("app.localhost", true), ("host.docker.internal:3500", true),
        ("evil.example", false), ("127.0.0.1.evil.example:3500", false), ("1.2.3.4.5", false),
        ("localhost.evil.example", false),
    ])
    func `a name that somebody could point here is refused`(
        host: String, isServed: Bool
    ) async throws {
        try await SidecarFixture.run { sidecar in
            let head = "GET /_fakedapr HTTP/1.1\r\nHost: \(host)\r\n\r\n"
            let client = try sidecar.client()
            try client.send(head)
            let response = try client.readResponse()
            #expect(response.status == (isServed ? 200 : 403))
            if !isServed { #expect(response.text.contains("FAKEDAPR_FORBIDDEN")) }
        }
    }

    /// Fields of a browser's request, and whether it is served.
    @Test(arguments: [
        ("Origin", "http://127.0.0.1:9", false), ("Origin", "null", false),
        ("Origin", "https://evil.example", false), ("Origin", "http://good.example", true),
        ("Sec-Fetch-Site", "cross-site", false), ("Sec-Fetch-Site", "same-site", false),
        ("Sec-Fetch-Site", "same-origin", true), ("Sec-Fetch-Site", "none", true),
    ])
    func `a page of another origin is refused`(
        name: String, value: String, isServed: Bool
    ) async throws {
        let plan = plan { $0.allowedOrigins = ["*", "http://good.example"] }
        try await SidecarFixture.run(plan) { sidecar in
            let response = try sidecar.send("GET", "/_fakedapr", headers: [(name, value)])
            #expect(response.status == (isServed ? 200 : 403))
        }
    }

    @Test func `a page of the sidecar's own is served`() async throws {
        try await SidecarFixture.run { sidecar in
            let own = "127.0.0.1:\(sidecar.port)"
            let client = try sidecar.client()
            try client.send(
                "GET /_fakedapr HTTP/1.1\r\nHost: \(own)\r\nOrigin: http://\(own)\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 200)
        }
    }
}
