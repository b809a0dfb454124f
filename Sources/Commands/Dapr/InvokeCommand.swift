internal import ArgumentParser
internal import Bytes
internal import HTTP
internal import JSON

/// `fakedapr invoke`: calls a method of a running application.
struct InvokeCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke", abstract: "Call a method of a running application.")
    static let table = OptionTable.dapr(
        "invoke",
        [
            .option("app-id", "a", "id", "The application's app id.", isRequired: true),
            .option("method", "m", "method", "The method: its path.", isRequired: true),
            .option("data", "d", "text", "What is sent."),
            .option("data-file", "f", "file", "The file that is sent."),
            .option("verb", "v", "verb", "The HTTP method: POST."),
            .option("unix-domain-socket", "u", "dir", "The sidecar's socket is in this folder."),
        ])
    static let discussion = """
        EXAMPLES
          fakedapr invoke --app-id cart --method items --verb GET
          fakedapr invoke -a cart -m items -d '{"id": 1}'
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let id = options["app-id"] ?? ""
        let data: [UInt8]
        do throws(Failure) { data = try CallData.read(options, "invoke") } catch {
            console.failure(error.message)
            return error.status.rawValue
        }
        guard let call = SidecarCall.to(id, options) else {
            return fail(id, "app ID \(id) not found", console)
        }
        let method = options["method"].map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 } ?? ""
        do throws(CallError) {
            let answer = try await call.send(
                (options["verb"] ?? "POST").uppercased(), "/v1.0/invoke/\(id)/method/\(method)",
                body: data[...], type: "application/json")
            guard 200..<400 ~= answer.status else {
                let reason = StatusLine.reason(answer.status)
                return fail(id, "\(answer.status) \(reason)", console)
            }
            if !answer.body.isEmpty { console.plain(String(text: answer.body)) }
            console.result?.set(
                .members([
                    "appId": .string(id), "status": .number(answer.status),
                    "body": .string(String(text: answer.body)),
                    "json": try? JSONValue.parse(answer.body),
                ]))
        } catch {
            return fail(id, error.text, console)
        }
        console.success("App invoked successfully")
        return 0
    }

    private func fail(_ id: String, _ why: String, _ console: Console) -> Int32 {
        console.failure("error invoking app \(id): \(why)")
        return ExitStatus.usage.rawValue
    }
}

extension SidecarCall {
    /// To a running sidecar; nil when there is none of this app id.
    static func to(_ id: String, _ options: ParsedOptions) -> SidecarCall? {
        if let folder = options["unix-domain-socket"] {
            return SidecarCall(to: id, socketFolder: folder)
        }
        return options.registry.entries.first { $0.appID == id }.map { SidecarCall(to: $0) }
    }
}
