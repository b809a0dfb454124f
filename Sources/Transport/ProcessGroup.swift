internal import CLinux
internal import Glibc

/// A program that this one has started, with everything that it starts in turn: `go run` and
/// `npm start` leave their own children behind otherwise.
///
/// Confined to its loop. Its first process is told to end when this program is killed.
package final class ProcessGroup {
    /// The first process's id, which is the group's too.
    package let id: Int32
    /// What it writes, where lines were asked for.
    package let output: LineSource?
    package let errors: LineSource?
    private let reactor: Reactor
    private let descriptor: Int32
    private let token: UInt64
    private var exit: ProgramExit?
    private var isGone = false

    package init(
        _ program: ProgramDescription, on reactor: Reactor
    ) throws(SystemError) {
        self.reactor = reactor
        let (output, outputEnd) = try Self.stream(program.output, on: reactor)
        defer { if output != nil { close(outputEnd) } }
        let (errors, errorEnd) = try Self.stream(program.errors, on: reactor)
        defer { if errors != nil { close(errorEnd) } }
        let (_, input) = try Self.stream(
            program.input == .lines ? .null : program.input, on: reactor)
        self.output = output
        self.errors = errors
        id = try program.start(
            streams: (input, outputEnd, errorEnd), signalAtDeath: SIGTERM)
        descriptor = clinux_process_descriptor(id)
        guard descriptor >= 0 else { throw Self.giveUp(id, SystemError("pidfd_open")) }
        do throws(SystemError) { token = try reactor.register(descriptor) } catch {
            close(descriptor)
            throw Self.giveUp(id, error)
        }
    }

    private static func stream(
        _ stream: ProgramDescription.Stream, on reactor: Reactor
    ) throws(SystemError) -> (LineSource?, Int32) {
        switch stream {
        case .null: return (nil, -1)
        case .descriptor(let fd): return (nil, fd)
        case .lines: return try LineSource.make(on: reactor)
        }
    }

    private static func giveUp(_ id: Int32, _ error: SystemError) -> SystemError {
        kill(-id, SIGKILL)
        var status: Int32 = 0
        _ = unsafe waitpid(id, &status, 0)
        return error
    }

    deinit {
        guard !isGone else { return }
        kill(-id, SIGKILL)
        reap()
    }

    /// Whether the first process still runs.
    package var isRunning: Bool {
        if exit == nil { exit = ProgramExit(told: clinux_peek_exit(id)) }
        return exit == nil
    }

    /// Waits until the first process has ended: how.
    package func waitForExit() async -> ProgramExit {
        while isRunning {
            _ = await reactor.wait(token, .read, deadline: nil)
        }
        return exit ?? .signal(SIGKILL)
    }

    /// Sends a signal to all of the group.
    package func signal(_ number: Int32) {
        guard !isGone else { return }
        // Safe from hitting a stranger: the first process is not waited for before the group is gone,
        // and so its id is nobody else's.
        kill(-id, number)
    }

    /// Tells all of the group to end, kills what is left after `grace`, and waits until it is gone.
    package func stop(grace: Duration) async {
        guard !isGone else { return }
        signal(SIGTERM)
        // Who was stopped cannot end.
        signal(SIGCONT)
        if await !isEmpty(within: grace) {
            signal(SIGKILL)
            _ = await isEmpty(within: .milliseconds(500))
        }
        end()
    }

    private func isEmpty(within limit: Duration) async -> Bool {
        let deadline = Reactor.monotonicNow() + limit.nanoseconds
        while Self.hasMembers(id) {
            guard Reactor.monotonicNow() < deadline else { return false }
            await reactor.sleep(for: .milliseconds(5))
        }
        return true
    }

    private func end() {
        guard !isGone else { return }
        // What even a kill did not end is stuck in the kernel; nobody waits for it.
        if isRunning { exit = .signal(SIGKILL) }
        isGone = true
        reap()
        output?.end()
        errors?.end()
    }

    private func reap() {
        reactor.deregister(token, fd: descriptor)
        close(descriptor)
        var status: Int32 = 0
        _ = unsafe waitpid(id, &status, WNOHANG)
    }

    /// Whether a process of the group still runs. `kill` alone cannot tell: it counts those that have
    /// ended and were not waited for, and who adopts orphans in a container may never wait.
    private static func hasMembers(_ group: Int32) -> Bool {
        guard kill(-group, 0) == 0 else { return false }
        for name in FileContents.names(in: "/proc") ?? [] where Int32(name) != nil {
            guard let bytes = try? FileContents.read("/proc/\(name)/stat") else { continue }
            // `pid (name) state parent group …`; the name may hold blanks and brackets.
            guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { continue }
            let words = bytes[(end + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 3)
            guard words.count > 2, String(decoding: words[2], as: UTF8.self) == String(group) else {
                continue
            }
            if words[0].first != UInt8(ascii: "Z"), words[0].first != UInt8(ascii: "X") {
                return true
            }
        }
        return false
    }
}

/// How a process has ended.
package enum ProgramExit: Sendable, Equatable {
    case status(Int32)
    case signal(Int32)

    init?(told: Int32) {
        guard told >= 0 else { return nil }
        self = told < 256 ? .status(told) : .signal(told - 256)
    }

    /// As a shell tells it: 128 and the signal's number.
    package var code: Int32 {
        switch self {
        case .status(let code): code
        case .signal(let number): 128 + number
        }
    }
}
