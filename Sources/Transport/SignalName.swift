internal import Glibc

/// Signals in the words of Go: `terminated`, `killed`.
package enum SignalName {
    package static func of(_ number: Int32) -> String {
        guard let words = unsafe strsignal(number) else { return "signal \(number)" }
        return unsafe String(cString: words).lowercased()
    }
}
