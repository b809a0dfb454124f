internal import Backends

/// The fault rules of a sandbox: what goes wrong on purpose.
///
/// Confined to the sandbox's loop. Rules are asked in the order in which they were added; those that
/// only hold something up add up, the first of the others ends it. With no rules nobody is asked
/// anything.
package final class Faults {
    /// Why a rule was not added.
    package struct Refusal: Error {
        package let id: String
        package var text: String { "there is a fault \(id) already" }
        package var hint: String { "leave `id` out, or delete the other" }
    }

    unowned let sandbox: Sandbox
    package private(set) var all: [StandingFault] = []
    /// Requests under way that brought a rule of their own.
    private var scopes = 0
    private var lastID = 0
    /// What there was at the beginning, which a reset goes back to.
    private var beginning: [Fault] = []
    let held: HeldMessages

    init(of sandbox: Sandbox) {
        self.sandbox = sandbox
        held = HeldMessages(on: sandbox)
    }

    /// Whether there is nothing to ask: on every request's way.
    package var isIdle: Bool { all.isEmpty && scopes == 0 }

    /// Adds rules, all or none of them.
    ///
    /// - Parameter isBeginning: whether a reset goes back to them.
    /// - Returns: those that were added, with their ids.
    @discardableResult
    package func add(
        _ faults: [Fault], isBeginning: Bool = false
    ) throws(Refusal) -> [StandingFault] {
        var ids = try check(faults)
        let added = faults.map { standing(named($0, not: &ids)) }
        all += added
        if isBeginning { beginning += faults }
        return added
    }

    /// Whether rules can be added: nothing is done.
    ///
    /// - Returns: the ids that are taken then.
    @discardableResult
    func check(_ faults: [Fault]) throws(Refusal) -> Set<String> {
        var ids = Set(all.map(\.fault.id))
        for fault in faults where !fault.id.isEmpty {
            guard ids.insert(fault.id).inserted else { throw Refusal(id: fault.id) }
        }
        return ids
    }

    private func named(_ fault: Fault, not ids: inout Set<String>) -> Fault {
        var fault = fault
        while fault.id.isEmpty {
            lastID += 1
            if ids.insert("fault-\(lastID)").inserted { fault.id = "fault-\(lastID)" }
        }
        return fault
    }

    private func standing(_ fault: Fault) -> StandingFault {
        // Taken in any case, so that giving a rule a seed does not change what follows.
        let seed = sandbox.random.next()
        return StandingFault(fault, seed: seed, at: sandbox.clock.now)
    }

    /// Takes one away.
    ///
    /// - Returns: whether it was there.
    package func remove(_ id: String) -> Bool {
        let count = all.count
        all.removeAll { $0.fault.id == id }
        if all.isEmpty { held.release() }
        return all.count < count
    }

    /// Takes all away; messages that were held up are handed on.
    package func clear() {
        all = []
        lastID = 0
        held.release()
    }

    /// Back to what there was at the beginning, with nothing counted.
    func reset() {
        clear()
        let faults = beginning
        beginning = []
        // What was right at the beginning is right again.
        _ = try? add(faults, isBeginning: true)
    }

    // MARK: Asking

    /// Runs `body` as one request, or one delivery, that may meet faults.
    ///
    /// - Parameter own: the rule that it brought itself.
    package func scope<R>(
        _ own: Fault? = nil, _ body: (FaultScope) async -> R
    ) async -> R {
        var standing: StandingFault?
        if var own {
            own.id = "of the request"
            standing = self.standing(own)
            scopes += 1
        }
        defer { if own != nil { scopes -= 1 } }
        let scope = FaultScope(standing)
        return await FaultScope.$current.withValue(scope) { await body(scope) }
    }

    /// The rules that apply there, in their order.
    func pick(_ site: FaultSite, _ subject: FaultSubject) -> [StandingFault] {
        let scope = FaultScope.current
        let now = sandbox.clock.now
        var picked: [StandingFault] = []
        for standing in (scope?.own.map { [$0] } ?? []) + all
        where standing.fault.kind.acts(at: site, on: subject) {
            guard standing.takes(subject, at: now) else { continue }
            picked.append(standing)
            scope?.note(standing.fault)
            if standing.fault.kind.isLast { break }
        }
        return picked
    }

    /// Lets the sandbox's time pass as a rule wants it.
    func wait(_ delay: FaultDelay, of standing: StandingFault) async {
        let duration = standing.sample(delay)
        if duration > .zero { await sandbox.sleep(for: duration) }
    }
}

// MARK: Requests

/// What a request is to meet once its latencies are over.
package enum RequestFault {
    case answer(FaultAnswer)
    case reset
}

/// What is to become of an answer on its way out.
package enum AnswerFault: Sendable {
    case truncate(bytes: Int?)
    case slow(bytesPerSecond: Int)
}

extension Faults {
    /// Holds a request up as long as the rules want it.
    ///
    /// - Returns: what it is answered in place of being done; what becomes of its answer.
    package func meet(
        _ subject: FaultSubject
    ) async -> (instead: RequestFault?, answer: AnswerFault?) {
        var answer: AnswerFault?
        for standing in pick(.request, subject) {
            switch standing.fault.kind {
            case .latency(let delay): await wait(delay, of: standing)
            case .truncate(let bytes): answer = .truncate(bytes: bytes)
            case .slowBody(let rate): answer = .slow(bytesPerSecond: rate)
            case .error(let given): return (.answer(given), answer)
            case .reset: return (.reset, nil)
            default: break
            }
        }
        return (nil, answer)
    }
}
