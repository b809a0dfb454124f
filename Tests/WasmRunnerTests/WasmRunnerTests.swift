// WasmRunnerTests
