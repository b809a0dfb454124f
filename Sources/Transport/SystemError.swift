internal import Glibc

/// What the kernel refused, by its error number.
package struct SystemError: Error, Equatable {
    /// The call that failed: `bind`, `connect`, ….
    package let call: String
    /// Its `errno`.
    package let code: Int32

    package init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The error that the calling thread's last refused call left in `errno`.
    package init(_ call: String) { self.init(call, code: errno) }

    /// Whether another program has the address.
    package var isAddressInUse: Bool { code == EADDRINUSE }

    /// Whether the machine has no such address, or no such family of addresses.
    package var isAddressUnavailable: Bool { code == EADDRNOTAVAIL || code == EAFNOSUPPORT }

    /// The kernel's words: `address already in use`.
    package var reason: String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        let words = unsafe String(cString: text)
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}

/// Why a stream gave or took no more bytes.
package enum StreamError: Error, Equatable {
    /// The peer reset the connection or is gone.
    case disconnected
    /// The deadline passed before the socket was ready.
    case timedOut
    /// A stop was asked for while the stream was waiting.
    case interrupted
}
