;; Reads a byte of standard input, asks the URL it stands for, and exits with the host's code.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_experimental_http" "req"
    (func $req (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "GET")
  (data (i32.const 200) "http://example.com/")
  (data (i32.const 300) "http://127.0.0.1:3501/")
  (data (i32.const 400) "https://127.0.0.1:3500/")
  (data (i32.const 500) "http://localhost:3500/v1.0/healthz")

  (func $get (param $url i32) (param $count i32)
    (call $exit
      (call $req
        (local.get $url) (local.get $count) (i32.const 100) (i32.const 3)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 16) (i32.const 24))))

  (func (export "_start") (local $first i32)
    (i32.store (i32.const 0) (i32.const 32))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $first (i32.load8_u (i32.const 32)))
    (if (i32.eq (local.get $first) (i32.const 101)) ;; "elsewhere"
      (then (call $get (i32.const 200) (i32.const 19))))
    (if (i32.eq (local.get $first) (i32.const 97)) ;; "another port"
      (then (call $get (i32.const 300) (i32.const 22))))
    (if (i32.eq (local.get $first) (i32.const 104)) ;; "https" or "home"
      (then
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (if (i32.eq (i32.load8_u (i32.const 32)) (i32.const 116))
          (then (call $get (i32.const 400) (i32.const 23)))
          (else (call $get (i32.const 500) (i32.const 34))))))))
