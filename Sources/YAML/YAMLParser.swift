/// Reads YAML into nodes. Pure: the text comes with its name, messages go back as diagnostics.
package enum YAMLParser {
    /// The documents of a text; none for one of comments only. By YAML 1.2; a key given twice is
    /// an error.
    package static func documents(
        of source: SourceText, limits: YAMLLimits = YAMLLimits()
    ) throws(Diagnostic) -> [YAMLNode] {
        try checkText(source, limits)
        var builder = DocumentBuilder(
            source.bytes[source.lineStart(0).byte...], from: source.lineStart(0), of: source,
            options: YAMLOptions(limits: limits))
        var documents: [YAMLNode] = []
        while let document = try builder.nextDocument() { documents.append(document) }
        return documents
    }

    /// The one document of a text, as `documents(of:limits:)` reads it: a text without any, or with
    /// several, is an error.
    package static func document(
        of source: SourceText, limits: YAMLLimits = YAMLLimits()
    ) throws(Diagnostic) -> YAMLNode {
        let documents = try documents(of: source, limits: limits)
        guard let first = documents.first else {
            throw Diagnostic(
                .error, "expected a document, found nothing",
                at: SourceSpan(at: source.mark(byte: 0)), in: source)
        }
        guard documents.count == 1 else {
            throw Diagnostic(
                .error, "expected one document, found \(documents.count)", at: documents[1].span,
                in: source, hint: "put every document in a file of its own")
        }
        return first
    }

    /// The documents of a Dapr resource file, each parsed alone, as Dapr does: a broken one does not
    /// take the others with it. Scalars by Go's rules (`YAMLSchema.go`). Positions are those of the
    /// whole file.
    /// - Parameter warn: is told what Dapr passes over in silence: keys given twice (the last wins),
    ///   text that is not read.
    package static func resourceDocuments(
        of source: SourceText, limits: YAMLLimits = YAMLLimits(),
        warn: (Diagnostic) -> Void = { _ in }
    ) -> [Result<YAMLNode, Diagnostic>] {
        do throws(Diagnostic) { try checkText(source, limits) } catch { return [.failure(error)] }
        var results: [Result<YAMLNode, Diagnostic>] = []
        for piece in ResourcePiece.pieces(of: source) {
            piece.ignored.map(warn)
            if let result = resource(piece, source, limits, warn) { results.append(result) }
        }
        return results
    }

    /// The first document of a piece: go-yaml reads no further.
    private static func resource(
        _ piece: ResourcePiece, _ source: SourceText, _ limits: YAMLLimits,
        _ warn: (Diagnostic) -> Void
    ) -> Result<YAMLNode, Diagnostic>? {
        let options = YAMLOptions(limits: limits, schema: .go, lastOfDuplicatesWins: true)
        var builder = DocumentBuilder(
            piece.bytes, from: piece.start, of: source, options: options)
        do throws(Diagnostic) {
            guard let document = try builder.nextDocument() else { return nil }
            builder.warnings.forEach(warn)
            rest(of: &builder, source).map(warn)
            return .success(document)
        } catch {
            return .failure(error)
        }
    }

    /// A warning where something follows the first document.
    private static func rest(
        of builder: inout DocumentBuilder, _ source: SourceText
    ) -> Diagnostic? {
        let place: SourceSpan
        do throws(Diagnostic) {
            guard let next = try builder.nextDocument() else { return nil }
            place = next.span
        } catch {
            place = error.span
        }
        return Diagnostic(
            .warning, "this is not read: the document ends before it", at: place, in: source,
            hint: "begin the next document with `---`")
    }

    private static func checkText(
        _ source: SourceText, _ limits: YAMLLimits
    ) throws(Diagnostic) {
        let start = SourceSpan(at: SourceMark(line: 1, column: 1, offset: 0))
        guard source.bytes.count <= limits.bytes else {
            throw Diagnostic(
                .error, "the file is larger than \(limits.bytes) bytes", at: start, in: source)
        }
        let marks: [[UInt8]] = [[0xFF, 0xFE], [0xFE, 0xFF]]
        guard !marks.contains(where: source.bytes.starts(with:)) else {
            throw Diagnostic(
                .error, "cannot read the document: it is not UTF-8, but UTF-16", at: start,
                in: source, hint: "save the file as UTF-8")
        }
    }
}

/// How a text is read.
struct YAMLOptions {
    var limits = YAMLLimits()
    var schema = YAMLSchema.core
    /// As in Dapr's resource files; else a key given twice is an error.
    var lastOfDuplicatesWins = false
}
