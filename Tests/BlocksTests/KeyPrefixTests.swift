import Backends
import Bytes
import Testing

@testable import Blocks

/// Key prefixes (state.md §11 of the specification).
@Suite struct KeyPrefixTests {
    @Test(
        arguments: [
            (nil, nil, "app||"), ("", nil, "app||"), ("appid", "ns", "app||"),
            ("AppId", nil, "app||"),
            ("name", "ns", "comp||"), ("NAME", nil, "comp||"), ("namespace", "ns", "ns.app||"),
            ("Namespace", "", "app||"), ("namespace", nil, "app||"), ("none", "ns", ""),
            ("None", nil, ""), ("Shared-Data", nil, "shared-data||"), ("a|b", nil, "a|b||"),
        ] as [(String?, String?, String)])
    func `a strategy gives a prefix`(strategy: String?, namespace: String?, prefix: String) throws {
        let keyPrefix = try KeyPrefix(
            strategy: strategy, appID: "app", component: "comp", namespace: namespace)
        let key = Array("k".utf8)[...]
        #expect(keyPrefix.stored(key).text == "\(prefix)k")
        #expect(keyPrefix.bare(keyPrefix.stored(key)) == key)
    }

    @Test(arguments: ["a||b", "||", "x||"])
    func `a literal with the separator is refused`(strategy: String) {
        #expect(throws: KeyPrefix.IllegalPrefix(prefix: strategy)) {
            try KeyPrefix(strategy: strategy, appID: "app", component: "comp", namespace: nil)
        }
    }

    @Test(arguments: [
        ("", false), ("a", false), ("|", false), ("a|b", false), ("|a|", false), ("||", true),
        ("a||", true), ("||b", true), ("a|b||c", true), ("|||", true), ("a| |b", false),
    ])
    func `a key with two bars side by side is illegal`(key: String, isIllegal: Bool) {
        #expect(KeyPrefix.isIllegal(Array(key.utf8)[...]) == isIllegal)
    }
}
