internal import Bytes
internal import JSON

/// Hints that follow from an entry alone. Made when somebody reads: most requests are never looked at.
extension JournalEntry {
    /// One sentence that says what is puzzling about the answer and how to mend it; nil for nothing.
    package var hint: String? {
        if let given = detail.hint { return given }
        guard 200..<300 ~= status else { return nil }
        switch api {
        case .state: return strayTTL ?? roundedNumber
        case .publish: return strayTTL ?? contentTypeHint
        default: return nil
        }
    }

    private var strayTTL: String? {
        let names = (query ?? []).split(separator: UInt8(ascii: "&")).map {
            $0.prefix { $0 != UInt8(ascii: "=") }
        }
        guard names.contains(where: { $0.equalsIgnoringCase("ttlinseconds") }) else { return nil }
        return "the parameter ttlInSeconds has no effect: write metadata.ttlInSeconds=…"
    }

    // MARK: Publishing

    private var contentTypeHint: String? {
        guard requestBody.count == requestBodyLength, !requestBody.isEmpty else { return nil }
        let type = headers.first { $0.name == "content-type" }?.value ?? ""
        let isJSON = (try? JSONScanner.wholeValue(of: requestBody, maxDepth: 512)) != nil
        let looksLikeJSON = [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(requestBody.first)
        if type.isEmpty, isJSON, looksLikeJSON {
            return "subscribers get this JSON as a text: send Content-Type: application/json"
        }
        if type.lowercased().hasPrefix("application/json"), !isJSON {
            return "the body is no JSON though its Content-Type says so: "
                + "subscribers get it as a text"
        }
        return nil
    }

    // MARK: Numbers

    /// A value that Dapr's stores would not give back as it was sent.
    private var roundedNumber: String? {
        guard method.equals("POST") || method.equals("PUT"),
            state.contains(where: { $0.operation == .set }),
            let scanned = try? JSONScanner.wholeValue(of: requestBody, maxDepth: 512)
        else { return nil }
        var hint: String?
        JSONReader(scanned: requestBody[scanned.range]).forEachToken { token in
            guard hint == nil, case .scalar(let value) = token, value.kind == .number else {
                return
            }
            hint = Self.rounding(value.bytes)
        }
        return hint
    }

    private static func rounding(_ number: ByteSlice) -> String? {
        let stores: [(encoder: DaprValues.Encoder, name: String)] = [
            (.goJSON, "Dapr's stores"), (.jsoniterFastest, "Dapr's Redis store"),
        ]
        let sent = DecimalText(String(text: number))
        for (encoder, name) in stores {
            let kept = String(text: DaprValues.reserialise(number, as: encoder))
            guard DecimalText(kept) != sent else { continue }
            return "\(name) would keep the number \(String(text: number)) as \(kept): send it as a "
                + "text, or see it with --values dapr"
        }
        return nil
    }
}

/// A decimal number by its digits: `1.50e1` and `15` are the same.
private struct DecimalText: Equatable {
    private var isNegative: Bool
    private var digits: String
    /// Where the point is, counted from the first digit.
    private var point: Int

    init(_ text: String) {
        let parts = text.lowercased().split(separator: "e", maxSplits: 1)
        isNegative = text.hasPrefix("-")
        let mantissa = (parts.first ?? "").drop { $0 == "-" }
        let whole = mantissa.prefix { $0 != "." }
        digits = String(mantissa.filter { $0 != "." })
        point = whole.count + (parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0)
        let zeros = digits.prefix { $0 == "0" }.count
        digits.removeFirst(zeros)
        point -= zeros
        while digits.last == "0" { digits.removeLast() }
        if digits.isEmpty { (point, isNegative) = (0, false) }
    }
}
