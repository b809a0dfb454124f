// Wasmtime's C API, loaded at run time and folded into what running one guest needs.
//
// The library is opened by dlopen: `serve` never needs it, and a program linked against it could not
// start without it. The structures of the API stay in CWasmtime.c; Swift sees the functions below.
#ifndef CWASMTIME_H
#define CWASMTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cwt_engine cwt_engine;
typedef struct cwt_module cwt_module;

/// Opens the library at `path`, once per process. NULL on success, else why not; the text stays
/// valid. Not to be called by two threads at once.
const char *cwt_load(const char *path);

/// A compiler and its settings: shared by threads. NULL and `*error` (to be freed) on failure.
cwt_engine *cwt_engine_new(bool winch, bool fuel, char **error);
void cwt_engine_delete(cwt_engine *engine);
/// Moves the engine's epoch by one: guests that run look at the clock. Any thread.
void cwt_engine_tick(cwt_engine *engine);

/// Compiles a module. NULL and `*error` (to be freed) on failure.
cwt_module *cwt_module_compile(cwt_engine *, const uint8_t *bytes, size_t count, char **error);
/// Loads what `cwt_module_serialize` gave; only what this program wrote may be handed in.
cwt_module *cwt_module_load(cwt_engine *, const uint8_t *bytes, size_t count, char **error);
/// The compiled module as bytes (to be freed), NULL on failure.
uint8_t *cwt_module_serialize(cwt_module *, size_t *count);
void cwt_module_delete(cwt_module *);

/// Sixteen bytes that tell contents apart; against accidents, not against malice.
void cwt_digest(const uint8_t *bytes, size_t count, uint64_t digest[2]);

/// Turns the text format into a module's bytes (to be freed). NULL and `*error` on failure.
uint8_t *cwt_wat(const char *text, size_t length, size_t *count, char **error);

/// The functions of `wasi_experimental_http`.
enum cwt_function {
    CWT_REQ,
    CWT_CLOSE,
    CWT_HEADER_GET,
    CWT_HEADERS_GET_ALL,
    CWT_BODY_READ,
    CWT_FUNCTION_COUNT,
};

/// A host call: the guest's memory as it is during the call (NULL without an export `memory`).
struct cwt_call {
    enum cwt_function function;
    uint8_t *memory;
    size_t memory_size;
    uint32_t arguments[10];
};

/// Answers a host call with its result code.
typedef uint32_t (*cwt_host)(void *context, const struct cwt_call *call);
/// Takes in what the guest writes to its standard output (1) or error (2).
typedef void (*cwt_output)(void *context, int stream, const uint8_t *bytes, size_t count);

struct cwt_options {
    const char *const *arguments;
    size_t argument_count;
    const char *const *names;
    const char *const *values;
    size_t environment_count;
    const uint8_t *input;
    size_t input_count;
    /// Whether the guest reads this process's standard input instead.
    bool inherits_input;
    /// Host and guest paths of folders the guest may use.
    const char *const *host_folders;
    const char *const *guest_folders;
    size_t folder_count;
    /// Bytes of linear memory; below zero for no bound.
    int64_t memory_limit;
    /// Units of fuel; 0 for none counted. The engine must have been made for it.
    uint64_t fuel;
    /// When the guest is interrupted: nanoseconds of the monotonic clock.
    uint64_t deadline;
    /// Whether random bytes and clocks are made from `seed`.
    bool is_seeded;
    uint64_t seed;
    /// The export to call; NULL for `_start`, which may be absent.
    const char *export_name;
    void *context;
    cwt_host host;
    cwt_output output;
};

enum cwt_end {
    CWT_FINISHED,
    CWT_EXITED,
    CWT_TRAPPED,
    CWT_OUT_OF_TIME,
    /// The module could not be linked or has no such export.
    CWT_FAILED,
};

struct cwt_outcome {
    enum cwt_end end;
    int status;
    /// Wasmtime's trap code, -1 when it has none.
    int trap_code;
    /// Freed by cwt_outcome_free.
    char *message;
    /// Of the guest's memory when it was last looked at.
    size_t memory_size;
    uint64_t instantiate_nanoseconds;
    uint64_t run_nanoseconds;
};

/// Runs a guest on the calling thread to its end.
void cwt_run(cwt_engine *, cwt_module *, const struct cwt_options *, struct cwt_outcome *);
void cwt_outcome_free(struct cwt_outcome *);

#endif
