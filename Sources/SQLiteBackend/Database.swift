internal import CSQLite

/// An SQLite result that is no success.
package struct SQLiteError: Error, Equatable {
    /// The primary result code.
    package let code: Int32
    /// SQLite's words.
    package let message: String

    /// Whether another process holds the database.
    var isBusy: Bool { code == SQLITE_BUSY || code == SQLITE_LOCKED }
}

/// For tests: called before every statement is run; throwing makes that statement fail.
typealias StatementHook = @Sendable (_ sql: String) throws(SQLiteError) -> Void

/// A value bound to a statement.
enum Binding {
    case text(ArraySlice<UInt8>)
    case integer(Int64)
    case null
}

/// One open database and its prepared statements: the owner of their handles.
///
/// Confined to one thread, and opened without SQLite's own mutexes because it is. All unsafe code of
/// this target is in this file.
@safe final class Database {
    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]
    var beforeStatement: StatementHook?

    init(path: String, isReadOnly: Bool = false) throws(SQLiteError) {
        var opened: OpaquePointer?
        let access = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI
        // Safe: `opened` is a local that SQLite fills even when it fails.
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard let handle = unsafe opened else {
            throw SQLiteError(code: SQLITE_NOMEM, message: "out of memory")
        }
        unsafe self.handle = handle
        guard code == SQLITE_OK else {
            let error = unsafe Self.error(handle)
            unsafe sqlite3_close_v2(handle)
            throw error
        }
        unsafe sqlite3_extended_result_codes(handle, 0)
    }

    deinit {
        // The _v2 form waits for the statements, which are finalized right after.
        unsafe sqlite3_close_v2(handle)
    }

    /// How long a statement waits for another process, in milliseconds.
    func setBusyTimeout(milliseconds: Int32) {
        unsafe sqlite3_busy_timeout(handle, milliseconds)
    }

    /// Whether no transaction is open; some failures end one by themselves.
    var isAutocommit: Bool { unsafe sqlite3_get_autocommit(handle) != 0 }

    /// How many rows the last write touched.
    var changes: Int { Int(unsafe sqlite3_changes(handle)) }

    /// Runs one statement; `row` is called for each of its rows.
    ///
    /// - Parameter isKept: whether the prepared statement is kept for the next time.
    func run(
        _ sql: String, _ bindings: [Binding] = [], isKept: Bool = true,
        row: (borrowing Row) -> Void = { _ in }
    ) throws(SQLiteError) {
        try beforeStatement?(sql)
        let prepared = try prepare(sql, isKept: isKept)
        let statement = unsafe prepared.handle
        // Safe: the statement is of this database and is reset before anyone else can use it.
        defer {
            unsafe sqlite3_reset(statement)
            unsafe sqlite3_clear_bindings(statement)
        }
        for (index, binding) in bindings.enumerated() {
            unsafe bind(binding, to: statement, at: Int32(index + 1))
        }
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: row(unsafe Row(statement: statement))
            case SQLITE_DONE: return
            default: throw unsafe Self.error(handle)
            }
        }
    }

    private func prepare(_ sql: String, isKept: Bool) throws(SQLiteError) -> Statement {
        if let known = statements[sql] { return known }
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let statement = unsafe prepared else {
            throw unsafe Self.error(handle)
        }
        let owner = unsafe Statement(statement)
        if isKept { statements[sql] = owner }
        return owner
    }

    /// A prepared statement, finalized with its owner.
    @safe private final class Statement {
        let handle: OpaquePointer

        init(_ handle: OpaquePointer) { unsafe self.handle = handle }

        deinit { unsafe sqlite3_finalize(handle) }
    }

    private func bind(_ binding: Binding, to statement: OpaquePointer, at index: Int32) {
        switch binding {
        case .integer(let number): unsafe sqlite3_bind_int64(statement, index, number)
        case .null: unsafe sqlite3_bind_null(statement, index)
        case .text(let bytes):
            // SQLITE_TRANSIENT (-1): SQLite copies the text before the call returns.
            let copy = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            guard !bytes.isEmpty else {
                unsafe sqlite3_bind_text(statement, index, "", 0, copy)
                return
            }
            // Safe: the slice's own bytes, for the time of the call.
            _ = unsafe bytes.withUnsafeBytes { text in
                unsafe sqlite3_bind_text64(
                    statement, index, text.bindMemory(to: CChar.self).baseAddress,
                    UInt64(text.count), copy, UInt8(SQLITE_UTF8))
            }
        }
    }

    private static func error(_ handle: OpaquePointer) -> SQLiteError {
        let message = unsafe sqlite3_errmsg(handle).map { unsafe String(cString: $0) } ?? ""
        return unsafe SQLiteError(code: sqlite3_errcode(handle) & 0xFF, message: message)
    }

    /// The row a statement stands at; valid inside the closure it is handed to.
    @safe struct Row: ~Copyable {
        private let statement: OpaquePointer

        fileprivate init(statement: OpaquePointer) { unsafe self.statement = statement }

        /// The bytes of a column, nil for NULL.
        func bytes(_ column: Int32) -> [UInt8]? {
            guard let start = unsafe sqlite3_column_blob(statement, column) else {
                return unsafe sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : []
            }
            let count = unsafe Int(sqlite3_column_bytes(statement, column))
            // Safe: SQLite keeps the column's bytes until the next step.
            return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
        }

        func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(statement, column) }
    }
}
