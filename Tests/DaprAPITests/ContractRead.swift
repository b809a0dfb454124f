extension Contract {
    private static let mismatch = "possible etag mismatch. error from state store"

    static let get: [ContractCase] = [
        ContractCase("a key that is not there is no content", .get("k", nil)),
        ContractCase(
            "reserved words are ordinary keys to GET and DELETE",
            .save(#"[{"key":"bulk","value":1},{"key":"transaction","value":2}]"#),
            .get("bulk", "1"), .get("transaction", "2"),
            .send("DELETE", "/v1.0/state/statestore/bulk", .noContent), .get("bulk", nil)),
        ContractCase(
            "the consistency of a read is never validated",
            .save(#"[{"key":"k","value":1}]"#),
            .send("GET", "/v1.0/state/statestore/k?consistency=nonsense", .ok("1")),
            .send("GET", "/v1.0/state/statestore/k?consistency=strong&concurrency=x", .ok("1"))),
        ContractCase(
            "If-Match is not read by GET",
            .save(#"[{"key":"k","value":1}]"#),
            .send("GET", "/v1.0/state/statestore/k", headers: [("If-Match", "zzz")], .ok("1"))),
        ContractCase(
            "an illegal key is refused",
            .send("GET", "/v1.0/state/statestore/a%7C%7Cb", .illegalKey("a||b"))),
        ContractCase(
            "keys are bytes: canonically equal spellings are two keys",
            .save(#"[{"key":"é","value":1}]"#), .get("e%CC%81", nil), .get("%C3%A9", "1")),
    ]

    // MARK: Delete (state.md §6)

    static let delete: [ContractCase] = [
        ContractCase(
            "a removed key is gone, and may be removed again",
            .save(#"[{"key":"k","value":1}]"#),
            .send("DELETE", "/v1.0/state/statestore/k", .noContent), .get("k", nil),
            .send("DELETE", "/v1.0/state/statestore/k", .noContent)),
        ContractCase(
            "an illegal key is refused",
            .send("DELETE", "/v1.0/state/statestore/a%7C%7Cb", .illegalKey("a||b"))),
        ContractCase(
            "the right etag removes",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .send(
                "DELETE", "/v1.0/state/statestore/k", headers: [("if-match", "$etag:k")],
                .noContent),
            .get("k", nil)),
        ContractCase(
            "a wrong etag is a conflict",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .send(
                "DELETE", "/v1.0/state/statestore/k", headers: [("If-Match", "99")],
                memory: .delete(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .delete(409, mismatch),
                redis: .delete(
                    409,
                    "\(mismatch): ERR user_script:6: failed to delete $app||k script: $sha, "
                        + "on @user_script:6.")),
            .get("k", "1")),
        ContractCase(
            "an etag for a key that is not there",
            .send(
                "DELETE", "/v1.0/state/statestore/k", headers: [("If-Match", "1")],
                memory: .delete(409, "\(mismatch): state not exist or expired for key=$app||k"),
                sqlite: .delete(409, mismatch), redis: .noContent)),
        ContractCase(
            "an empty If-Match is none",
            .save(#"[{"key":"k","value":1}]"#),
            .send("DELETE", "/v1.0/state/statestore/k", headers: [("If-Match", "")], .noContent),
            .get("k", nil)),
        ContractCase(
            "If-Match is taken as it is: neither quotes nor a star mean anything",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .send(
                "DELETE", "/v1.0/state/statestore/k", headers: [("If-Match", "*")],
                memory: .delete(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=*"),
                sqlite: .delete(409, mismatch),
                redis: .delete(
                    409,
                    "\(mismatch): ERR user_script:6: failed to delete $app||k script: $sha, "
                        + "on @user_script:6.")),
            .send(
                "DELETE", "/v1.0/state/statestore/k", headers: [("If-Match", "\"$etag:k\"")],
                memory: .delete(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, "
                        + "expect=\"$etag:k\""),
                sqlite: .delete(409, mismatch),
                redis: .delete(
                    409,
                    "\(mismatch): ERR user_script:6: failed to delete $app||k script: $sha, "
                        + "on @user_script:6.")),
            .get("k", "1")),
        ContractCase(
            "a first write removes a key that is there, but not from memory",
            .save(#"[{"key":"k","value":1}]"#),
            .send(
                "DELETE", "/v1.0/state/statestore/k?concurrency=first-write",
                memory: .delete(409, "\(mismatch): item already exists and no etag was passed"),
                sqlite: .noContent, redis: .noContent),
            .get("k", memory: "1", sqlite: nil, redis: nil)),
        ContractCase(
            "a last write with a wrong etag does not remove either",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .send(
                "DELETE", "/v1.0/state/statestore/k?concurrency=last-write",
                headers: [("If-Match", "99")],
                memory: .delete(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .delete(409, mismatch),
                redis: .delete(
                    409,
                    "\(mismatch): ERR user_script:6: failed to delete $app||k script: $sha, "
                        + "on @user_script:6."))),
        ContractCase(
            "options that do not exist are the store's failure",
            .send(
                "DELETE", "/v1.0/state/statestore/k?concurrency=x",
                .delete(500, "unrecognized concurrency model 'x'")),
            .send(
                "DELETE", "/v1.0/state/statestore/k?consistency=x",
                .delete(500, "unrecognized consistency model 'x'")),
            .send(
                "DELETE", "/v1.0/state/statestore/k?consistency=eventual&concurrency=", .noContent)),
    ]

    // MARK: Bulk get (state.md §7)

    static let bulk: [ContractCase] = [
        ContractCase(
            "what was found comes with its etag, what was not without data",
            .save(#"[{"key":"a","value":{"x": [1, 2]}},{"key":"c","value":"<&>"}]"#),
            .get("a", #"{"x": [1, 2]}"#), .get("c", #""<&>""#),
            .send(
                "POST", "/v1.0/state/statestore/bulk", #"{"keys":["b","a","c"]}"#,
                memory: .ok(
                    #"[{"key":"b"},{"key":"a","data":{"x":[1,2]},"etag":"$etag:a"},"#
                        + #"{"key":"c","data":"\u003c\u0026\u003e","etag":"$etag:c"}]"# + "\n"),
                // SQLite's rows come in its own order, what is missing last.
                sqlite: .ok(
                    #"[{"key":"a","data":{"x":[1,2]},"etag":"$etag:a"},"#
                        + #"{"key":"c","data":"\u003c\u0026\u003e","etag":"$etag:c"},"#
                        + #"{"key":"b"}]"# + "\n"),
                redis: .ok(
                    #"[{"key":"b"},{"key":"a","data":{"x":[1,2]},"etag":"1"},"#
                        + #"{"key":"c","data":"\u003c\u0026\u003e","etag":"1"}]"# + "\n"))),
        ContractCase(
            "PUT reads as POST does, whatever the parallelism",
            .save(#"[{"key":"a","value":1},{"key":"b","value":2}]"#), .get("a", "1"),
            .get("b", "2"),
            .send(
                "PUT", "/v1.0/state/statestore/bulk", #"{"keys":["a","b"],"parallelism":1}"#,
                .ok(
                    #"[{"key":"a","data":1,"etag":"$etag:a"},"#
                        + #"{"key":"b","data":2,"etag":"$etag:b"}]"# + "\n")),
            .bulk(
                #"{"keys":["a"],"parallelism":-3,"metadata":{"x":"y"}}"#,
                .ok(#"[{"key":"a","data":1,"etag":"$etag:a"}]"# + "\n"))),
        ContractCase(
            "a key asked twice",
            .save(#"[{"key":"a","value":1}]"#), .get("a", "1"),
            .send(
                "POST", "/v1.0/state/statestore/bulk", #"{"keys":["a","a"]}"#,
                memory: .ok(
                    #"[{"key":"a","data":1,"etag":"$etag:a"},"#
                        + #"{"key":"a","data":1,"etag":"$etag:a"}]"# + "\n"),
                sqlite: .ok(#"[{"key":"a","data":1,"etag":"$etag:a"},{"key":""}]"# + "\n"),
                redis: .ok(
                    #"[{"key":"a","data":1,"etag":"1"},{"key":"a","data":1,"etag":"1"}]"# + "\n"))),
        ContractCase(
            "no keys are no answers",
            .bulk(#"{"keys":[]}"#, .ok("[]\n")), .bulk("{}", .ok("[]\n"))),
        ContractCase(
            "one illegal key fails the whole request",
            .save(#"[{"key":"a","value":1}]"#),
            .bulk(#"{"keys":["a","x||y"]}"#, .illegalKey("x||y"))),
        ContractCase(
            "an empty key is looked up", .bulk(#"{"keys":[""]}"#, .ok(#"[{"key":""}]"# + "\n"))),
    ]

    // MARK: Query (state.md §9)

    static let query: [ContractCase] = [
        ContractCase(
            "no store of ours can be queried",
            .send(
                "POST", "/v1.0-alpha1/state/statestore/query", "{}",
                .error(
                    500, "ERR_STATE_STORE_NOT_SUPPORTED",
                    "state store does not support querying",
                    details: #"[{"@type":"type.googleapis.com/google.rpc.ResourceInfo","#
                        + #""description":"","owner":"","resource_name":"statestore","#
                        + #""resource_type":"state"},"#
                        + #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","#
                        + #""domain":"dapr.io","metadata":null,"#
                        + #""reason":"DAPR_STATE_QUERYING_NOT_SUPPORTED"}]"#)),
            .send(
                "PUT", "/v1.0-alpha1/state/statestore/query", "not json",
                Answer(status: 500, body: nil)))
    ]
}
