/// A reply of Redis (RESP 2).
package enum RedisReply: Equatable, Sendable {
    case bulk([UInt8])
    case status(String)
    case integer(Int64)
    case error(String)
    case null
    case array([RedisReply])

    package var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .status(let text): Array(text.utf8)
        case .integer(let number): Array(String(number).utf8)
        default: nil
        }
    }
}
