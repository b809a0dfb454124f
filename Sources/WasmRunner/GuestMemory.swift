internal import Bytes
internal import CWasmtime

/// A guest's linear memory during one host call. The one place that touches it.
@safe struct GuestMemory {
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    /// nil when the guest exports no `memory`.
    init?(_ call: cwt_call) {
        guard let start = unsafe call.memory else { return nil }
        unsafe bytes = UnsafeMutableBufferPointer(start: start, count: call.memory_size)
    }

    /// A copy of `count` bytes at `offset`, nil when they are not all inside the memory.
    func read(_ offset: UInt32, _ count: UInt32) -> ByteSlice? {
        guard let range = range(offset, Int(count)) else { return nil }
        // Safe: the range lies inside the memory, which cannot move while the guest is in this call.
        return unsafe ByteSlice(bytes[range])
    }

    /// - Returns: whether all bytes fit inside the memory; else nothing is written.
    func write(_ value: ByteSlice, at offset: UInt32) -> Bool {
        guard let range = range(offset, value.count) else { return false }
        // Safe: as above.
        for (index, byte) in zip(range, value) { unsafe bytes[index] = byte }
        return true
    }

    /// Writes a little-endian number.
    func write<Number: FixedWidthInteger>(_ number: Number, at offset: UInt32) -> Bool {
        var rest = number
        var text: ByteSlice = []
        for _ in 0..<(Number.bitWidth / 8) {
            text.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
        return write(text, at: offset)
    }

    private func range(_ offset: UInt32, _ count: Int) -> Range<Int>? {
        let end = Int(offset) + count
        return unsafe end <= bytes.count ? Int(offset)..<end : nil
    }
}

/// One call of a host function.
struct HostCall {
    enum Function {
        case request
        case close
        case headerGet
        case headersGetAll
        case bodyRead
    }

    let function: Function
    /// Ten, those that the function does not have being 0.
    let arguments: [UInt32]
    /// nil when the guest exports none.
    let memory: GuestMemory?

    init(_ call: cwt_call) {
        switch unsafe call.function {
        case CWT_REQ: function = .request
        case CWT_CLOSE: function = .close
        case CWT_HEADER_GET: function = .headerGet
        case CWT_HEADERS_GET_ALL: function = .headersGetAll
        default: function = .bodyRead
        }
        let all = unsafe call.arguments
        arguments = [all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7, all.8, all.9]
        memory = unsafe GuestMemory(call)
    }
}
