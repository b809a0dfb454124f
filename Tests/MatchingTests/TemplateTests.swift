import Testing
import YAML

@testable import Matching

/// Texts with variables.
@Suite struct TemplateTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("${a}", "1"), ("x${a}y${b}z", "x1y2z"), ("$a", "$a"),
        ("$${a}", "${a}"), ("$$${a}", "$${a}"), ("${a", "${a"), ("cost: 5$", "cost: 5$"),
        ("$", "$"), ("$$", "$$"), ("{a}", "{a}"), ("${a}${a}", "11"),
    ])
    func `a template is filled in`(text: String, filled: String) {
        #expect(Template.filled(text, ["a": "1", "b": "2"]).text == filled)
    }

    @Test(arguments: [("${c}", "c"), ("${a}${c}${d}", "c"), ("${}", ""), ("${a b}", "a b")])
    func `a variable without a value is named`(text: String, missing: String) {
        let (filled, name) = Template.filled(text, ["a": "1"])
        #expect(filled == nil)
        #expect(name == missing)
    }

    @Test func `what a variable holds is not filled in again`() {
        #expect(Template.filled("${a}", ["a": "${b}", "b": "2"]).text == "${b}")
    }
}
