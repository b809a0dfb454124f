internal import Bytes
internal import Glibc

/// The `Date` field (RFC 9110 §5.6.7), made once a second. Wall clock: it speaks of the answer, not
/// of the sandbox. Confined to one loop.
final class HTTPDate {
    private var second: time_t = -1
    private var text: [UInt8] = []

    func current() -> [UInt8] {
        let now = time(nil)
        if now != second {
            second = now
            text = Array(CivilTime(seconds: Int64(now)).httpDate.utf8)
        }
        return text
    }
}
