extension Contract {
    private static let mismatch = "possible etag mismatch. error from state store"

    static let transactions: [ContractCase] = [
        ContractCase(
            "operations run in their order",
            .save(#"[{"key":"gone","value":0}]"#),
            .transact(
                #"{"operations":[{"operation":"upsert","request":{"key":"a","value": { "x" :1} }},"#
                    + #"{"operation":"delete","request":{"key":"gone"}},"#
                    + #"{"operation":"upsert","request":{"key":"k","value":1}},"#
                    + #"{"operation":"upsert","request":{"key":"k","value":2}}]}"#),
            .get("a", #"{ "x" :1}"#), .get("gone", nil), .get("k", "2")),
        ContractCase(
            "PUT transacts as POST does",
            .send(
                "PUT", "/v1.0/state/statestore/transaction",
                #"{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}"#,
                .noContent),
            .get("k", "1")),
        ContractCase(
            "nothing to do is a success",
            .transact(#"{"operations":[]}"#), .transact("{}"), .transact("null")),
        ContractCase(
            "a key set and removed in one transaction is gone",
            .transact(
                #"{"operations":[{"operation":"upsert","request":{"key":"k","value":1}},"#
                    + #"{"operation":"delete","request":{"key":"k"}}]}"#),
            .get("k", nil)),
        ContractCase(
            "an unknown operation is refused before anything is written",
            .transact(
                #"{"operations":[{"operation":"upsert","request":{"key":"k","value":1}},"#
                    + #"{"operation":"Upsert","request":{"key":"k","value":2}}]}"#,
                .error(
                    400, "ERR_NOT_SUPPORTED_STATE_OPERATION", "operation type Upsert not supported")
            ),
            .get("k", nil)),
        ContractCase(
            "an illegal key loses its field",
            .transact(
                #"{"operations":[{"operation":"upsert","request":{"key":"a||b"}}]}"#,
                .illegalKey("a||b", field: false)),
            .transact(
                #"{"operations":[{"operation":"delete","request":{"key":"a||b"}}]}"#,
                .illegalKey("a||b", field: false))),
        ContractCase(
            "each operation is looked at whole before the next",
            .transact(
                #"{"operations":[{"operation":"upsert","request":{"key":"a||b"}},"#
                    + #"{"operation":"zzz"}]}"#, .illegalKey("a||b", field: false)),
            .transact(
                #"{"operations":[{"operation":"zzz","request":1},"#
                    + #"{"operation":"upsert","request":{"key":"a||b"}}]}"#,
                .error(
                    400, "ERR_NOT_SUPPORTED_STATE_OPERATION", "operation type zzz not supported")),
            .transact(
                #"{"operations":[{"operation":"upsert","request":1},{"operation":"zzz"}]}"#,
                .malformedBody("'' expected a map, got 'float64'"))),
        ContractCase(
            "an empty key is stored",
            .transact(#"{"operations":[{"operation":"upsert","request":{"value":1}}]}"#),
            .send(
                "POST", "/v1.0/state/statestore/bulk", #"{"keys":[""]}"#,
                Answer(status: 200, body: nil))),
        ContractCase(
            "a conflict is 500, and undoes the rest but on Redis",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .transact(
                #"{"operations":[{"operation":"upsert","request":{"key":"a","value":1}},"#
                    + #"{"operation":"upsert","request":{"key":"k","value":2,"etag":"99"}},"#
                    + #"{"operation":"upsert","request":{"key":"b","value":1}}]}"#,
                memory: .transaction(
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .transaction(mismatch),
                redis: .transaction(
                    "ERR user_script:14: failed to set key $app||k script: $sha, "
                        + "on @user_script:14.")),
            .get("k", "1"),
            .get("a", memory: nil, sqlite: nil, redis: "1"),
            .get("b", memory: nil, sqlite: nil, redis: "1")),
        ContractCase(
            "a conflict of the only operation is 500 too",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .transact(
                #"{"operations":[{"operation":"delete","request":{"key":"k","etag":"99"}}]}"#,
                memory: .transaction(
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .transaction(mismatch),
                redis: .transaction(
                    "ERR user_script:6: failed to delete $app||k script: $sha, "
                        + "on @user_script:6.")),
            .get("k", "1")),
        ContractCase(
            "the right etags are taken",
            .save(#"[{"key":"j","value":1},{"key":"k","value":1}]"#), .get("j", "1"),
            .get("k", "1"),
            .transact(
                #"{"operations":[{"operation":"upsert","request":"#
                    + #"{"key":"j","value":2,"etag":"$etag:j"}},"#
                    + #"{"operation":"delete","request":{"key":"k","etag":"$etag:k"}}]}"#),
            .get("j", "2"), .get("k", nil)),
        ContractCase(
            "options are validated but on Redis",
            .transact(
                #"{"operations":[{"operation":"upsert","request":"#
                    + #"{"key":"k","value":1,"options":{"concurrency":"zzz"}}}]}"#,
                memory: .transaction("unrecognized concurrency model 'zzz'"),
                sqlite: .transaction("unrecognized concurrency model 'zzz'"), redis: .noContent),
            .get("k", memory: nil, sqlite: nil, redis: "1"),
            .transact(
                #"{"operations":[{"operation":"delete","request":"#
                    + #"{"key":"k","options":{"consistency":"zzz"}}}]}"#,
                memory: .transaction("unrecognized consistency model 'zzz'"),
                sqlite: .transaction("unrecognized consistency model 'zzz'"), redis: .noContent)),
        ContractCase(
            "a first write of a transaction does not flag a Redis key",
            .transact(
                #"{"operations":[{"operation":"upsert","request":"#
                    + #"{"key":"k","value":1,"options":{"concurrency":"first-write"}}}]}"#),
            .save(#"[{"key":"k","value":2}]"#), .get("k", "2")),
        ContractCase(
            "a last write of a transaction with a wrong etag",
            .save(#"[{"key":"k","value":1}]"#), .get("k", "1"),
            .transact(
                #"{"operations":[{"operation":"upsert","request":{"key":"k","value":2,"#
                    + #""etag":"99","options":{"concurrency":"last-write"}}}]}"#,
                memory: .transaction(
                    "\(mismatch): state etag not match for key=$app||k: current=$etag:k, expect=99"),
                sqlite: .transaction(mismatch), redis: .noContent)),
        ContractCase(
            "an illegal time to live is 500",
            .transact(
                #"{"operations":[{"operation":"upsert","request":"#
                    + #"{"key":"k","value":1,"metadata":{"ttlInSeconds":"x"}}}]}"#,
                memory: .transaction(#"strconv.ParseInt: parsing "x": invalid syntax"#),
                sqlite: .transaction(
                    "error parsing TTL: incorrect value for metadata 'ttlInSeconds': "
                        + #"strconv.ParseInt: parsing "x": invalid syntax"#),
                redis: .transaction(
                    "failed to parse ttl from metadata: "
                        + #"strconv.ParseInt: parsing "x": invalid syntax"#)),
            .get("k", nil)),
    ]
}
