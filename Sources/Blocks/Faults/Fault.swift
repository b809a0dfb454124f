package import JSON
package import Matching

/// One rule of what goes wrong on purpose: when it is meant, and what it does.
package struct Fault: Sendable {
    /// Empty until the rule is added and gets one.
    package var id: String
    /// Parts of what is asked: `api`, `app`, `store`, `operation`, `key`, `pubsub`, `topic`, `callee`,
    /// `method`, `path`, `headers.x`; `nth` is how often the others have matched.
    package var match: [Expectation]
    package var kind: FaultKind
    /// From 0 to 1; nil for always.
    package var probability: Double?
    /// Of the rule's own randomness; nil takes one from the sandbox's.
    package var seed: UInt64?
    /// How often it is applied at most.
    package var count: Int?
    /// How many that match are let through before.
    package var after: Int
    /// How long it holds, in the sandbox's time, from when it is added.
    package var duration: Duration?
    /// As it was described, for who asks which rules there are.
    package var description: JSONValue

    package init(
        id: String = "", match: [Expectation] = [], kind: FaultKind, probability: Double? = nil,
        seed: UInt64? = nil, count: Int? = nil, after: Int = 0, duration: Duration? = nil,
        description: JSONValue = .null
    ) {
        self.id = id
        self.match = match
        self.kind = kind
        self.probability = probability
        self.seed = seed
        self.count = count
        self.after = after
        self.duration = duration
        self.description = description
    }

    /// As the journal tells it.
    var text: String { "\(kind.name.rawValue) \(id)" }
}

/// What a fault does. Times are the sandbox's.
package enum FaultKind: Sendable, Equatable {
    /// The request, or the delivery, begins later.
    case latency(FaultDelay)
    /// It is answered so, and nothing is done.
    case error(FaultAnswer)
    /// Its connection breaks without an answer, and nothing is done.
    case reset
    /// The answer's body breaks off after so many bytes; nil for half of it.
    case truncate(bytes: Int?)
    /// The answer's body comes so slowly.
    case slowBody(bytesPerSecond: Int)
    /// The store or broker cannot be reached, each time it is asked.
    case unavailable(message: String)
    /// The store says that the etag was another.
    case etagConflict
    /// The message is lost, though its publisher, or its broker, hears of a success.
    case drop
    /// The message comes so many times.
    case duplicate(copies: Int)
    /// The message is handed on after the next one of its topic, or after this time.
    case reorder(within: Duration)
    /// The message is handed on later; nobody waits for it.
    case delay(FaultDelay)
    /// The application cannot be reached.
    case appUnreachable
    /// The application takes longer to answer.
    case appSlow(FaultDelay)

    package enum Name: String, Sendable, CaseIterable {
        case latency, error, reset, truncate, slowBody, unavailable, etagConflict
        case drop, duplicate, reorder, delay, appUnreachable, appSlow
    }

    package var name: Name {
        switch self {
        case .latency: .latency
        case .error: .error
        case .reset: .reset
        case .truncate: .truncate
        case .slowBody: .slowBody
        case .unavailable: .unavailable
        case .etagConflict: .etagConflict
        case .drop: .drop
        case .duplicate: .duplicate
        case .reorder: .reorder
        case .delay: .delay
        case .appUnreachable: .appUnreachable
        case .appSlow: .appSlow
        }
    }
}

/// What a request is answered in place of its answer.
package struct FaultAnswer: Sendable, Equatable {
    package var status: Int
    package var code: String
    package var message: String

    package init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }
}

/// How long something is held up: always the same, or more and less at random.
package struct FaultDelay: Sendable, Equatable {
    package enum Distribution: String, Sendable, CaseIterable {
        /// Every time from `jitter` below to `jitter` above is as likely.
        case uniform
        /// `jitter` is the standard deviation.
        case normal
    }

    package var base: Duration
    package var jitter: Duration
    package var distribution: Distribution

    package init(
        base: Duration, jitter: Duration = .zero, distribution: Distribution = .uniform
    ) {
        self.base = base
        self.jitter = jitter
        self.distribution = distribution
    }

    /// One such time, not below zero.
    func sample(_ random: inout some RandomNumberGenerator) -> Duration {
        guard jitter > .zero else { return base }
        let factor: Double =
            switch distribution {
            case .uniform: .random(in: -1...1, using: &random)
            // Irwin and Hall: the sum of twelve has a deviation of one, and needs no logarithm.
            case .normal:
                (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
            }
        return max(.zero, base + jitter * factor)
    }
}

/// Where on its way something meets faults.
enum FaultSite {
    /// A request to the API, read and found to be in order.
    case request
    /// A store or a broker that is about to be asked.
    case component
    /// A message that is about to be handed on.
    case message
    /// An application that is about to be called.
    case app
}

extension FaultKind {
    /// Whether it has something to do there.
    func acts(at site: FaultSite, on subject: FaultSubject) -> Bool {
        let api = subject.api
        return switch self {
        case .latency, .error, .reset: site == .request || site == .app && api == .deliver
        case .truncate, .slowBody: site == .request
        case .unavailable: site == .component
        // A read has no etag that could fail.
        case .etagConflict:
            site == .component && api == .state
                && subject.records.contains { $0.operation == .set || $0.operation == .delete }
        case .drop, .duplicate, .delay: site == .message
        case .reorder: site == .message && api == .publish
        case .appUnreachable, .appSlow: site == .app
        }
    }

    /// Whether nothing is left to go wrong after it.
    var isLast: Bool {
        switch self {
        case .latency, .slowBody, .truncate, .appSlow: false
        default: true
        }
    }

    /// The APIs that a rule of this kind can be about.
    var apis: [APIName] {
        switch name {
        case .latency, .error, .reset: APIName.allCases
        case .truncate, .slowBody: APIName.allCases.filter { $0 != .deliver }
        case .unavailable: [.state, .publish]
        case .etagConflict: [.state]
        case .drop, .duplicate, .delay: [.publish, .deliver]
        case .reorder: [.publish]
        case .appUnreachable, .appSlow: [.invoke, .deliver]
        }
    }

    /// Whether deliveries are meant only when the rule names their API: without it, a rule is about
    /// requests and what is published.
    var namesDeliveries: Bool { name != .appUnreachable && name != .appSlow }
}
