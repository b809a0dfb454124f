// WasmRunner
