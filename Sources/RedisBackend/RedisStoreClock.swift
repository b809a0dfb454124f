package import Backends
internal import Bytes

/// Expiry by the sandbox's clock. As long as that goes as the system's does, Redis expires keys
/// itself, as Dapr has it; else each carries its deadline in a field that scripts and reads look at.
extension RedisStateStore {
    /// Keys that one script is handed.
    private static let together = 500

    package func clockHasChanged(_ scope: KeyScope) async throws(StateError) {
        let script = clock.mode == .real ? RedisScripts.toExpiries : RedisScripts.toDeadlines
        let keys = try await keys(of: scope).map { stored($0) }
        for start in stride(from: 0, to: keys.count, by: Self.together) {
            let some = keys[start..<min(start + Self.together, keys.count)]
            // Redis's own expiries are times of the system's clock.
            let command = RedisCommand(
                [.init(utf8: "EVAL"), script, ByteSlice(decimal: Int64(some.count))] + some
                    + [Self.milliseconds(RealClock().now)])
            let why: String
            do throws(RedisError) {
                guard case .error(let text) = try await connection.send(command) else { continue }
                why = text
            } catch {
                why = error.text
            }
            throw .failed("cannot move expiries to another clock: \(why)")
        }
    }

    static func milliseconds(_ time: Timestamp) -> ByteSlice {
        ByteSlice(decimal: time.nanoseconds / 1_000_000)
    }

    /// What time it is, for the scripts.
    var now: ByteSlice { Self.milliseconds(clock.now) }

    /// What a script is to make of an expiry in so many seconds: nothing when nothing was said, 0 for
    /// none and for one that is Redis's own.
    func deadline(_ ttl: Int64?) -> ByteSlice {
        guard let ttl else { return [] }
        guard ttl > 0, clock.mode != .real else { return ByteSlice(utf8: "0") }
        return Self.milliseconds(clock.now.adding(seconds: ttl))
    }

    /// The deadline in a hash; nil when it has none.
    static func deadline(in fields: [RedisReply]) -> Timestamp? {
        for index in stride(from: 0, to: fields.count - 1, by: 2)
        where fields[index].bytes?.elementsEqual("deadline".utf8) == true {
            let time = fields[index + 1].bytes.flatMap { Int64(String(text: $0)) }
            return time.map {
                Timestamp(nanoseconds: $0.multipliedReportingOverflow(by: 1_000_000).partialValue)
            }
        }
        return nil
    }
}
