/// A port that nobody had a moment ago, for a program that cannot choose one itself.
///
/// Below the range from which Linux gives ports to outgoing connections and to listeners that ask for
/// port 0 (32768 and above), so that neither takes it before the program does; and never twice, since a
/// program may take its time: of many that start at once, one would answer for another.
package enum FreePort {
    private static let range: Range<UInt16> = 15_000..<32_000
    /// Those that were given out.
    private static let given = Guarded<Set<UInt16>>([])

    package static func find() throws(SystemError) -> UInt16 {
        var tries = 0
        while true {
            let port = next()
            do throws(SystemError) {
                try Listener.tryOut(port)
                return port
            } catch {
                tries += 1
                guard error.isAddressInUse, tries < 1000 else { throw error }
            }
        }
    }

    private static func next() -> UInt16 {
        given.withLock { given in
            // Long before none is left, the first ones are free again.
            if given.count > range.count / 2 { given = [] }
            var port = UInt16.random(in: range)
            while !given.insert(port).inserted { port = UInt16.random(in: range) }
            return port
        }
    }
}
