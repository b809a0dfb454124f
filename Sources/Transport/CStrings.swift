internal import Glibc

/// Copies of texts for a C function that takes a list of them, NULL at its end.
@safe struct CStrings: ~Copyable {
    private let words: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>

    init(_ texts: [String]) {
        unsafe words = .allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() { unsafe words[index] = strdup(text) }
        unsafe words[texts.count] = nil
    }

    deinit {
        for index in unsafe words.indices { unsafe free(words[index]) }
        unsafe words.deallocate()
    }

    /// Runs `body` with the list, which lives as long as the call.
    func withPointer<R>(
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> R
    ) -> R {
        unsafe body(UnsafePointer(words.baseAddress))
    }
}
