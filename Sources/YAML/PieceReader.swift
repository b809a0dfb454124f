/// Events with places in the whole text, and libyaml's problems as diagnostics.
struct PieceReader: ~Copyable {
    private let source: SourceText
    private let reader: EventReader
    /// Where the piece begins.
    private let origin: LineIndex.Start
    /// The first byte after it.
    private let end: Int

    init(_ piece: ArraySlice<UInt8>, from origin: LineIndex.Start, of source: SourceText) {
        self.source = source
        self.origin = origin
        end = piece.endIndex
        reader = EventReader(piece)
    }

    func next() throws(Diagnostic) -> (event: EventReader.Event, span: SourceSpan) {
        do throws(EventReader.Problem) {
            let (event, characters) = try reader.next()
            let span = SourceSpan(
                start: mark(characters.lowerBound), end: mark(characters.upperBound))
            return (event, span)
        } catch {
            throw diagnostic(of: error)
        }
    }

    private func mark(_ character: Int) -> SourceMark {
        source.mark(character: origin.character + character)
    }

    private func diagnostic(of error: EventReader.Problem) -> Diagnostic {
        let place = place(of: error)
        let before = source.bytes[..<place.offset].last { $0 != UInt8(ascii: " ") }
        let problem = ParseProblem(
            error, before: before, byte: place.offset < end ? source.bytes[place.offset] : nil)
        let context = mark(error.contextCharacter)
        let shown = problem.isShownAtContext ? context : place
        var hints = [problem.hint].compactMap { $0 }
        if error.context != nil, context.line != shown.line {
            hints.append(
                "what is read here begins at line \(context.line), column \(context.column)")
        }
        return Diagnostic(
            .error, problem.message, at: SourceSpan(at: shown), in: source,
            hint: hints.isEmpty ? nil : hints.joined(separator: "; "))
    }

    private func place(of error: EventReader.Problem) -> SourceMark {
        switch error.place {
        case .byte(let byte): source.mark(byte: origin.byte + byte)
        case .character(let character): mark(character)
        }
    }
}
