/// The sandbox's source of randomness: seeded, so that the same seed and the same requests give the
/// same etags. Confined to the sandbox's loop. The generator is xoshiro256** by Blackman and Vigna,
/// its state filled by their splitmix64 (https://prng.di.unimi.it).
package final class RandomSource: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)
    private let seed: UInt64?

    /// - Parameter seed: nil takes one from the system.
    package init(seed: UInt64? = nil) {
        self.seed = seed
        state = Self.state(seed ?? UInt64.random(in: .min ... .max))
    }

    /// Begins anew, so that the same follows as did at first; one that was not given a seed goes on.
    package func restart() {
        if let seed { state = Self.state(seed) }
    }

    private static func state(_ seed: UInt64) -> (UInt64, UInt64, UInt64, UInt64) {
        var seed = seed
        func next() -> UInt64 {
            seed &+= 0x9E37_79B9_7F4A_7C15
            var mixed = seed
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
        return (next(), next(), next(), next())
    }

    package func next() -> UInt64 {
        let result = rotate(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, 45)
        return result
    }

    private func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }

    /// A version 4 UUID (RFC 9562 §5.4) in its 36 lower-case characters.
    package func uuid() -> [UInt8] {
        let high = (next() & ~0xF000) | 0x4000
        let low = (next() & ~(0b11 << 62)) | (0b10 << 62)
        var text = [UInt8](repeating: UInt8(ascii: "-"), count: 36)
        var index = 0
        for word in [high, low] {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                if index == 8 || index == 13 || index == 18 || index == 23 { index += 1 }
                let value = UInt8(truncatingIfNeeded: word >> shift) & 15
                text[index] = value < 10 ? 0x30 + value : 0x61 + value - 10
                index += 1
            }
        }
        return text
    }
}
