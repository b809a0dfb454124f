internal import Backends
internal import Blocks
internal import Bytes
internal import JSON

/// The body of a bulk get's answer.
enum BulkAnswerWriter {
    /// A JSON array and a newline, as Go's stream encoder ends it. Empty when a stored value is not
    /// JSON: Dapr's encoder then fails after the status was sent.
    static func write(_ answers: [BulkAnswer]) -> [UInt8] {
        var writer = JSONWriter(reserving: 64 * answers.count)
        writer.beginArray()
        for answer in answers {
            guard append(answer, to: &writer) else { return [] }
        }
        writer.endArray()
        writer.newline()
        return writer.bytes
    }

    private static func append(_ answer: BulkAnswer, to writer: inout JSONWriter) -> Bool {
        writer.beginObject()
        writer.key("key")
        writer.string(answer.key)
        switch answer.item {
        case .success(let item?):
            guard let scanned = try? JSONScanner.wholeValue(of: item.value) else { return false }
            writer.key("data")
            writer.compacted(item.value[scanned.range])
            if let etag = item.etag { writer.member("etag", String(text: etag)) }
            if let expiry = item.expiry {
                writer.key("metadata")
                writer.beginObject()
                writer.member("ttlExpireTime", expiry.rfc3339)
                writer.endObject()
            }
        case .success(nil):
            break
        case .failure(let error):
            writer.member("error", StateTexts.text(error))
        }
        writer.endObject()
        return true
    }
}
