internal import Backends
internal import Blocks
internal import Transport

/// The world that a process begins with: `--clock` and `--seed`.
struct SandboxPlan: Sendable {
    var clock = ClockSetting(.real)
    /// nil for other ids and etags at each start.
    var seed: UInt64?

    init() {}

    /// - Parameter rare: options as `NAME=VALUE`.
    init(_ rare: [String]) throws(Failure) {
        if let text = rare.value(of: "clock"), !text.isEmpty {
            do throws(ClockSettingProblem) { clock = try ClockSetting(text) } catch {
                throw Failure(.usage, "invalid --clock `\(text)`: \(error.text)")
            }
        }
        if let text = rare.value(of: "seed"), !text.isEmpty {
            guard let number = UInt64(text) else {
                throw Failure(.usage, "invalid --seed `\(text)`: write a whole number")
            }
            seed = number
        }
    }

    func sandbox(on loop: EventLoop) -> Sandbox {
        Sandbox(
            on: loop, clock: SandboxClock(clock.mode, at: clock.time, on: loop.reactor),
            random: RandomSource(seed: seed))
    }
}
