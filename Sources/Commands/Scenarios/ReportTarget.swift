internal import Scenarios
internal import Transport
internal import YAML

/// `--report form[=file]`: which report goes where.
struct ReportTarget {
    let report: Report
    /// nil for standard output.
    let path: String?

    /// - Throws: for a form that there is not, and for two on standard output.
    static func all(_ options: ParsedOptions) throws(Failure) -> [ReportTarget] {
        var targets: [ReportTarget] = []
        for text in options.values["report"] ?? [] { targets.append(try Self(text)) }
        if try options.wantsJSON() { targets.append(Self(report: .jsonl, path: nil)) }
        let onOutput = targets.filter { $0.path == nil }.map(\.report.rawValue)
        guard onOutput.count < 2 else {
            throw Failure(
                .usage,
                "\(onOutput.joined(separator: " and ")) cannot both go to standard output: "
                    + "give one of them a file: --report \(onOutput[0])=FILE")
        }
        return targets
    }

    private init(report: Report, path: String?) {
        self.report = report
        self.path = path
    }

    private init(_ text: String) throws(Failure) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let forms = Report.allCases.map(\.rawValue)
        guard let report = Report(rawValue: String(parts[0])) else {
            let near = Suggestion.nearest(to: String(parts[0]), among: forms)
            throw Failure(
                .usage,
                "unknown --report `\(parts[0])`: "
                    + (near.map { "did you mean \($0)?" }
                        ?? "there are \(forms.joined(separator: ", "))"))
        }
        guard parts.last != "" else {
            throw Failure(.usage, "--report \(report.rawValue)= names no file")
        }
        self.init(report: report, path: parts.count == 2 ? String(parts[1]) : nil)
    }

    /// Whether the text for people has to make room on standard output. Annotations stand beside it:
    /// GitHub picks them out.
    var takesOutput: Bool { path == nil && report != .github }

    func write(_ run: RunResult) throws(Failure) {
        let bytes = Array(report.text(of: run).utf8)
        guard let path else { return StandardStreams.write(bytes[...], to: 1) }
        do throws(SystemError) {
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                try FileContents.makeFolder(String(path[..<slash]))
            }
            try FileContents.write(bytes, to: path)
        } catch {
            throw Failure(.file, "cannot write the report \(path): \(error.reason)")
        }
    }
}
