internal import Bytes
internal import HTTP
internal import Transport

/// What a host function answers (section 2 of the ABI's description).
enum HostCode: UInt32 {
    case success = 0
    case invalidHandle = 1
    case memoryNotFound = 2
    case memoryAccess = 3
    case bufferTooSmall = 4
    case headerNotFound = 5
    case notUTF8 = 6
    case destinationNotAllowed = 7
    case invalidMethod = 8
    case invalidEncoding = 9
    case invalidURL = 10
    case requestFailed = 11
    case runtimeError = 12
    case tooManySessions = 13
}

/// The host functions of `wasi_experimental_http` for one guest run: its open responses, the calls it
/// made. Lives on the guest's thread.
///
/// The order of the checks is the reference host's; the first that fails decides.
final class GuestHTTP {
    private struct Failure: Error { let code: HostCode }

    private struct OpenResponse {
        let response: IncomingResponse
        var position = 0
    }

    private let boundary: Boundary
    private let maxOpen: Int?
    private let client: BlockingHTTPClient
    private var responses: [UInt32: OpenResponse] = [:]
    private var current: UInt32 = 0
    private(set) var calls: [GuestCall] = []

    init(boundary: Boundary, maxOpen: Int?, deadline: MonotonicTime) {
        self.boundary = boundary
        self.maxOpen = maxOpen
        client = BlockingHTTPClient(deadline: deadline)
    }

    func answer(_ call: HostCall) -> UInt32 {
        if call.function == .close {
            responses[call.arguments[0]] = nil
            return HostCode.success.rawValue
        }
        guard let memory = call.memory else { return HostCode.memoryNotFound.rawValue }
        do throws(Failure) {
            switch call.function {
            case .request: try request(call.arguments, memory)
            case .headerGet: try header(call.arguments, memory)
            case .headersGetAll: try headers(call.arguments, memory)
            case .bodyRead, .close: try read(call.arguments, memory)
            }
            return HostCode.success.rawValue
        } catch {
            return error.code.rawValue
        }
    }

    // MARK: req

    private func request(
        _ arguments: [UInt32], _ memory: GuestMemory
    ) throws(Failure) {
        if let maxOpen, responses.count >= maxOpen { throw Failure(code: .tooManySessions) }
        let urlText = try text(memory, arguments[0], arguments[1])
        guard let url = GuestURL(urlText), url.host != nil else { throw Failure(code: .invalidURL) }
        let verdict = boundary.verdict(url)
        guard verdict != .badEntry else { throw Failure(code: .invalidURL) }
        guard case .allowed(let host, let port) = verdict else {
            // Not looked at before the destination is: here merely to tell what was refused.
            let method = memory.read(arguments[2], arguments[3]).map { String(text: $0) } ?? ""
            calls.append(GuestCall(method: method, url: urlText, result: .refused))
            throw Failure(code: .destinationNotAllowed)
        }
        let method = try text(memory, arguments[2], arguments[3])
        guard !method.isEmpty, method.utf8.allSatisfy(\.isToken) else {
            throw Failure(code: .invalidMethod)
        }
        let body = try input(memory, arguments[6], arguments[7])
        let headerText = try text(memory, arguments[4], arguments[5])
        let fields = try Self.fields(headerText)
        let outgoing = OutgoingRequest(
            method: method, target: url.target[...], host: Self.hostField(url), fields: fields,
            body: body)
        let response = try send(outgoing, url, host, port, urlText)
        try finish(response, arguments, memory)
    }

    private func send(
        _ request: OutgoingRequest, _ url: GuestURL, _ host: String, _ port: UInt16, _ text: String
    ) throws(Failure) -> IncomingResponse {
        guard url.scheme == "http" else {
            calls.append(GuestCall(method: request.method, url: text, result: .failed))
            throw Failure(code: .requestFailed)
        }
        do throws(ExchangeError) {
            let response = try client.send(request, host: host, port: port)
            calls.append(
                GuestCall(method: request.method, url: text, result: .answered(response.status)))
            return response
        } catch {
            calls.append(GuestCall(method: request.method, url: text, result: .failed))
            throw Failure(code: .requestFailed)
        }
    }

    /// The request has been sent: what fails from here on leaves it so.
    private func finish(
        _ response: IncomingResponse, _ arguments: [UInt32], _ memory: GuestMemory
    ) throws(Failure) {
        guard memory.write(UInt16(clamping: response.status), at: arguments[8]) else {
            throw Failure(code: .memoryAccess)
        }
        while responses[current] != nil {
            guard current < .max else { throw Failure(code: .tooManySessions) }
            current += 1
        }
        responses[current] = OpenResponse(response: response)
        guard memory.write(current, at: arguments[9]) else { throw Failure(code: .memoryAccess) }
    }

    private static func hostField(_ url: GuestURL) -> String {
        let host = url.host ?? ""
        guard let port = url.port, port != 80 else { return host }
        return "\(host):\(port)"
    }

    /// `name:value` lines; a later line of a name takes the place of an earlier one.
    private static func fields(_ text: String) throws(Failure) -> [Response.Field] {
        var fields: [Response.Field] = []
        for line in text.utf8.lines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
                colon > line.startIndex, line[..<colon].allSatisfy(\.isToken),
                line[(colon + 1)...].allSatisfy(\.isFieldValue)
            else { throw Failure(code: .invalidEncoding) }
            let name = String(text: line[..<colon]).lowercased()
            fields.removeAll { $0.name == name }
            // Framing is the client's own affair.
            guard name != "content-length", name != "transfer-encoding", name != "host" else {
                continue
            }
            fields.append(Response.Field(name, String(text: line[(colon + 1)...])))
        }
        if !fields.contains(where: { $0.name == "accept" }) {
            fields.append(Response.Field("accept", "*/*"))
        }
        return fields
    }

    // MARK: header_get, headers_get_all, body_read

    private func header(_ arguments: [UInt32], _ memory: GuestMemory) throws(Failure) {
        let response = try open(arguments[0])
        let name = try text(memory, arguments[1], arguments[2]).lowercased()
        guard let value = Self.first(name, of: response.fields) else {
            throw Failure(code: .headerNotFound)
        }
        try put(value, arguments[3], arguments[4], arguments[5], memory)
    }

    private static func first(_ name: String, of fields: Fields) -> ByteSlice? {
        for index in 0..<fields.count {
            let field = fields[index]
            if field.name.map(\.lowercased).elementsEqual(name.utf8) { return field.value }
        }
        return nil
    }

    private func headers(_ arguments: [UInt32], _ memory: GuestMemory) throws(Failure) {
        let fields = try open(arguments[0]).fields
        var text: ByteSlice = []
        for index in 0..<fields.count {
            let (name, value) = fields[index]
            guard String(validating: value, as: UTF8.self) != nil,
                value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw Failure(code: .runtimeError) }
            text.append(contentsOf: name.map(\.lowercased))
            text.append(UInt8(ascii: ":"))
            text.append(contentsOf: value)
            text.append(UInt8(ascii: "\n"))
        }
        try put(text, arguments[1], arguments[2], arguments[3], memory)
    }

    /// Writes a value and its length; nothing of one that is longer than the guest's buffer.
    private func put(
        _ value: ByteSlice, _ buffer: UInt32, _ size: UInt32, _ written: UInt32,
        _ memory: GuestMemory
    ) throws(Failure) {
        guard value.count <= Int(size) else { throw Failure(code: .bufferTooSmall) }
        guard memory.write(value, at: buffer), memory.write(UInt32(value.count), at: written) else {
            throw Failure(code: .memoryAccess)
        }
    }

    private func read(_ arguments: [UInt32], _ memory: GuestMemory) throws(Failure) {
        guard let open = responses[arguments[0]] else { throw Failure(code: .invalidHandle) }
        let piece = open.response.body.dropFirst(open.position).prefix(Int(arguments[2]))
        guard memory.write(piece, at: arguments[1]) else { throw Failure(code: .memoryAccess) }
        responses[arguments[0]]?.position += piece.count
        guard memory.write(UInt32(piece.count), at: arguments[3]) else {
            throw Failure(code: .memoryAccess)
        }
    }

    // MARK: Parts

    private func open(_ handle: UInt32) throws(Failure) -> IncomingResponse {
        guard let open = responses[handle] else { throw Failure(code: .invalidHandle) }
        return open.response
    }

    /// An input slice; out of bounds is `bufferTooSmall`, as in the reference host.
    private func input(
        _ memory: GuestMemory, _ offset: UInt32, _ count: UInt32
    ) throws(Failure) -> ByteSlice {
        guard let bytes = memory.read(offset, count) else { throw Failure(code: .bufferTooSmall) }
        return bytes
    }

    private func text(
        _ memory: GuestMemory, _ offset: UInt32, _ count: UInt32
    ) throws(Failure) -> String {
        let bytes = try input(memory, offset, count)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(code: .notUTF8)
        }
        return text
    }
}

extension String.UTF8View {
    /// The lines of a text, LF or CRLF, the last end optional.
    fileprivate var lines: [ByteSlice] {
        var lines = Array(self).split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { $0.last == 0x0D ? $0.dropLast() : $0 }
    }
}
