/// A port that nobody had a moment ago, for a program that cannot choose one itself.
///
/// Below the range from which Linux gives ports to outgoing connections and to listeners that ask for
/// port 0 (32768 and above), so that neither takes it before the program does.
package enum FreePort {
    package static func find() throws(SystemError) -> UInt16 {
        var tries = 0
        while true {
            let port = UInt16.random(in: 15_000..<32_000)
            do throws(SystemError) {
                try Listener.tryOut(port)
                return port
            } catch {
                tries += 1
                guard error.isAddressInUse, tries < 1000 else { throw error }
            }
        }
    }
}
