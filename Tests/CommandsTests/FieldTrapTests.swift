import Foundation
import TestSupport
import Testing
import Transport

/// What applications written for Dapr do that a stand-in may get wrong: each by one that does so.
@Suite struct FieldTrapTests {
    @Test func `a delete with a body and no key is no route, and the application goes on`()
        async throws
    {
        let app = try await SmallApp.run(
            """
            connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["DAPR_HTTP_PORT"]))
            state = "/v1.0/state/statestore"
            item = json.dumps([{"key": "k", "value": 1}])
            tell(call("POST", state, item, connection=connection)[0])
            status, text, _ = call("DELETE", state, item, connection=connection)
            tell(status, json.loads(text)["errorCode"])
            tell(call("GET", state + "/k", connection=connection)[1])
            """)
        #expect(app.told == ["204", "404 ERR_DIRECT_INVOKE", "1"])
        #expect(app.run.status == 0)
    }

    @Test func `a string that holds JSON is the same string when it comes back`() async throws {
        let app = try await SmallApp.run(
            #"""
            text = '{"a": 1, "b": [true, "\\u00e9 / \\\\"]}'
            item = json.dumps([{"key": "k", "value": text}])
            call("POST", "/v1.0/state/statestore", item, {"Content-Type": "application/json"})
            tell(json.loads(call("GET", "/v1.0/state/statestore/k")[1]) == text)
            keys = json.dumps({"keys": ["k"]})
            tell(json.loads(call("POST", "/v1.0/state/statestore/bulk", keys)[1])[0]["data"] == text)
            """#)
        #expect(app.told == ["True", "True"])
    }

    @Test(arguments: [
        "pubsubName='pubsub', topic='t', route='/take'",
        "PubsubName='pubsub', Topic='t', Route='take'",
        "PUBSUBNAME='pubsub', TOPIC='t', ROUTES={'DEFAULT': '/take'}",
    ])
    func `a subscription's fields may be spelled in any case`(fields: String) async throws {
        let app = try await SmallApp.run(
            """
            got = threading.Event()
            def take(handler, body):
                handler.answer()
                got.set()
            serve({"/dapr/subscribe": subscribe(\(fields)), "/take": take})
            until_ready()
            call("POST", "/v1.0/publish/pubsub/t", "{}", {"Content-Type": "application/json"})
            tell(got.wait(15))
            """, hasPort: true)
        #expect(app.told == ["True"])
    }

    @Test func `an event is application/cloudevents+json, its data an object`() async throws {
        let app = try await SmallApp.run(
            """
            got = threading.Event()
            def take(handler, body):
                assert handler.headers["Content-Type"] == "application/cloudevents+json"
                event = json.loads(body)
                tell(event["data"]["orderId"], event["datacontenttype"], event["specversion"],
                     event["topic"], event["pubsubname"], event["source"], event["type"])
                handler.answer()
                got.set()
            serve({"/dapr/subscribe": subscribe(pubsubname="pubsub", topic="t", route="/t"),
                   "/t": take})
            until_ready()
            call("POST", "/v1.0/publish/pubsub/t", '{"orderId": 5}',
                 {"Content-Type": "application/json"})
            tell(got.wait(15))
            """, hasPort: true)
        #expect(
            app.told == ["5 application/json 1.0 t pubsub app com.dapr.event.sent", "True"])
    }

    @Test func `any path with dapr-app-id is a call, with or without a content type`()
        async throws
    {
        let app = try await SmallApp.run(
            """
            def hello(handler, body):
                tell(handler.command, handler.path, body, handler.headers["Content-Type"],
                     handler.headers["dapr-app-id"])
                handler.answer(200, "hi")
            serve({"/orders/1": hello})
            until_ready()
            for method in ["GET", "POST", "DELETE"]:
                body = "x" if method == "POST" else None
                tell(*call(method, "/orders/1?a=b%20c", body, {"dapr-app-id": "app"})[:2])
            """, hasPort: true)
        #expect(
            app.told == [
                "GET /orders/1?a=b%20c  None None", "200 hi",
                "POST /orders/1?a=b%20c x None None", "200 hi",
                "DELETE /orders/1?a=b%20c  None None", "200 hi",
            ])
    }

    @Test func `who opens the port late is asked for subscriptions once it accepts`() async throws {
        let app = try await SmallApp.run(
            """
            tell(call("GET", "/v1.0/healthz")[0])
            # The API is there all the while: some load what they need before they listen.
            for number in range(50):
                call("POST", "/v1.0/state/statestore", json.dumps([{"key": "k", "value": number}]))
            tell(call("GET", "/v1.0/healthz")[0])
            got = threading.Event()
            def asked(handler, body):
                tell("asked")
                subscribe(pubsubname="pubsub", topic="t", route="/t")(handler, body)
            def take(handler, body):
                handler.answer()
                got.set()
            serve({"/dapr/subscribe": asked, "/t": take})
            until_ready()
            call("POST", "/v1.0/publish/pubsub/t", "1", {"Content-Type": "application/json"})
            tell(got.wait(15))
            """, hasPort: true)
        #expect(app.told == ["500", "500", "asked", "True"])
    }

    @Test func `localhost is listened to in both families`() async throws {
        let app = try await SmallApp.run(
            """
            import socket
            hosts = ["127.0.0.1", "localhost"]
            try:
                socket.socket(socket.AF_INET6).bind(("::1", 0))
                hosts.append("::1")
            except OSError:
                tell("no IPv6")
            for host in hosts:
                tell(call("GET", "/v1.0/healthz/outbound", host=host)[0])
            """)
        #expect(app.told.count == 3)
        #expect(app.told.filter { $0 != "no IPv6" }.allSatisfy { $0 == "204" })
    }

    @Test func `healthz/outbound and metadata are there before the application is`() async throws {
        let app = try await SmallApp.run(
            """
            tell(call("GET", "/v1.0/healthz/outbound")[0])
            # As JavaScript's SDK asks, and as one asks that sends a body along.
            for body in [None, "{}"]:
                status, text, fields = call("GET", "/v1.0/metadata", body)
                tell(status, fields["Content-Type"], json.loads(text)["id"])
            """, hasPort: true)
        #expect(app.told == ["204", "200 application/json app", "200 application/json app"])
    }

    @Test func `a callee's content type and its 503 come through untouched`() async throws {
        let app = try await SmallApp.run(
            """
            serve({
                "/csv": lambda handler, _: handler.answer(
                    200, "a;b", {"Content-Type": "text/csv; header=absent"}),
                "/busy": lambda handler, _: handler.answer(
                    503, "<p>come again</p>", {"Content-Type": "text/html", "Retry-After": "3"})})
            until_ready()
            for path in ["csv", "busy"]:
                status, text, fields = call("GET", "/v1.0/invoke/app/method/" + path)
                tell(status, text, fields["Content-Type"], fields["Retry-After"])
            """, hasPort: true)
        #expect(
            app.told == [
                "200 a;b text/csv; header=absent None", "503 <p>come again</p> text/html 3",
            ])
    }

    @Test func `resource files that are not quite right are told, and the rest goes on`()
        async throws
    {
        let folder = try TemporaryFolder()
        try folder.component("mine", "state.in-memory")
        try folder.write(
            "resiliency.yaml",
            """
            apiVersion: dapr.io/v1alpha1
            metadata: { name: r }
            spec: { policies: { timeouts: { general: 5s } }, targets: {} }
            """)
        try folder.write("notes.yaml", "just: notes\n")
        try folder.write("broken.yaml", "apiVersion: [\n")
        try folder.write("empty.yaml", "---\n")
        let app = try await SmallApp.run(
            """
            tell(call("POST", "/v1.0/state/mine", '[{"key": "k", "value": 1}]')[0])
            """, resources: folder)
        #expect(app.told == ["204"])
        #expect(app.run.status == 0)
        for text in [
            "broken.yaml:2:1: warning: cannot read the document",
            "resiliency.yaml:1:1: warning: not a Dapr resource: it has no kind",
            "notes.yaml:1:1: warning: not a Dapr resource",
        ] {
            #expect(app.run.errors.contains(text))
        }
    }

    @Test func `two apps of one run file with one port are both started, with a warning`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (app, http) = (try FreePort.find(), try FreePort.find())
        for name in ["a", "b"] { try FileContents.makeFolder("\(folder.path)/\(name)") }
        let rest = """
            appPort: \(app), daprHTTPPort: \(http),
            command: [sh, -c, 'curl -s -o /dev/null -w "%{http_code}
            $APP_PORT" http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/healthz/outbound']
            """
        try folder.write(
            "dapr.yaml",
            """
            version: 1
            apps: [{ appDirPath: a, \(rest) }, { appDirPath: b, \(rest) }]
            """)
        let run = try await OffPool.run {
            try Fakedapr.run(["run", "-f", "."], folder: folder.path)
        }
        for name in ["a", "b"] {
            #expect(run.output.contains("== APP - \(name) == 204 \(app)\n"))
        }
        #expect(run.status == 0)
        let told = run.output + run.errors
        #expect(told.contains("The app \"b\" has an appPort that another app has too: \(app)\n"))
        #expect(told.contains("The daprHTTPPort \(http) of the app \"b\" is another app's already"))
    }
}
