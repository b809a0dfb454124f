internal import ArgumentParser
internal import Bytes
internal import JSON

/// `fakedapr publish`: publishes a message by way of a running sidecar.
struct PublishCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Publish a message by way of a running sidecar.")
    static let table = OptionTable.dapr(
        "publish",
        [
            .option("publish-app-id", "i", "id", "Whose sidecar publishes.", isRequired: true),
            .option("pubsub", "p", "name", "The pub/sub component.", isRequired: true),
            .option("topic", "t", "topic", "The topic.", isRequired: true),
            .option("data", "d", "text", "What is published, as JSON."),
            .option("data-file", "f", "file", "The file that is published."),
            .option("metadata", "m", "json", "The message's metadata, as a JSON object."),
            .option("unix-domain-socket", "u", "dir", "The sidecar's socket is in this folder."),
        ])
    static let discussion = """
        EXAMPLES
          fakedapr publish -i cart -p pubsub -t orders -d '{"id": 1}'
          fakedapr publish -i cart -p pubsub -t orders -d '"x"' -m '{"ttlInSeconds": "10"}'
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let (pubsub, topic) = (options["pubsub"] ?? "", options["topic"] ?? "")
        let data: [UInt8]
        let query: String
        do throws(Failure) {
            data = try CallData.read(options, "publish")
            query = try Self.query(options["metadata"])
        } catch {
            console.failure(error.message)
            return error.status.rawValue
        }
        guard let call = SidecarCall.to(options["publish-app-id"] ?? "", options) else {
            return fail(topic, "couldn't find a running Dapr instance", console)
        }
        let target = "/v1.0/publish/\(pubsub)/\(topic)\(query)"
        do throws(CallError) {
            let answer = try await call.send(
                "POST", target, body: data[...], type: Self.contentType(data))
            guard 200..<300 ~= answer.status else {
                console.plain(call.url(target))
                return fail(
                    topic,
                    "unexpected status code \(answer.status) on publishing to \(topic) in \(pubsub)",
                    console)
            }
        } catch {
            return fail(topic, error.text, console)
        }
        console.success("Event published successfully")
        console.result?.set(.members(["pubsub": .string(pubsub), "topic": .string(topic)]))
        return 0
    }

    private func fail(_ topic: String, _ why: String, _ console: Console) -> Int32 {
        console.failure("Error publishing topic \(topic): \(why)")
        return ExitStatus.usage.rawValue
    }

    /// Dapr leaves the values as they are; here what a request line cannot hold is escaped.
    private static func query(_ metadata: String?) throws(Failure) -> String {
        guard let metadata else { return "" }
        guard let members = (try? JSONValue.parse(Array(metadata.utf8)[...]))?.object else {
            throw Failure(
                .usage, "Error parsing metadata as JSON. Error: `\(metadata)` is no JSON object")
        }
        let pairs = members.map { member in
            let value = member.value.string ?? member.value.text
            return "metadata.\(escaped(member.name))=\(escaped(value))"
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        String(
            text: Percent.escaped(text.utf8) { 0x21...0x7E ~= $0 && !"#&+".utf8.contains($0) }[...])
    }

    /// What is an envelope already is sent as one.
    private static func contentType(_ data: [UInt8]) -> String {
        let value = try? JSONValue.parse(data[...])
        let isEvent = ["id", "source", "specversion", "type", "data"].allSatisfy {
            value?[$0] != nil
        }
        return isEvent ? "application/cloudevents+json" : "application/json"
    }
}
