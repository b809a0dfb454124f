internal import Foundation
package import Transport

/// Generous bounds against hanging; no test measures time by them.
package enum Deadline {
    package struct Passed: Error, CustomStringConvertible {
        package let description: String
    }

    package static func after(_ duration: Duration) -> MonotonicTime {
        Reactor.monotonicNow() + duration.nanoseconds
    }

    /// Asks again and again, at most a minute unless told otherwise, until `condition` holds.
    package static func wait(
        _ what: String, within limit: Duration = .seconds(60), until condition: () throws -> Bool
    ) throws {
        let deadline = after(limit)
        while try !condition() {
            guard Reactor.monotonicNow() < deadline else {
                throw Passed(description: "waited in vain for \(what)")
            }
            usleep(2000)
        }
    }
}
