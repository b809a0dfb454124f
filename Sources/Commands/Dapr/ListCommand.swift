internal import ArgumentParser
internal import Backends
internal import Bytes
internal import JSON
internal import Transport

/// `fakedapr list`: the running sidecars of this user.
struct ListCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the sidecars that `run` has started.")
    static let table = OptionTable.dapr(
        "list",
        [
            .option("output", "o", "form", "table, json or yaml."),
            .flag("all-namespaces", "A"), .option("namespace", nil, "name"),
        ])
    static let discussion = """
        EXAMPLES
          fakedapr list
          fakedapr list -o json
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let rows = options.registry.entries.map { ListRow($0, now: RealClock().now.seconds) }
        switch options["output"] ?? "table" {
        case "table":
            if rows.isEmpty {
                console.plain("No Dapr instances found.")
            } else {
                for line in ListRow.table(rows) { console.plain(line) }
            }
        case "json": console.result?.set(text: ListRow.json(rows))
        case "yaml": StandardStreams.write(Array(ListRow.yaml(rows).utf8)[...], to: 1)
        default:
            console.failure("An invalid output format was specified.")
            return ExitStatus.usage.rawValue
        }
        return 0
    }
}

/// One sidecar as `list` shows it.
struct ListRow {
    private let entry: SidecarEntry
    private let age: String

    init(_ entry: SidecarEntry, now: Int64) {
        self.entry = entry
        let seconds = max(0, now - entry.created)
        age =
            switch seconds {
            case ..<60: "\(seconds)s"
            case ..<3600: "\(seconds / 60)m"
            case ..<86_400: "\(seconds / 3600)h"
            default: "\(seconds / 86_400)d"
            }
    }

    /// With a dot before the seconds, as Dapr writes it.
    private var created: String {
        let time = CivilTime(seconds: entry.created + LocalTime.offset(at: entry.created))
        return "\(time.date) \(time.time.prefix(5)).\(time.time.suffix(2))"
    }

    // MARK: Table

    private static let headers = [
        "APP ID", "HTTP PORT", "GRPC PORT", "APP PORT", "COMMAND", "AGE", "CREATED", "DAPRD PID",
        "CLI PID", "APP PID", "RUN TEMPLATE PATH", "APP LOG PATH", "DAPRD LOG PATH",
        "RUNTEMPLATENAME",
    ]

    private var cells: [String] {
        let command = entry.command
        return [
            entry.appID, String(entry.httpPort), String(entry.grpcPort),
            entry.appPort.map { String($0) } ?? "0",
            command.count > 20 ? "\(command.prefix(17))..." : command, age, created,
            String(entry.processID), String(entry.processID),
            entry.appProcessID.map { String($0) } ?? "", entry.runFile, entry.appLog,
            entry.sidecarLog, entry.runName,
        ]
    }

    /// Left-aligned columns without lines; one that is empty in every row is left out.
    static func table(_ rows: [ListRow]) -> [String] {
        let all = rows.map(\.cells)
        let columns = headers.indices.filter { column in all.contains { !$0[column].isEmpty } }
        let lines = [headers] + all
        let widths = columns.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(columns, widths).map { column, width in
                line[column] + String(repeating: " ", count: width - line[column].count)
            }.joined(separator: "  ")
        }
    }

    // MARK: JSON and YAML

    private var members: [(String, JSONValue)] {
        func number(_ number: some BinaryInteger) -> JSONValue { .number(String(number)) }
        return [
            ("appId", .string(entry.appID)), ("httpPort", number(entry.httpPort)),
            ("grpcPort", number(entry.grpcPort)), ("appPort", number(entry.appPort ?? 0)),
            ("metricsEnabled", .bool(false)), ("command", .string(entry.command)),
            ("age", .string(age)), ("created", .string(created)),
            ("daprdPid", number(entry.processID)), ("cliPid", number(entry.processID)),
            ("appPid", number(entry.appProcessID ?? 0)), ("maxRequestBodySize", .number("4194304")),
            ("httpReadBufferSize", .number("4096")), ("runTemplatePath", .string(entry.runFile)),
            ("appLogPath", .string(entry.appLog)), ("daprdLogPath", .string(entry.sidecarLog)),
            ("runTemplateName", .string(entry.runName)),
        ]
    }

    /// Indented by two blanks, without a line end at its end.
    static func json(_ rows: [ListRow]) -> String {
        guard !rows.isEmpty else { return "[]" }
        let objects = rows.map { row in
            let lines = row.members.map { "    \"\($0.0)\": \($0.1.text)" }
            return "  {\n\(lines.joined(separator: ",\n"))\n  }"
        }
        return "[\n\(objects.joined(separator: ",\n"))\n]"
    }

    static func yaml(_ rows: [ListRow]) -> String {
        guard !rows.isEmpty else { return "[]\n" }
        return rows.map { row in
            row.members.enumerated().map { index, member in
                "\(index == 0 ? "- " : "  ")\(member.0): \(member.1.text)\n"
            }.joined()
        }.joined()
    }
}
