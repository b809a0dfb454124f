extension Contract {
    private static let mismatch = "possible etag mismatch. error from state store"
    private static let script =
        ": ERR user_script:14: failed to set key $app||k script: $sha, on @user_script:14."

    private static func ttlTexts(_ prefix: String) -> String {
        "\(prefix)strconv.ParseInt: parsing \"x\": invalid syntax\n"
            + "\(prefix)strconv.ParseInt: parsing \"y\": invalid syntax"
    }

    static let save: [ContractCase] = [
        ContractCase(
            "a value keeps its bytes",
            .save(#"[{"key":"k","value": {"b" : 1.0, "a":[ 1e2,"<&>"],"b":2} , "x":1}]"#),
            .get("k", #"{"b" : 1.0, "a":[ 1e2,"<&>"],"b":2}"#)),
        ContractCase(
            "numbers keep their digits",
            .save(#"[{"key":"k","value":12345678901234567890.123456789}]"#),
            .get("k", "12345678901234567890.123456789")),
        ContractCase(
            "a string keeps its quotes and escapes",
            .save(#"[{"key":"k","value":"a\u0041\n\u00e9 é"}]"#),
            .get("k", #""a\u0041\n\u00e9 é""#)),
        ContractCase(
            "a string that holds JSON stays a string",
            .save(#"[{"key":"k","value":"{\"a\":1}"}]"#), .get("k", #""{\"a\":1}""#)),
        ContractCase("a missing value is null", .save(#"[{"key":"k"}]"#), .get("k", "null")),
        ContractCase(
            "PUT saves as POST does",
            .send("PUT", "/v1.0/state/statestore", #"[{"key":"k","value":1}]"#, .noContent),
            .get("k", "1")),
        ContractCase("nothing to save is a success", .save("[]"), .save("null"), .save("[]x")),
        ContractCase(
            "only the first value of a body is read",
            .save(#" [{"key":"k","value":1}] garbage"#), .get("k", "1")),
        ContractCase(
            "names compare without case and unknown ones are ignored",
            .save(#"[{"KEY":"k","Value":1,"other":{},"OPTIONS":{"CONCURRENCY":"last-write"}}]"#),
            .get("k", "1")),
        ContractCase(
            "the content types of request and item are ignored",
            .send(
                "POST", "/v1.0/state/statestore", headers: [("Content-Type", "image/png")],
                #"[{"key":"k","value":"AA==","contentType":"application/octet-stream"}]"#,
                .noContent),
            .get("k", #""AA==""#)),
        ContractCase(
            "several items are saved by one request",
            .save(#"[{"key":"a","value":1},{"key":"b","value":[2]},{"key":"c","value":"3"}]"#),
            .get("a", "1"), .get("b", "[2]"), .get("c", #""3""#)),
        ContractCase(
            "a missing key is found before anything is written",
            .save(
                #"[{"key":"k","value":1},{"value":2}]"#, .malformed("\"key\" is a required field")),
            .get("k", nil)),
        ContractCase(
            "an illegal key is found before anything is written",
            .save(#"[{"key":"k","value":1},{"key":"a||b","value":2}]"#, .illegalKey("a||b")),
            .get("k", nil)),
        ContractCase(
            "of a missing and an illegal key the first counts",
            .save(#"[{"key":"a||b"},{"value":2}]"#, .illegalKey("a||b")),
            .save(#"[{"value":2},{"key":"a||b"}]"#, .malformed("\"key\" is a required field"))),
        ContractCase(
            "a single bar is no separator",
            .save(#"[{"key":"a|b|","value":1}]"#), .get("a%7Cb%7C", "1")),
        ContractCase(
            "options that exist are taken",
            .save(
                #"[{"key":"k","value":1,"options":{"concurrency":"last-write","#
                    + #""consistency":"strong"}}]"#),
            .save(
                #"[{"key":"k","value":2,"options":{"concurrency":"","consistency":"eventual"}}]"#),
            .get("k", "2")),
        ContractCase(
            "options that do not exist are the store's failure",
            .save(
                #"[{"key":"k","value":1,"options":{"concurrency":"zzz"}}]"#,
                .save(500, "unrecognized concurrency model 'zzz'")),
            .save(
                #"[{"key":"k","value":1,"options":{"consistency":"Strong"}}]"#,
                .save(500, "unrecognized consistency model 'Strong'")),
            .get("k", nil)),
        ContractCase(
            "a bad option keeps no other item from being saved",
            .save(
                #"[{"key":"a","options":{"concurrency":"x"}},{"key":"k","value":1},"#
                    + #"{"key":"b","options":{"consistency":"y"}}]"#,
                .save(
                    500,
                    "unrecognized concurrency model 'x'\nunrecognized consistency model 'y'")),
            .get("k", "1"), .get("a", nil)),
    ]

    // MARK: Etags (state.md §13)

    static let etags: [ContractCase] = [
        ContractCase(
            "every write gives a new etag, unquoted",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .save(#"[{"key":"k","value":2,"etag":"$etag:k"}]"#),
            .send(
                "DELETE", "/v1.0/state/statestore/k", headers: [("If-Match", "$etag:k")],
                memory: .delete(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$new, expect=$etag:k"
                ).anyBody,
                sqlite: .delete(409, mismatch),
                redis: .delete(
                    409,
                    "\(mismatch): ERR user_script:6: failed to delete $app||k "
                        + "script: $sha, on @user_script:6."
                ).anyBody),
            .get("k", "2")),
        ContractCase(
            "Redis counts versions from 1, and anew after a removal",
            .save(#"[{"key":"k","value":1}]"#),
            .send(
                "GET", "/v1.0/state/statestore/k", memory: .ok("1"), sqlite: .ok("1"),
                redis: .ok("1", ["Etag": "1"])),
            .save(#"[{"key":"k","value":2}]"#),
            .send(
                "GET", "/v1.0/state/statestore/k", memory: .ok("2"), sqlite: .ok("2"),
                redis: .ok("2", ["Etag": "2"])),
            .send("DELETE", "/v1.0/state/statestore/k", .noContent),
            .save(#"[{"key":"k","value":3}]"#),
            .send(
                "GET", "/v1.0/state/statestore/k", memory: .ok("3"), sqlite: .ok("3"),
                redis: .ok("3", ["Etag": "1"]))),
        ContractCase(
            "a wrong etag is a conflict",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .save(
                #"[{"key":"k","value":2,"etag":"99"}]"#,
                memory: .save(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .save(409, mismatch), redis: .save(409, mismatch + script)),
            .get("k", "1")),
        ContractCase(
            "an etag that Redis cannot have is malformed there",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .save(
                #"[{"key":"k","value":2,"etag":"abc"}]"#,
                memory: .save(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=abc"
                ),
                sqlite: .save(409, mismatch),
                redis: .save(
                    400, #"invalid etag value: strconv.Atoi: parsing "abc": invalid syntax"#)),
            .get("k", "1")),
        ContractCase(
            "an etag for a key that is not there",
            .save(
                #"[{"key":"k","value":1,"etag":"7"}]"#,
                memory: .save(409, "\(mismatch): state not exist or expired for key=$app||k"),
                sqlite: .save(409, mismatch), redis: .noContent),
            .get("k", memory: nil, sqlite: nil, redis: "1")),
        ContractCase(
            "an empty etag is none",
            .save(#"[{"key":"k","value":1,"etag":""}]"#),
            .save(#"[{"key":"k","value":2,"etag":""},{"key":"j","etag":null}]"#), .get("k", "2")),
        ContractCase(
            "a first write to a key that is there",
            .save(#"[{"key":"k","value":1}]"#),
            .save(
                #"[{"key":"k","value":2,"options":{"concurrency":"first-write"}}]"#,
                memory: .save(409, "\(mismatch): item already exists and no etag was passed"),
                sqlite: .save(409, mismatch), redis: .noContent),
            .get("k", memory: "1", sqlite: "1", redis: "2"),
            // Redis has flagged the key meanwhile, until it is removed.
            .save(
                #"[{"key":"k","value":3}]"#, memory: .noContent, sqlite: .noContent,
                redis: .save(500, "failed to set key $app||k\(script)")),
            .send("DELETE", "/v1.0/state/statestore/k", .noContent),
            .save(#"[{"key":"k","value":4}]"#), .save(#"[{"key":"k","value":5}]"#),
            .get("k", "5")),
        ContractCase(
            "a first write with the right etag, and one to a new key",
            .save(#"[{"key":"k","value":1,"options":{"concurrency":"first-write"}}]"#),
            .get("k", "1"),
            .save(
                #"[{"key":"k","value":2,"etag":"$etag:k","#
                    + #""options":{"concurrency":"first-write"}}]"#),
            .get("k", "2")),
        ContractCase(
            "a last write with a wrong etag",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .save(
                #"[{"key":"k","value":2,"etag":"99","options":{"concurrency":"last-write"}}]"#,
                memory: .save(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .save(409, mismatch), redis: .noContent),
            .get("k", memory: "1", sqlite: "1", redis: "2")),
        ContractCase(
            "several conflicts wear their prefix twice",
            .save(#"[{"key":"a","value":1},{"key":"k","value":1}]"#), .get("a", "1"),
            .get("k", "1"),
            .save(
                #"[{"key":"a","value":2,"etag":"98"},{"key":"k","value":2,"etag":"99"}]"#,
                memory: .save(
                    409,
                    "\(mismatch): \(mismatch): state etag not match for key=$app||a: "
                        + "current=$etag:a, expect=98\n\(mismatch): state etag not match for "
                        + "key=$app||k: current=$etag:k, expect=99"),
                sqlite: .save(409, "\(mismatch): \(mismatch)\n\(mismatch)"),
                redis: .save(
                    409,
                    "\(mismatch): \(mismatch): ERR user_script:14: failed to set key $app||a "
                        + "script: $sha, on @user_script:14.\n\(mismatch)\(script)")),
            .get("a", "1"), .get("k", "1")),
        ContractCase(
            "of different failures the conflict is told, and what could be saved is",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .save(
                #"[{"key":"a","value":1},{"key":"b","metadata":{"ttlInSeconds":"x"}},"#
                    + #"{"key":"k","value":2,"etag":"99"},{"key":"c","value":3}]"#,
                memory: .save(
                    409,
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .save(409, mismatch), redis: .save(409, mismatch + script)),
            .get("a", "1"), .get("b", nil), .get("k", "1"), .get("c", "3")),
        ContractCase(
            "several failures that are no conflicts stand on a line each",
            .save(
                #"[{"key":"a","metadata":{"ttlInSeconds":"x"}},{"key":"k","value":1},"#
                    + #"{"key":"b","metadata":{"ttlInSeconds":"y"}}]"#,
                memory: .save(500, ttlTexts("")),
                sqlite: .save(
                    500,
                    ttlTexts("error parsing TTL: incorrect value for metadata 'ttlInSeconds': ")),
                redis: .save(500, ttlTexts("failed to parse ttl from metadata: "))),
            .get("k", "1")),
    ]
}

extension Answer {
    /// The same without a word on its body.
    var anyBody: Answer {
        var answer = self
        answer.body = nil
        return answer
    }
}
