internal import Bytes

/// What Go's server says of a body whose type nobody told: `http.DetectContentType`, for what
/// applications send (https://mimesniff.spec.whatwg.org). Pure.
enum ContentSniffer {
    static func type(of bytes: ByteSlice) -> String {
        let start = bytes.prefix(512)
        let text = start.drop(while: isBlank)
        for (prefix, type) in texts
        where text.first == UInt8(ascii: "<")
            && text.prefix(prefix.count).equalsIgnoringCase(prefix)
        {
            let next = text.dropFirst(prefix.count).first
            // A tag ends with a blank or its bracket.
            if type != html || next == 0x20 || next == 0x3E { return type }
        }
        for (prefix, type) in magic where start.prefix(prefix.count).equals(Array(prefix)) {
            return type
        }
        return start.contains(where: isBinary) ? "application/octet-stream" : plain
    }

    private static let html = "text/html; charset=utf-8"
    private static let plain = "text/plain; charset=utf-8"

    private static let texts: [(ByteSlice, String)] =
        [
            "<!DOCTYPE HTML", "<HTML", "<HEAD", "<SCRIPT", "<IFRAME", "<H1", "<DIV", "<FONT",
            "<TABLE", "<A", "<STYLE", "<TITLE", "<B", "<BODY", "<BR", "<P", "<!--",
        ].map { (Array($0.utf8)[...], html) } + [
            (Array("<?xml".utf8)[...], "text/xml; charset=utf-8")
        ]

    private static let magic: [(ByteSlice, String)] = [
        (Array("%PDF-".utf8)[...], "application/pdf"),
        ([0xEF, 0xBB, 0xBF], plain),
        (Array("GIF87a".utf8)[...], "image/gif"), (Array("GIF89a".utf8)[...], "image/gif"),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
        ([0xFF, 0xD8, 0xFF], "image/jpeg"), ([0x1F, 0x8B, 0x08], "application/x-gzip"),
        ([0x50, 0x4B, 0x03, 0x04], "application/zip"),
        ([0x00, 0x61, 0x73, 0x6D], "application/wasm"),
    ]

    private static func isBlank(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x09, 0x0A, 0x0C, 0x0D, 0x20: true
        default: false
        }
    }

    private static func isBinary(_ byte: UInt8) -> Bool {
        byte <= 0x08 || byte == 0x0B || 0x0E...0x1A ~= byte || 0x1C...0x1F ~= byte
    }
}
