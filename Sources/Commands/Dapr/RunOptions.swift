/// The options of `run`, as `dapr run` has them, and some of our own.
enum RunOptions {
    static let table = OptionTable(
        command: "run",
        rows: [
            .option("app-id", "a", "id", "The app id; two random words when none is given."),
            .option("app-port", "p", "port", "The port that the application listens at."),
            .option("app-protocol", "P", "protocol", "How the application is spoken to: http."),
            .option(
                "app-channel-address", nil, "address", "Where the application listens: 127.0.0.1."),
            .option("dapr-http-port", "H", "port", "The sidecar's HTTP port; a free one if none."),
            .option("dapr-grpc-port", "G", "port", "The sidecar's gRPC port; a free one if none."),
            .option("config", "c", "file", "A Dapr Configuration file."),
            .option(
                "resources-path", nil, "dir", "A folder of Dapr resource files; repeatable."),
            .option("components-path", "d", "dir", "The former name of --resources-path."),
            .option("log-level", nil, "level", "debug, info, warn, error or fatal."),
            .option(
                "app-max-concurrency", nil, "n", "How many requests the application gets at a time."
            ),
            .option("max-body-size", nil, "size", "Bytes of a request body: 4Mi, 500k."),
            .option("read-buffer-size", nil, "size", "Bytes of a request head: 4Ki."),
            .option("unix-domain-socket", "u", "dir", "Listen on a socket in this folder."),
            .option("dapr-listen-addresses", nil, "addresses", "Where the sidecar listens."),
            .flag("enable-app-health-check", nil, "Ask the application whether it is well."),
            .option("app-health-check-path", nil, "path", "Where it is asked: /healthz."),
            .option("app-health-probe-interval", nil, "seconds", "How often: 5."),
            .option("app-health-probe-timeout", nil, "ms", "How long an answer may take: 500."),
            .option("app-health-threshold", nil, "n", "Failures until it is not well: 3."),
            .flag("enable-api-logging", nil, "Log every request."),
            .option("run-file", "f", "file", "Run the applications of a dapr.yaml; - is stdin."),
            .flag("log-as-json", nil, "Write what run itself tells as JSON."),
            .option("output", "o", "form", "json: the same as --log-as-json."),
            .option("runtime-path", nil, "dir", "Where .dapr lies; the home folder if none."),
            .flag("stay", nil, "With -f: go on when all applications have ended."),
            .option("data-dir", nil, "dir", "Where state and messages lie: ~/.fakedapr."),
            .option(
                "store", nil, "store", "Keep the component statestore in memory, sqlite, redis."),
            .option("redis-url", nil, "url", "The Redis of --store redis and mapped components."),
            .option("map", nil, "type=type", "Let one type of component stand for another."),
            .option("values", nil, "mode", "Store values as sent (exact), or as Dapr does (dapr)."),
            .option(
                "stubs", nil, "file", "Answer for applications that are not there by its stubs."),
            .option(
                "clock", nil, "clock",
                "real, manual@TIME or accelerated:RATE@TIME; a test moves it."),
            .option("seed", nil, "n", "Fixes ids, etags and other random values."),
            .option("faults", nil, "file", "Misbehave on purpose, by its rules."),
            .flag("strict", nil, "End with 2 when a resource file is not quite right."),
            .option("dapr-internal-grpc-port", "I", "port"), .option("metrics-port", "M", "port"),
            .option("profile-port", nil, "port"), .flag("enable-profiling"), .flag("app-ssl"),
            .option("placement-host-address", nil, "address"),
            .option("scheduler-host-address", nil, "address"), .flag("kubernetes", "k"),
        ], isRunner: true)

    static let abstract = "Run an application with a Dapr sidecar, as `dapr run` does."

    static let discussion = """
        Without --resources-path there are two components, statestore and pubsub, in SQLite, which \
        all of your applications share. Options are run's own up to `--`.

        EXAMPLES
          fakedapr run --app-id api --app-port 8000 -- uvicorn main:app
          fakedapr run --app-id cart --resources-path ./components python3 cart.py
          fakedapr run -f dapr.yaml
          fakedapr run -f . --stay

        The status is the application's own; 125 when run itself fails, 126 and 127 when the command \
        cannot be run or found.
        """

    /// What daprd would be told: options that are handed on as they were given.
    private static let handedOn = [
        "app-protocol", "app-channel-address", "app-max-concurrency", "log-level", "max-body-size",
        "read-buffer-size", "unix-domain-socket", "dapr-listen-addresses", "app-health-check-path",
        "app-health-probe-interval", "app-health-probe-timeout", "app-health-threshold", "data-dir",
        "store", "redis-url", "values", "stubs", "clock", "seed", "faults",
    ]
    private static let handedOnFlags = ["enable-app-health-check", "enable-api-logging", "strict"]

    /// The command line of the sidecar.
    static func sidecarArguments(_ options: ParsedOptions) -> [String] {
        var arguments = handedOn.flatMap { name in
            options[name].map { ["--\(name)=\($0)"] } ?? []
        }
        arguments += handedOnFlags.filter(options.isSet).map { "--\($0)" }
        arguments += options.all("map").map { "--map=\($0)" }
        return arguments
    }
}
