internal import Bytes

/// A command in RESP: an array of bulk strings. Written by hand, because hiredis would want every
/// argument as a C array that is copied once more.
struct RedisCommand {
    private(set) var bytes: [UInt8] = []

    init(_ arguments: ByteSlice...) { append(arguments) }

    init(_ arguments: [ByteSlice]) { append(arguments) }

    /// Several commands that leave together.
    init(batch: [[ByteSlice]]) { for command in batch { append(command) } }

    private mutating func append(_ arguments: [ByteSlice]) {
        bytes.append(UInt8(ascii: "*"))
        bytes.append(decimal: arguments.count)
        lineEnd()
        for argument in arguments {
            bytes.append(UInt8(ascii: "$"))
            bytes.append(decimal: argument.count)
            lineEnd()
            bytes.append(contentsOf: argument)
            lineEnd()
        }
    }

    private mutating func lineEnd() {
        bytes.append(13)
        bytes.append(10)
    }
}

extension ByteSlice {
    /// The UTF-8 of a text.
    init(utf8 text: String) { self = Array(text.utf8)[...] }

    /// The decimal digits of a number.
    init(decimal number: Int64) { self = Array(String(number).utf8)[...] }
}
