import Bytes
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("", true), ("chunked", false), ("Chunked", false), ("chunke", false),
    ])
    func `bytes compare with a literal byte by byte`(text: String, isEmpty: Bool) {
        let bytes = Array(text.utf8)[...]
        #expect(bytes.equals("") == isEmpty)
        #expect(bytes.equals("chunked") == (text == "chunked"))
        #expect(bytes.equals(utf8: "chunked") == (text == "chunked"))
        #expect(bytes.equals(Array("chunked".utf8)) == (text == "chunked"))
        #expect(bytes.equalsIgnoringCase("chunked") == (text.lowercased() == "chunked"))
    }

    @Test func `case is ASCII's alone`() {
        // [ and @ differ from { and ` by the bit that tells capitals from small letters.
        #expect(!Array("[".utf8)[...].equalsIgnoringCase("{"))
        #expect(!Array("@".utf8)[...].equalsIgnoringCase("`"))
        #expect(!Array("\u{212A}".utf8)[...].equalsIgnoringCase("k"))
    }

    @Test func `a slice is compared from its own beginning`() {
        let bytes = Array("xxabcxx".utf8)
        #expect(bytes[2..<5].equals("abc"))
        #expect(bytes[2..<5].equalsIgnoringCase("abc"))
        #expect(bytes[2..<5].equals(utf8: "abc"))
        #expect(bytes[2..<5].index(of: UInt8(ascii: "c")) == 4)
        #expect(bytes[2..<5].index(of: UInt8(ascii: "x")) == nil)
        #expect(bytes[2..<2].index(of: UInt8(ascii: "a")) == nil)
    }

    @Test(arguments: [0, 7, 10, 99, 1_234_567_890, -1, -120, Int.max, Int.min])
    func `a number is written in decimal digits`(number: Int) {
        var bytes = Array("n=".utf8)
        bytes.append(decimal: number)
        #expect(String(text: bytes) == "n=\(number)")
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `a byte is a digit, a letter or neither`(byte: UInt8) {
        let character = Character(UnicodeScalar(byte))
        #expect(byte.isDigit == ("0"..."9").contains(character))
        #expect(byte.hexValue.map(Int.init) == (byte < 128 ? character.hexDigitValue : nil))
        let isCapital = ("A"..."Z").contains(character)
        #expect(byte.lowercased == (isCapital ? byte + 32 : byte))
    }

    @Test func `bytes that are no text become replacement characters`() {
        #expect(String(text: [0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
    }
}
