package import Bytes

/// Takes server-sent events apart (WHATWG HTML §9.2), whatever pieces they come in. Pure.
package struct EventStreamReader {
    package struct Event: Equatable {
        /// The last id that was sent, with this event or before it.
        package var id: String
        package var data: String
    }

    private var line: [UInt8] = []
    private var endsWithReturn = false
    private var id = ""
    private var data: [String] = []

    package init() {}

    /// The events that are whole with these bytes.
    package mutating func take(_ bytes: ByteSlice) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            defer { endsWithReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where endsWithReturn: break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default: line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        let text = String(text: line)
        line = []
        guard !text.isEmpty else { return dispatch() }
        // A comment begins with the colon.
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? parts[1] : ""
        let content = String(value.hasPrefix(" ") ? value.dropFirst() : value)
        switch parts[0] {
        case "id": id = content
        case "data": data.append(content)
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> Event? {
        guard !data.isEmpty else { return nil }
        defer { data = [] }
        return Event(id: id, data: data.joined(separator: "\n"))
    }
}
