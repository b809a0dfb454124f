internal import Bytes
internal import CHiredis

/// hiredis as a codec: replies are read from bytes that the loop received. Owner of the reader; the
/// one file of this target with unsafe code.
@safe final class RedisCodec {
    /// The bytes are no RESP, or a reply is larger than allowed.
    struct ProtocolError: Error {}

    private let reader: UnsafeMutablePointer<redisReader>

    init() {
        guard let reader = unsafe redisReaderCreate() else {
            // Only memory could be missing, and then nothing else works either.
            preconditionFailure("hiredis has no memory")
        }
        unsafe self.reader = reader
    }

    deinit { unsafe redisReaderFree(reader) }

    /// Takes in bytes that arrived.
    func feed(_ bytes: ByteSlice) throws(ProtocolError) {
        // Safe: the reader copies the bytes before the call returns.
        let code = unsafe bytes.withUnsafeBytes {
            unsafe redisReaderFeed(
                reader, $0.bindMemory(to: CChar.self).baseAddress, $0.count)
        }
        guard code == REDIS_OK else { throw ProtocolError() }
    }

    /// The next whole reply, nil while it has not come.
    func next() throws(ProtocolError) -> RedisReply? {
        var object: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &object) == REDIS_OK else {
            throw ProtocolError()
        }
        guard let object = unsafe object else { return nil }
        defer { unsafe freeReplyObject(object) }
        // Safe: the reader's default functions make redisReply objects.
        return unsafe Self.convert(object.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private static func convert(_ reply: redisReply) -> RedisReply {
        switch unsafe reply.type {
        case REDIS_REPLY_STRING: return unsafe .bulk(bytes(reply))
        case REDIS_REPLY_STATUS: return unsafe .status(String(text: bytes(reply)))
        case REDIS_REPLY_ERROR: return unsafe .error(String(text: bytes(reply)))
        case REDIS_REPLY_INTEGER: return unsafe .integer(reply.integer)
        case REDIS_REPLY_ARRAY:
            // Safe: an array reply holds `elements` pointers to replies.
            return unsafe .array(
                (0..<reply.elements).map { index in
                    unsafe reply.element[index].map { unsafe convert($0.pointee) } ?? .null
                })
        default: return .null
        }
    }

    private static func bytes(_ reply: redisReply) -> [UInt8] {
        // Safe: a text reply holds `len` bytes.
        unsafe Array(UnsafeRawBufferPointer(start: reply.str, count: reply.len))
    }
}
