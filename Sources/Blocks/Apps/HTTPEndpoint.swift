internal import Bytes

/// An `HTTPEndpoint` resource: a server that is invoked by a name.
package struct HTTPEndpoint: Sendable, Equatable {
    package var name: String
    /// `http://host:8080/base`
    package var baseURL: String
    package var headers: [Header]
    /// `auth.secretStore`; empty when there is none.
    package var secretStore = ""

    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String
        /// The secret that the value is to be.
        package var reference: SecretReference?

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(name: String, baseURL: String, headers: [Header] = []) {
        self.name = name
        self.baseURL = baseURL
        self.headers = headers
    }

    /// The resource's headers take the place of the caller's.
    func setHeaders(in request: inout AppRequest) {
        // Go's client writes the server's own name there, whatever a header says.
        let own = headers.filter { $0.name.lowercased() != "host" }.map {
            AppField($0.name, $0.value)
        }
        request.fields.removeAll { field in
            own.contains { $0.name.equalsIgnoringCase(field.name) }
        }
        request.fields += own
    }
}
