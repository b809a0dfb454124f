import Bytes
import Foundation
import Testing

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func `the RFC's examples`(text: String, encoded: String) {
        #expect(String(text: Base64.encode(Array(text.utf8)[...])) == encoded)
        #expect(Base64.decode(Array(encoded.utf8)[...]).map { String(text: $0) } == text)
    }

    @Test(arguments: 0..<66)
    func `what was encoded decodes to itself, and as Foundation has it`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ count) }
        let encoded = Base64.encode(bytes[...])
        #expect(String(text: encoded) == Data(bytes).base64EncodedString())
        #expect(Base64.decode(encoded[...]) == bytes)
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zm9", "=", "====", "Z===", "=Zg=", "Zg=v", "Zg==Zg==", "Zm 9v", "Zm9-",
        "Zm9_", "Zm9v\n", "Zmä",
    ])
    func `what is not base64 is refused`(text: String) {
        #expect(Base64.decode(Array(text.utf8)[...]) == nil)
    }
}
