internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON

/// `/v1.0/secrets/…`: one secret, and all of a store.
enum SecretEndpoints {
    static var all: [Endpoint] {
        [
            Endpoint(["GET"], "/v1.0/secrets/{secretStoreName}/bulk", .secrets, handle: getAll),
            Endpoint(["GET"], "/v1.0/secrets/{secretStoreName}/{key}", .secrets, handle: get),
        ]
    }

    private static func get(_ call: Call) async throws(APIError) -> Response {
        let store = String(text: call.parameter(0))
        let secret = String(text: call.parameter(1))
        do throws(SecretProblem) {
            let values = try await call.secrets.get(secret, from: store)
            var writer = JSONWriter(reserving: 128)
            write(values, to: &writer)
            writer.newline()
            return .json(200, writer.bytes)
        } catch {
            throw apiError(error, "secret with key \(secret) from secret store \(store)")
        }
    }

    private static func getAll(_ call: Call) async throws(APIError) -> Response {
        let store = String(text: call.parameter(0))
        do throws(SecretProblem) {
            let secrets = try await call.secrets.all(from: store)
            var writer = JSONWriter(reserving: 1024)
            writer.beginObject()
            for (name, values) in secrets.sorted(by: { $0.key < $1.key }) {
                writer.key(name)
                write(values, to: &writer)
            }
            writer.endObject()
            writer.newline()
            return .json(200, writer.bytes)
        } catch {
            throw apiError(error, "secrets from secret store \(store)")
        }
    }

    private static func write(_ values: [String: String], to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
        writer.endObject()
    }

    private static func apiError(_ problem: SecretProblem, _ what: String) -> APIError {
        switch problem {
        case .notConfigured:
            APIError(500, "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured")
        case .storeNotFound(let store):
            APIError(
                401, "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store with key \(store)")
        case .denied(let secret, let store):
            APIError(
                403, "ERR_PERMISSION_DENIED",
                "access denied by policy to get \(GoQuote.quoted(Array(secret.utf8)[...])) from "
                    + GoQuote.quoted(Array(store.utf8)[...]))
        case .failed(let why): APIError(500, "ERR_SECRET_GET", "failed getting \(what): \(why)")
        }
    }
}
