internal import Bytes
internal import Transport

/// What an application of a run file writes: read line by line, written on with its app id before it.
/// Confined to its loop.
final class AppOutput {
    private let prefix: String
    private let log: LineLog
    private let readers: Countdown

    init(of group: ProcessGroup, _ appID: String, to log: LineLog, on loop: EventLoop) {
        prefix = "== APP - \(appID) == "
        self.log = log
        let sources = [group.output, group.errors].compactMap(\.self)
        readers = Countdown(sources.count)
        for source in sources {
            loop.spawn {
                while let line = await source.next() { self.write(String(text: line)) }
                self.readers.finishOne()
            }
        }
    }

    /// Returns when the last line was written on.
    func finish() async { await readers.wait() }

    private func write(_ line: String) {
        let plain = prefix + line
        let isColored = StandardOutput.isColored
        log.write(isColored ? "\u{1B}[34;1m\(prefix)\u{1B}[0m\(line)" : plain, plain: plain)
    }
}
