internal import JSON
internal import Matching
internal import Transport
package import YAML

/// The applications of a sandbox that are not there, and what answers in their place.
///
/// An application of which there are stubs and no sidecar gets one, without a port, with the pub/sub
/// components of the first; a sidecar without an application gets its stubs for one. Confined to the
/// sandbox's loop.
package final class Stubs {
    private unowned let sandbox: Sandbox
    private var apps: [Standing] = []
    private var count = 0
    /// What a reset goes back to.
    private var beginning: [StubDescription] = []

    /// An application, and where it stands.
    private struct Standing {
        let app: StubbedApp
        let sidecar: Sidecar
        /// Whether the sidecar is there for its stubs alone.
        let isOwn: Bool
        /// What a scenario has it answer, over HTTP; nil for one without a port.
        var script: [Stub]?
    }

    /// Why stubs are not added.
    package struct Refusal: Error {
        package let text: String
        package let hint: String?
        package let span: SourceSpan
    }

    init(of sandbox: Sandbox) { self.sandbox = sandbox }

    /// All stubs, by application, in the order in which they are tried.
    package var all: [(stub: Stub, uses: Int)] {
        apps.flatMap { standing in
            standing.app.stubs.map { ($0, standing.app.uses(of: $0.id)) }
        }
    }

    /// Adds what descriptions say, all or nothing.
    ///
    /// - Parameter isBeginning: whether a reset goes back to them.
    /// - Returns: the stubs, with their ids.
    @discardableResult
    package func add(
        _ descriptions: [StubDescription], isBeginning: Bool = false
    ) async throws(Refusal) -> [Stub] {
        try check(descriptions)
        let named = descriptions.map { self.named($0) }
        if isBeginning { beginning += named }
        var subscribing: [StubbedApp] = []
        for description in named {
            let app = apps[place(of: description.app)].app
            for stub in description.stubs { app.add(stub) }
            guard let wanted = description.subscriptions?.array, !wanted.isEmpty else { continue }
            app.subscriptions += wanted
            if !subscribing.contains(where: { $0 === app }) { subscribing.append(app) }
        }
        for app in subscribing { await subscribe(app) }
        return named.flatMap(\.stubs)
    }

    /// - Returns: false when there is no such stub.
    package func remove(_ id: String) async -> Bool {
        let standing = apps.first { $0.app.stubs.contains { $0.id == id } }
        guard let standing else { return false }
        standing.app.remove(id)
        if standing.app.isEmpty, standing.script == nil { await drop(standing) }
        return true
    }

    /// Takes all away, subscriptions too.
    package func clear() async {
        for standing in apps {
            standing.app.clear()
            if standing.script == nil { await drop(standing) }
        }
    }

    /// Back to what there was at the beginning; every stub answers again as often as at first.
    package func reset() async {
        await clear()
        for standing in apps { for stub in standing.script ?? [] { standing.app.add(stub) } }
        let descriptions = beginning
        beginning = []
        // What was right at the beginning is right again.
        _ = try? await add(descriptions, isBeginning: true)
    }

    /// Takes over an application of a scenario, which answers over HTTP.
    package func adopt(_ app: StubbedApp, of sidecar: Sidecar) {
        apps.append(Standing(app: app, sidecar: sidecar, isOwn: false, script: app.stubs))
    }

    // MARK: Places

    /// With an id for every stub.
    private func named(_ description: StubDescription) -> StubDescription {
        var description = description
        for index in description.stubs.indices where description.stubs[index].id.isEmpty {
            repeat { count += 1 } while all.contains { $0.stub.id == "stub-\(count)" }
            description.stubs[index].id = "stub-\(count)"
        }
        return description
    }

    /// Whether descriptions can be added: nothing is done.
    func check(_ descriptions: [StubDescription]) throws(Refusal) {
        var ids = Set(all.map(\.stub.id))
        for description in descriptions {
            for stub in description.stubs where !stub.id.isEmpty {
                guard ids.insert(stub.id).inserted else {
                    throw Refusal(
                        text: "there is a stub \(stub.id) already",
                        hint: "leave `id` out, or delete the other", span: description.span)
                }
            }
            try check(description)
            for reply in description.stubs.flatMap(\.replies) { try check(reply) }
        }
    }

    /// A name that nothing gives a value would be answered as it stands.
    private func check(_ reply: StubReply) throws(Refusal) {
        guard let (name, span) = StubTemplates.stranger(in: reply) else { return }
        throw Refusal(
            text: "no value for ${\(name)}",
            hint:
                "a reply knows ${request.json.…}, ${request.segments[0]}, ${request.path} and the "
                + "like, and ${use}; $${ stands for ${ itself",
            span: span)
    }

    private func check(_ description: StubDescription) throws(Refusal) {
        let standing = apps.first { $0.app.id == description.app }
        let sidecar = sandbox.sidecars.first { $0.appID == description.app }
        if standing == nil, sidecar?.appChannel != nil {
            throw Refusal(
                text: "the app \(description.app) is there and answers itself",
                hint: "a stub stands for an app that is not there; a fault makes one misbehave",
                span: description.span)
        }
        let components = (sidecar ?? sandbox.sidecars.first)?.pubSubComponents.map(\.name) ?? []
        for wanted in description.subscriptions?.array ?? [] {
            let name = wanted.object?.last { $0.name.lowercased() == "pubsubname" }?.value.string
            guard let name, components.contains(name) else {
                throw Refusal(
                    text: "there is no pub/sub component \(name ?? "without a name")",
                    hint: Suggestion.hint(for: name ?? "", among: components),
                    span: description.span)
            }
        }
    }

    /// Where the application stands; made when it does not yet.
    private func place(of id: String) -> Int {
        if let index = apps.firstIndex(where: { $0.app.id == id }) { return index }
        let app = StubbedApp(id)
        let known = sandbox.sidecars.first { $0.appID == id }
        let sidecar = known ?? sidecar(for: id)
        sidecar.appChannel = StubChannel(to: app, in: sandbox)
        apps.append(Standing(app: app, sidecar: sidecar, isOwn: known == nil))
        return apps.count - 1
    }

    private func sidecar(for id: String) -> Sidecar {
        let model = sandbox.sidecars.first
        let sidecar = Sidecar(appID: id, settings: SidecarSettings(), in: sandbox)
        for component in model?.pubSubComponents ?? [] {
            sidecar.add(component.copy(for: id, of: model?.appID ?? ""))
        }
        sidecar.log = model?.log
        sidecar.isOutboundReady = true
        sidecar.isReady = true
        return sidecar
    }

    private func subscribe(_ app: StubbedApp) async {
        guard let sidecar = apps.first(where: { $0.app === app })?.sidecar else { return }
        let body = JSONValue.array(app.subscriptions).text
        let read = try? SubscriptionReader.programmatic(Array(body.utf8)[...])
        let subscriptions = sidecar.subscriptions ?? Subscriptions(of: sidecar, declared: [])
        sidecar.subscriptions = subscriptions
        await subscriptions.appIsReady()
        await subscriptions.replace(declared: read?.subscriptions ?? [])
    }

    /// The application is not there any more.
    private func drop(_ standing: Standing) async {
        apps.removeAll { $0.app === standing.app }
        // Nobody finds it from here on, whoever comes while its deliveries end.
        let subscriptions = standing.sidecar.subscriptions
        standing.sidecar.subscriptions = nil
        standing.sidecar.appChannel = nil
        if standing.isOwn { sandbox.remove(standing.sidecar) }
        await subscriptions?.stop(patience: .seconds(1))
    }
}

extension PubSubComponent {
    /// The same component for another app id.
    fileprivate func copy(for id: String, of other: String) -> PubSubComponent {
        PubSubComponent(
            name: name, type: type, version: version, broker: broker,
            group: group == other ? id : group, appID: id, settings: settings)
    }
}
