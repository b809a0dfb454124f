/// Keeps a string and an object in Dapr's state API, reads both back and checks them.
@main
struct Program {
    static func main() {
        print(Text("Testing Dapr API ...."))
        let dapr = DaprClient(store: "statestore")
        let weapon = StateItem("weapon", "\"Death Star\"")
        let planets = StateItem("planets", "{\"name\":\"Tatooine\",\"test\":123}")
        let passed =
            dapr.save(weapon).status == 204
            && dapr.save(planets).status == 204
            && holds(dapr.get("planets"), planets)
            && holds(dapr.get("weapon"), weapon)
        print(Text(passed ? "Test successfully!" : "Test failed!"))
        if !passed { wasiExit(1) }
    }

    private static func holds(_ response: DaprResponse, _ item: StateItem) -> Bool {
        response.status == 200 && response.body.elementsEqual(item.value)
    }
}
