internal import Transport

/// A folder of one test's own, gone with its last reference.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws { path = try FileContents.makeTemporaryFolder() }

    deinit { FileContents.removeFolder(path) }

    /// Writes a file and returns its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try FileContents.write(Array(text.utf8), to: file)
        return file
    }
}
