/// A run of bytes that shares its storage with what it was cut from: a request's head, a key, a
/// value. Cutting one costs a retain, never a copy.
package typealias ByteSlice = ArraySlice<UInt8>
