package import Backends
internal import Matching
package import YAML

/// What a clock is told: by the control API, by a scenario's step, by a seed.
package enum ClockChange: Equatable, Sendable {
    /// To go in this way; nil for the way it goes in.
    case set(ClockMode?, at: Timestamp?)
    case advance(Duration)

    /// `{"advance": "1h"}`, or `{"mode": "real|manual|accelerated", "at": TIME, "rate": 60}`, or such a
    /// mode as one text: `manual@2026-01-01T00:00:00Z`.
    package init(_ node: YAMLNode, in source: SourceText) throws(Diagnostic) {
        guard node.mapping != nil else {
            let text = try source.text(of: node)
            do throws(ClockSettingProblem) {
                let setting = try ClockSetting(text)
                self = .set(setting.mode, at: setting.time)
            } catch {
                throw source.refused(error.text, node)
            }
            return
        }
        let reader = try KeyedReader(node, in: source, keys: ["advance", "mode", "at", "rate"])
        guard let advance = reader["advance"] else {
            self = try Self.setting(reader)
            return
        }
        for key in ["mode", "at", "rate"] {
            guard let extra = reader[key] else { continue }
            throw source.refused(
                "`advance` stands alone", extra, hint: "set the clock first, then move it")
        }
        self = .advance(try source.duration(advance) ?? .zero)
    }

    private static func setting(_ reader: KeyedReader) throws(Diagnostic) -> ClockChange {
        let (source, time) = (reader.source, try time(reader))
        guard let node = reader["mode"] else {
            guard time != nil, reader["rate"] == nil else {
                throw source.refused(
                    "a clock is told its `mode`, the time `at` which it is to stand, or to `advance`",
                    reader.node, hint: #"write {"advance": "1h"}, or {"mode": "manual"}"#)
            }
            return .set(nil, at: time)
        }
        let name = try source.word(node, of: ["real", "manual", "accelerated"])
        if name == "real", let at = reader["at"] {
            throw source.refused(ClockSettingProblem.timeOfReal.text, at)
        }
        guard name == "accelerated" else {
            if let rate = reader["rate"] {
                throw source.refused("only an accelerated clock has a rate", rate)
            }
            return .set(name == "real" ? .real : .manual, at: time)
        }
        let rate = try reader.required("rate")
        let number = try source.double(rate)
        guard ClockSetting.rates.contains(number) else {
            throw source.refused(ClockSettingProblem.rate(try source.text(of: rate)).text, rate)
        }
        return .set(.accelerated(number), at: time)
    }

    private static func time(_ reader: KeyedReader) throws(Diagnostic) -> Timestamp? {
        guard let node = reader["at"] else { return nil }
        let text = try reader.source.text(of: node)
        do throws(ClockSettingProblem) { return try ClockSetting.time(text) } catch {
            throw reader.source.refused(error.text, node)
        }
    }
}

extension Sandbox {
    /// Does what a clock is told; what becomes due by it has run when this returns.
    package func change(_ change: ClockChange) async throws(ClockProblem) {
        switch change {
        case .advance(let duration): try await advanceClock(by: duration)
        case .set(let mode, let time):
            guard mode != nil || clock.mode != .real else { throw .real }
            do throws(StateError) { try await setClock(mode ?? clock.mode, at: time) } catch {
                throw .store(error)
            }
        }
    }
}
