/// The functions of CEL's standard library, by the names that messages use.
enum CELFunction: String, CaseIterable, Sendable {
    case conditional = "_?_:_"
    case not = "!_"
    case negate = "-_"
    case equals = "_==_"
    case notEquals = "_!=_"
    case less = "_<_"
    case lessEquals = "_<=_"
    case greater = "_>_"
    case greaterEquals = "_>=_"
    case `in` = "@in"
    case add = "_+_"
    case subtract = "_-_"
    case multiply = "_*_"
    case divide = "_/_"
    case modulo = "_%_"
    case index = "_[_]"
    case size, contains, startsWith, endsWith, matches
    case int, uint, double, string, bytes, bool, dyn, type, duration, timestamp
    case getFullYear, getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear
    case getHours, getMinutes, getSeconds, getMilliseconds
}
