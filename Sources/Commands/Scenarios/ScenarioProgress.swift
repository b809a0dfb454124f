internal import Scenarios
internal import Transport

/// Tells cases as they end, and on a terminal, in one line that comes and goes, which are running.
final class ScenarioProgress: Sendable {
    private struct State {
        var running: [(number: Int, title: String)] = []
        var done = 0
        var failed = 0
    }

    private let total: Int
    private let showsTimings: Bool
    private let isColored: Bool
    private let isLive: Bool
    private let descriptor: Int32
    private let state = Guarded(State())

    /// - Parameter descriptor: where lines go.
    init(total: Int, showsTimings: Bool, descriptor: Int32) {
        self.total = total
        self.showsTimings = showsTimings
        self.descriptor = descriptor
        isColored = descriptor == 1 ? StandardOutput.isColored : StandardError.isColored
        isLive = isColored
    }

    func began(_ number: Int, _ title: String) {
        guard isLive else { return }
        state.withLock { state in
            state.running.append((number, title))
            write(line(state))
        }
    }

    func ended(_ number: Int, _ result: CaseResult) {
        let lines = TextReport.lines(result, showsTimings: showsTimings, isColored: isColored)
        state.withLock { state in
            state.running.removeAll { $0.number == number }
            state.done += 1
            state.failed += result.hasFailed ? 1 : 0
            write((isLive ? Self.erase : "") + "\(lines)\n" + (isLive ? line(state) : ""))
        }
    }

    /// The last line.
    func end(_ run: RunResult) {
        write((isLive ? Self.erase : "") + "\(TextReport.summary(run))\n")
    }

    /// Takes the line away, for other lines to come.
    func clear() { if isLive { write(Self.erase) } }

    private static let erase = "\r\u{1B}[K"
    /// What every terminal has room for.
    private static let width = 78

    private func line(_ state: State) -> String {
        guard let first = state.running.first else { return Self.erase }
        let failed = state.failed == 0 ? "" : ", \(state.failed) failed"
        let more = state.running.count == 1 ? "" : " and \(state.running.count - 1) more"
        let text = "\(state.done)/\(total)\(failed) · \(first.title)\(more)"
        return Self.erase + text.prefix(Self.width)
    }

    private func write(_ text: String) {
        StandardStreams.write(Array(text.utf8)[...], to: descriptor)
    }
}
