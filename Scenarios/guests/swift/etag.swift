/// Saves two values at once, then shows what etags guard: a save with a stale one and a removal with
/// a wrong one are refused, with the right one they pass.
@main
struct Program {
    static func main() {
        let dapr = DaprClient(store: "statestore")
        let passed = check(dapr)
        print(Text(passed ? "Test successfully!" : "Test failed!"))
        if !passed { wasiExit(1) }
    }

    private static func check(_ dapr: DaprClient) -> Bool {
        let pair = [StateItem("first", "1"), StateItem("second", "[2]")]
        guard dapr.save(pair).status == 204 else { return false }
        guard let etag = dapr.get("first").etag else { return false }
        guard dapr.save(StateItem("first", "3", etag: etag)).status == 204 else { return false }
        guard dapr.save(StateItem("first", "4", etag: etag)).status == 409 else { return false }
        guard let fresh = dapr.get("first").etag else { return false }
        guard dapr.delete("first", etag: etag).status == 409 else { return false }
        guard dapr.delete("first", etag: fresh).status == 204 else { return false }
        return dapr.get("first").status == 204 && dapr.get("second").status == 200
    }
}
