import Bytes
import Testing

@Suite struct PercentTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("a%20b", "a b"), ("%41%42", "AB"), ("%2f%2F", "//"),
        ("%25", "%"), ("%2541", "%41"), ("a+b", "a b"), ("%2B", "+"), ("%C3%A4", "ä"),
        ("%00", "\0"), ("+", " "),
    ])
    func `an escape is its byte, and in a query a plus is a blank`(escaped: String, text: String) {
        let bytes = Percent.decode(Array(escaped.utf8)[...], plusIsSpace: true)
        #expect(bytes.map { String(text: $0) } == text)
        #expect(Percent.isWellFormed(Array(escaped.utf8)[...]))
    }

    @Test func `outside of a query a plus is a plus`() {
        #expect(
            Percent.decode(Array("a+%2B".utf8)[...], plusIsSpace: false) == Array("a++".utf8)[...])
    }

    @Test func `an escape may stand for a byte that is no text`() {
        #expect(Percent.decode(Array("%ff".utf8)[...], plusIsSpace: false) == [0xFF])
    }

    @Test(arguments: ["%", "%4", "a%", "%zz", "%4g", "%g4", "%%41", "% 41", "%u0041"])
    func `what is no escape is refused`(escaped: String) {
        #expect(Percent.decode(Array(escaped.utf8)[...], plusIsSpace: true) == nil)
        #expect(!Percent.isWellFormed(Array(escaped.utf8)[...]))
    }

    @Test func `a slice is read within its own bounds`() {
        let bytes = Array("%41%4".utf8)
        #expect(Percent.decode(bytes[0..<3], plusIsSpace: true) == [0x41])
        #expect(Percent.decode(bytes[1..<3], plusIsSpace: true) == Array("41".utf8)[...])
        // The digit behind the slice is not its own.
        #expect(Percent.decode(bytes[0..<2], plusIsSpace: true) == nil)
        #expect(!Percent.isWellFormed(bytes[0..<2]))
    }
}
