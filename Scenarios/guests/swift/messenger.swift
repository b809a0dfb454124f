/// Asks one application whether there is stock, and tells others of the order: what it knows of them
/// are their names and a topic.
@main
struct Program {
    static func main() {
        let dapr = DaprClient(store: "statestore")
        let answer = dapr.invoke("stock", "reserve", "{\"item\":42}")
        print(answer.body)
        guard answer.isSuccess else { return wasiExit(2) }
        let order: StaticString = "{\"id\":\"g1\",\"amount\":12}"
        guard dapr.publish(order, to: "orders", of: "pubsub").status == 204 else {
            return wasiExit(3)
        }
    }
}
