/// A port that nobody had a moment ago, for a program that cannot choose one itself.
package enum FreePort {
    package static func find() throws(SystemError) -> UInt16 {
        try Listener.portThatIsFree()
    }
}
