/// App ids for who names none: two words.
enum AppIDs {
    private static let first = [
        "amber", "bold", "brave", "bright", "calm", "clear", "clever", "cool", "crisp", "deft",
        "early", "eager", "fair", "fancy", "fast", "fresh", "gentle", "glad", "golden", "grand",
        "happy", "honest", "jolly", "keen", "kind", "light", "lively", "lucky", "merry", "mild",
        "neat", "nimble", "plain", "proud", "quick", "quiet", "rapid", "sharp", "silver", "smooth",
        "soft", "solid", "spry", "steady", "sunny", "swift", "tidy", "vivid", "warm", "wise",
    ]
    private static let second = [
        "acorn", "anchor", "badger", "beacon", "birch", "brook", "canyon", "cedar", "cloud",
        "comet", "coral", "crane", "dune", "eagle", "ember", "falcon", "fern", "finch", "fjord",
        "forest", "garnet", "glade", "harbor", "hazel", "heron", "island", "jasper", "lagoon",
        "lantern", "lark", "maple", "meadow", "meteor", "nectar", "oasis", "orchid", "otter",
        "pebble", "pine", "prairie", "quartz", "raven", "reef", "river", "robin", "sparrow",
        "summit", "thistle", "tulip", "willow",
    ]

    static func random() -> String {
        "\(first.randomElement() ?? "app")-\(second.randomElement() ?? "app")"
    }
}
