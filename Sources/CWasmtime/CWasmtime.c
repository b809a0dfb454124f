#define _GNU_SOURCE
#include "CWasmtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

// Layouts of libwasmtime 50.
typedef struct { size_t size; uint8_t *data; } byte_vec;
typedef struct { size_t size; void **data; } pointer_vec;
typedef struct { uint64_t store; void *private_; } func_t;
typedef struct { struct { uint64_t store; uint32_t private1; } head; uint32_t private2; } memory_t;
typedef struct { uint64_t store; size_t private_; } instance_t;
typedef struct {
    uint8_t kind;
    union { func_t func; memory_t memory; uint64_t room[4]; } of;
} extern_t;
typedef struct {
    uint8_t kind;
    union { int32_t i32; int64_t i64; uint64_t room[3]; } of;
} val_t;
enum { EXTERN_FUNC = 0, EXTERN_MEMORY = 3, VAL_I32 = 0, VALTYPE_I32 = 0, VALTYPE_I64 = 1 };

_Static_assert(sizeof(memory_t) == 24, "wasmtime_memory_t");
_Static_assert(sizeof(val_t) == 32, "wasmtime_val_t");

typedef void *trap_callback(void *env, void *caller, const val_t *args, size_t nargs,
                            val_t *results, size_t nresults);
typedef void *epoch_callback(void *context, void *data, uint64_t *delta, uint8_t *kind);
typedef ssize_t write_callback(void *data, const unsigned char *bytes, size_t count);

// One table makes the pointers and the loader: return type, name, parameters.
#define API(X)                                                                                   \
    X(void *, wasm_config_new, (void))                                                           \
    X(void *, wasm_engine_new_with_config, (void *))                                             \
    X(void, wasm_engine_delete, (void *))                                                        \
    X(void, wasmtime_config_strategy_set, (void *, uint8_t))                                     \
    X(void, wasmtime_config_epoch_interruption_set, (void *, bool))                              \
    X(void, wasmtime_config_consume_fuel_set, (void *, bool))                                    \
    X(void, wasmtime_config_parallel_compilation_set, (void *, bool))                            \
    X(void, wasmtime_engine_increment_epoch, (void *))                                           \
    X(void *, wasmtime_module_new, (void *, const uint8_t *, size_t, void **))                   \
    X(void, wasmtime_module_delete, (void *))                                                    \
    X(void *, wasmtime_module_serialize, (void *, byte_vec *))                                   \
    X(void *, wasmtime_module_deserialize, (void *, const uint8_t *, size_t, void **))           \
    X(void *, wasmtime_store_new, (void *, void *, void (*)(void *)))                            \
    X(void, wasmtime_store_delete, (void *))                                                     \
    X(void *, wasmtime_store_context, (void *))                                                  \
    X(void, wasmtime_store_limiter, (void *, int64_t, int64_t, int64_t, int64_t, int64_t))       \
    X(void *, wasmtime_context_set_wasi, (void *, void *))                                       \
    X(void *, wasmtime_context_set_fuel, (void *, uint64_t))                                     \
    X(void, wasmtime_context_set_epoch_deadline, (void *, uint64_t))                             \
    X(void, wasmtime_store_epoch_deadline_callback,                                              \
      (void *, epoch_callback *, void *, void (*)(void *)))                                      \
    X(void *, wasmtime_linker_new, (void *))                                                     \
    X(void, wasmtime_linker_delete, (void *))                                                    \
    X(void, wasmtime_linker_allow_shadowing, (void *, bool))                                     \
    X(void *, wasmtime_linker_define_wasi, (void *))                                             \
    X(void *, wasmtime_linker_define_func,                                                       \
      (void *, const char *, size_t, const char *, size_t, void *, trap_callback *, void *,      \
       void (*)(void *)))                                                                        \
    X(bool, wasmtime_linker_get,                                                                 \
      (void *, void *, const char *, size_t, const char *, size_t, extern_t *))                  \
    X(void *, wasmtime_linker_define,                                                            \
      (void *, void *, const char *, size_t, const char *, size_t, const extern_t *))            \
    X(void *, wasmtime_linker_instantiate, (void *, void *, void *, instance_t *, void **))      \
    X(bool, wasmtime_instance_export_get,                                                        \
      (void *, const instance_t *, const char *, size_t, extern_t *))                            \
    X(bool, wasmtime_caller_export_get, (void *, const char *, size_t, extern_t *))              \
    X(void *, wasmtime_caller_context, (void *))                                                 \
    X(uint8_t *, wasmtime_memory_data, (void *, const memory_t *))                               \
    X(size_t, wasmtime_memory_data_size, (void *, const memory_t *))                             \
    X(void *, wasmtime_func_call,                                                                \
      (void *, const func_t *, const val_t *, size_t, val_t *, size_t, void **))                 \
    X(void, wasmtime_error_message, (void *, byte_vec *))                                        \
    X(void, wasmtime_error_delete, (void *))                                                     \
    X(void *, wasmtime_error_new, (const char *))                                                \
    X(void *, wasmtime_trap_new, (const char *, size_t))                                         \
    X(void, wasm_trap_message, (void *, byte_vec *))                                             \
    X(void, wasm_trap_delete, (void *))                                                          \
    X(bool, wasmtime_trap_code, (void *, uint8_t *))                                             \
    X(void *, wasmtime_wat2wasm, (const char *, size_t, byte_vec *))                             \
    X(void, wasm_byte_vec_new, (byte_vec *, size_t, const uint8_t *))                            \
    X(void, wasm_byte_vec_delete, (byte_vec *))                                                  \
    X(void *, wasm_valtype_new, (uint8_t))                                                       \
    X(void, wasm_valtype_vec_new, (pointer_vec *, size_t, void **))                              \
    X(void *, wasm_functype_new, (pointer_vec *, pointer_vec *))                                 \
    X(void, wasm_functype_delete, (void *))                                                      \
    X(void *, wasi_config_new, (void))                                                           \
    X(bool, wasi_config_set_argv, (void *, size_t, const char *const *))                         \
    X(bool, wasi_config_set_env, (void *, size_t, const char *const *, const char *const *))     \
    X(void, wasi_config_set_stdin_bytes, (void *, byte_vec *))                                   \
    X(void, wasi_config_inherit_stdin, (void *))                                                 \
    X(void, wasi_config_set_stdout_custom,                                                       \
      (void *, write_callback *, void *, void (*)(void *)))                                      \
    X(void, wasi_config_set_stderr_custom,                                                       \
      (void *, write_callback *, void *, void (*)(void *)))

#define DECLARE(result, name, parameters) static result(*name) parameters;
API(DECLARE)

// Declared apart: its last parameter has changed between versions.
static bool (*wasi_config_preopen_dir)(void *, const char *, const char *, bool);

const char *cwt_load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return dlerror();
#define LOAD(result, name, parameters)                                                           \
    if ((*(void **)&name = dlsym(library, #name)) == NULL) return "the library has no " #name;
    API(LOAD)
    LOAD(bool, wasi_config_preopen_dir, ())
    return NULL;
}

static char *text_of(byte_vec *bytes) {
    char *text = strndup((const char *)bytes->data, bytes->size);
    wasm_byte_vec_delete(bytes);
    return text;
}

static char *take_error(void *error) {
    byte_vec message;
    wasmtime_error_message(error, &message);
    wasmtime_error_delete(error);
    return text_of(&message);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

// Engines and modules

cwt_engine *cwt_engine_new(bool winch, bool fuel, char **error) {
    void *config = wasm_config_new();
    wasmtime_config_strategy_set(config, winch ? 2 : 1);
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_consume_fuel_set(config, fuel);
    // Threads cost more than they save on guests of a few kilobytes.
    wasmtime_config_parallel_compilation_set(config, false);
    void *engine = wasm_engine_new_with_config(config);
    if (engine == NULL) *error = strdup("the engine could not be made");
    return engine;
}

void cwt_engine_delete(cwt_engine *engine) { wasm_engine_delete(engine); }

void cwt_engine_tick(cwt_engine *engine) { wasmtime_engine_increment_epoch(engine); }

cwt_module *cwt_module_compile(cwt_engine *engine, const uint8_t *bytes, size_t count,
                               char **error) {
    void *module = NULL;
    void *failed = wasmtime_module_new(engine, bytes, count, &module);
    if (failed != NULL) *error = take_error(failed);
    return failed == NULL ? module : NULL;
}

cwt_module *cwt_module_load(cwt_engine *engine, const uint8_t *bytes, size_t count, char **error) {
    void *module = NULL;
    void *failed = wasmtime_module_deserialize(engine, bytes, count, &module);
    if (failed != NULL) *error = take_error(failed);
    return failed == NULL ? module : NULL;
}

static uint8_t *copy_of(byte_vec *bytes, size_t *count) {
    uint8_t *copy = malloc(bytes->size ? bytes->size : 1);
    if (copy != NULL) memcpy(copy, bytes->data, bytes->size);
    *count = bytes->size;
    wasm_byte_vec_delete(bytes);
    return copy;
}

uint8_t *cwt_module_serialize(cwt_module *module, size_t *count) {
    byte_vec bytes;
    void *failed = wasmtime_module_serialize(module, &bytes);
    if (failed == NULL) return copy_of(&bytes, count);
    wasmtime_error_delete(failed);
    return NULL;
}

void cwt_module_delete(cwt_module *module) { wasmtime_module_delete(module); }

uint8_t *cwt_wat(const char *text, size_t length, size_t *count, char **error) {
    byte_vec bytes;
    void *failed = wasmtime_wat2wasm(text, length, &bytes);
    if (failed == NULL) return copy_of(&bytes, count);
    *error = take_error(failed);
    return NULL;
}

// Two lanes over eight bytes at a time; the last bytes are filled up with zeros, which the length
// tells from real ones.
void cwt_digest(const uint8_t *bytes, size_t count, uint64_t digest[2]) {
    uint64_t a = 0x9E3779B97F4A7C15u ^ count, b = 0xC2B2AE3D27D4EB4Fu + count;
    for (size_t i = 0; i < count; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, count - i < 8 ? count - i : 8);
        a = (a ^ word) * 0x9FB21C651E98DF25u;
        a ^= a >> 32;
        b = (b + word) * 0xD6E8FEB86659FD93u;
        b = (b << 31 | b >> 33) ^ a;
    }
    digest[0] = a;
    digest[1] = b;
}

// One run

typedef struct {
    const struct cwt_options *options;
    void *engine;
    /// The library's own fd_write, for descriptors other than standard output and error.
    extern_t fd_write;
    /// The bridge to it, made when it is first needed.
    void *bridge_module, *bridge_linker;
    func_t bridge;
    uint64_t random;
    /// What a seeded clock has moved since its beginning, nanoseconds.
    uint64_t moved;
    size_t memory_size;
    bool is_out_of_time, has_exited;
    int status;
} run_t;

typedef struct {
    run_t *run;
    enum cwt_function function;
} host_function;

static bool memory_of(void *caller, run_t *run, uint8_t **bytes, size_t *size) {
    extern_t item;
    if (!wasmtime_caller_export_get(caller, "memory", 6, &item) || item.kind != EXTERN_MEMORY)
        return false;
    void *context = wasmtime_caller_context(caller);
    *bytes = wasmtime_memory_data(context, &item.of.memory);
    *size = wasmtime_memory_data_size(context, &item.of.memory);
    run->memory_size = *size;
    return true;
}

static bool is_late(run_t *run) {
    if (now() >= run->options->deadline) run->is_out_of_time = true;
    return run->is_out_of_time;
}

static void *out_of_time(void) { return wasmtime_trap_new("out of time", 11); }

// Called at every tick of the epoch.
static void *check_time(void *context, void *data, uint64_t *delta, uint8_t *kind) {
    (void)context;
    (void)kind;
    *delta = 1;
    return is_late(data) ? wasmtime_error_new("out of time") : NULL;
}

static void *call_host(void *env, void *caller, const val_t *args, size_t nargs, val_t *results,
                       size_t nresults) {
    (void)nresults;
    host_function *function = env;
    struct cwt_call call = {.function = function->function};
    if (!memory_of(caller, function->run, &call.memory, &call.memory_size)) call.memory = NULL;
    for (size_t i = 0; i < nargs && i < 10; i++) call.arguments[i] = (uint32_t)args[i].of.i32;
    const struct cwt_options *options = function->run->options;
    results[0].kind = VAL_I32;
    results[0].of.i32 = (int32_t)options->host(options->context, &call);
    // An epoch does not interrupt a call that blocks: it ends at the deadline by itself.
    return is_late(function->run) ? out_of_time() : NULL;
}

enum { ERRNO_BADF = 8, ERRNO_FAULT = 21, ERRNO_INVAL = 28 };

static uint32_t load32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}

// The library's functions find the memory by their caller, which must be a module that exports one:
// this one exports the guest's.
static const char bridge_text[] =
    "(module (import \"guest\" \"memory\" (memory 0))"
    " (import \"wasi\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (export \"memory\" (memory 0))"
    " (func (export \"fd_write\") (param i32 i32 i32 i32) (result i32)"
    " (call $write (local.get 0) (local.get 1) (local.get 2) (local.get 3))))";

static char *build_bridge(run_t *run, void *context, const extern_t *memory) {
    byte_vec bytes;
    void *trap = NULL;
    instance_t instance;
    extern_t item;
    void *error = wasmtime_wat2wasm(bridge_text, sizeof bridge_text - 1, &bytes);
    if (error != NULL) return take_error(error);
    error = wasmtime_module_new(run->engine, bytes.data, bytes.size, &run->bridge_module);
    wasm_byte_vec_delete(&bytes);
    if (error != NULL) return take_error(error);
    run->bridge_linker = wasmtime_linker_new(run->engine);
    error = wasmtime_linker_define(run->bridge_linker, context, "guest", 5, "memory", 6, memory);
    if (error == NULL)
        error = wasmtime_linker_define(run->bridge_linker, context, "wasi", 4, "fd_write", 8,
                                       &run->fd_write);
    if (error == NULL)
        error = wasmtime_linker_instantiate(run->bridge_linker, context, run->bridge_module,
                                            &instance, &trap);
    if (error != NULL) return take_error(error);
    if (trap != NULL || !wasmtime_instance_export_get(context, &instance, "fd_write", 8, &item))
        return strdup("no bridge");
    run->bridge = item.of.func;
    return NULL;
}

// One vector of a file; the library writes it, and how much at `written_at`.
static void *write_vector(run_t *run, void *caller, int32_t fd, uint32_t vector,
                          uint32_t written_at, int32_t *errno_) {
    void *context = wasmtime_caller_context(caller), *trap = NULL;
    if (run->bridge_module == NULL) {
        extern_t memory;
        wasmtime_caller_export_get(caller, "memory", 6, &memory);
        char *failed = build_bridge(run, context, &memory);
        if (failed != NULL) {
            trap = wasmtime_trap_new(failed, strlen(failed));
            free(failed);
            return trap;
        }
    }
    val_t arguments[4] = {{.of.i32 = fd}, {.of.i32 = (int32_t)vector}, {.of.i32 = 1},
                          {.of.i32 = (int32_t)written_at}};
    val_t result = {0};
    void *error = wasmtime_func_call(context, &run->bridge, arguments, 4, &result, 1, &trap);
    *errno_ = result.of.i32;
    if (error == NULL) return trap;
    char *text = take_error(error);
    trap = wasmtime_trap_new(text, strlen(text));
    free(text);
    return trap;
}

// Wasmtime's fd_write takes the first vector only, and AssemblyScript's console writes a text and
// its newline as two. This one writes all of them: standard output and error itself, files by the
// library's own function, vector by vector.
static void *fd_write_all(void *env, void *caller, const val_t *args, size_t nargs, val_t *results,
                          size_t nresults) {
    (void)nargs;
    (void)nresults;
    run_t *run = env;
    const struct cwt_options *options = run->options;
    uint8_t *memory;
    size_t size;
    int32_t fd = args[0].of.i32;
    uint32_t vectors = (uint32_t)args[1].of.i32, count = (uint32_t)args[2].of.i32;
    uint32_t written_at = (uint32_t)args[3].of.i32, total = 0;
    results[0].kind = VAL_I32;
    results[0].of.i32 = ERRNO_FAULT;
    if (!memory_of(caller, run, &memory, &size)) return NULL;
    if ((uint64_t)vectors + 8 * (uint64_t)count > size || (uint64_t)written_at + 4 > size)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = load32(memory + vectors + 8 * (size_t)i);
        uint32_t length = load32(memory + vectors + 8 * (size_t)i + 4), written = length;
        if ((uint64_t)at + length > size) return NULL;
        if (fd == 1 || fd == 2) {
            options->output(options->context, fd, memory + at, length);
        } else {
            int32_t failed = 0;
            void *trap = write_vector(run, caller, fd, vectors + 8 * i, written_at, &failed);
            if (trap != NULL) return trap;
            results[0].of.i32 = failed;
            // What was written before stays written: it is told, as writev does.
            if (failed != 0 && total == 0) return NULL;
            if (failed != 0) break;
            written = load32(memory + written_at);
        }
        total += written;
        if (written < length) break;
    }
    // Nothing to write: the descriptor is to be there all the same.
    if (count == 0 && fd != 1 && fd != 2) {
        results[0].of.i32 = ERRNO_BADF;
        return NULL;
    }
    results[0].of.i32 = 0;
    memcpy(memory + written_at, &total, 4);
    return NULL;
}

// splitmix64, so that one seed gives one run.
static uint64_t next_random(run_t *run) {
    uint64_t mixed = run->random += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

static void *random_get(void *env, void *caller, const val_t *args, size_t nargs, val_t *results,
                        size_t nresults) {
    (void)nargs;
    (void)nresults;
    uint8_t *memory;
    size_t size;
    uint32_t at = (uint32_t)args[0].of.i32, count = (uint32_t)args[1].of.i32;
    results[0].kind = VAL_I32;
    results[0].of.i32 = ERRNO_FAULT;
    if (!memory_of(caller, env, &memory, &size) || (uint64_t)at + count > size) return NULL;
    for (uint32_t i = 0; i < count; i++) memory[at + i] = (uint8_t)(next_random(env) >> 32);
    results[0].of.i32 = 0;
    return NULL;
}

enum { CLOCK_OF_DAY = 0 };

// A seeded clock begins at 2026-01-01 00:00 UTC and moves a microsecond at every look.
static uint64_t clock_of(run_t *run, uint32_t id) {
    if (run->options->is_seeded) return 1767225600000000000u + run->moved;
    struct timespec time;
    clock_gettime(id == CLOCK_OF_DAY ? CLOCK_REALTIME : CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *clock_time_get(void *env, void *caller, const val_t *args, size_t nargs,
                            val_t *results, size_t nresults) {
    (void)nargs;
    (void)nresults;
    run_t *run = env;
    uint8_t *memory;
    size_t size;
    uint32_t id = (uint32_t)args[0].of.i32, at = (uint32_t)args[2].of.i32;
    results[0].kind = VAL_I32;
    results[0].of.i32 = id > 3 ? ERRNO_INVAL : ERRNO_FAULT;
    if (id > 3 || !memory_of(caller, run, &memory, &size) || (uint64_t)at + 8 > size) return NULL;
    uint64_t time = clock_of(run, id);
    run->moved += 1000;
    memcpy(memory + at, &time, 8);
    results[0].of.i32 = 0;
    return NULL;
}

enum { SUBSCRIPTION = 48, EVENT = 32, SUBSCRIBED_CLOCK = 0 };

static uint64_t load64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

// How long until a subscription's time has come; 0 for a descriptor, which is always ready.
static uint64_t wait_of(run_t *run, const uint8_t *subscription) {
    if (subscription[8] != SUBSCRIBED_CLOCK) return 0;
    uint64_t timeout = load64(subscription + 24);
    if ((subscription[40] & 1) == 0) return timeout;
    uint64_t time = clock_of(run, load32(subscription + 16));
    return timeout > time ? timeout - time : 0;
}

static void sleep_for(run_t *run, uint64_t wait) {
    run->moved += wait;
    // A seeded clock need not be waited for.
    if (run->options->is_seeded) return;
    uint64_t start = now(), limit = run->options->deadline;
    uint64_t rest = limit > start ? limit - start : 0;
    if (wait > rest) wait = rest;
    struct timespec time = {.tv_sec = (time_t)(wait / 1000000000),
                            .tv_nsec = (long)(wait % 1000000000)};
    nanosleep(&time, NULL);
}

// The library's own would sleep past the guest's time limit.
static void *poll_oneoff(void *env, void *caller, const val_t *args, size_t nargs, val_t *results,
                         size_t nresults) {
    (void)nargs;
    (void)nresults;
    run_t *run = env;
    uint8_t *memory;
    size_t size;
    uint32_t in = (uint32_t)args[0].of.i32, out = (uint32_t)args[1].of.i32;
    uint32_t count = (uint32_t)args[2].of.i32, told_at = (uint32_t)args[3].of.i32, told = 0;
    results[0].kind = VAL_I32;
    results[0].of.i32 = count == 0 ? ERRNO_INVAL : ERRNO_FAULT;
    if (count == 0 || !memory_of(caller, run, &memory, &size) ||
        (uint64_t)in + SUBSCRIPTION * (uint64_t)count > size ||
        (uint64_t)out + EVENT * (uint64_t)count > size || (uint64_t)told_at + 4 > size)
        return NULL;
    uint64_t wait = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t one = wait_of(run, memory + in + SUBSCRIPTION * (size_t)i);
        if (one < wait) wait = one;
    }
    uint64_t *waits = malloc(count * sizeof *waits);
    if (waits == NULL) abort();
    for (uint32_t i = 0; i < count; i++)
        waits[i] = wait_of(run, memory + in + SUBSCRIPTION * (size_t)i);
    sleep_for(run, wait);
    for (uint32_t i = 0; i < count; i++) {
        if (waits[i] > wait) continue;
        const uint8_t *subscription = memory + in + SUBSCRIPTION * (size_t)i;
        uint8_t event[EVENT] = {0};
        memcpy(event, subscription, 8);
        event[10] = subscription[8];
        memcpy(memory + out + EVENT * (size_t)told++, event, EVENT);
    }
    free(waits);
    memcpy(memory + told_at, &told, 4);
    results[0].of.i32 = 0;
    return is_late(run) ? out_of_time() : NULL;
}

// The library's own takes a status of 126 or more for an error.
static void *proc_exit(void *env, void *caller, const val_t *args, size_t nargs, val_t *results,
                       size_t nresults) {
    (void)caller;
    (void)nargs;
    (void)results;
    (void)nresults;
    run_t *run = env;
    run->has_exited = true;
    run->status = args[0].of.i32;
    return wasmtime_trap_new("exit", 4);
}

static void *function_type(const char *parameters, bool has_result) {
    void *types[10], *result[1] = {has_result ? wasm_valtype_new(VALTYPE_I32) : NULL};
    size_t count = strlen(parameters);
    for (size_t i = 0; i < count; i++)
        types[i] = wasm_valtype_new(parameters[i] == 'I' ? VALTYPE_I64 : VALTYPE_I32);
    pointer_vec inputs, outputs;
    wasm_valtype_vec_new(&inputs, count, types);
    wasm_valtype_vec_new(&outputs, has_result ? 1 : 0, result);
    return wasm_functype_new(&inputs, &outputs);
}

static char *define(void *linker, const char *module, const char *name, const char *parameters,
                    trap_callback *callback, void *env) {
    void *type = function_type(parameters, callback != proc_exit);
    void *error = wasmtime_linker_define_func(linker, module, strlen(module), name, strlen(name),
                                              type, callback, env, NULL);
    wasm_functype_delete(type);
    return error == NULL ? NULL : take_error(error);
}

static const char wasi[] = "wasi_snapshot_preview1";

static char *define_all(void *linker, void *context, run_t *run, host_function *functions) {
    static const struct { const char *name, *parameters; } http[] = {
        [CWT_REQ] = {"req", "iiiiiiiiii"},
        [CWT_CLOSE] = {"close", "i"},
        [CWT_HEADER_GET] = {"header_get", "iiiiii"},
        [CWT_HEADERS_GET_ALL] = {"headers_get_all", "iiii"},
        [CWT_BODY_READ] = {"body_read", "iiii"},
    };
    void *error = wasmtime_linker_define_wasi(linker);
    if (error != NULL) return take_error(error);
    if (!wasmtime_linker_get(linker, context, wasi, strlen(wasi), "fd_write", 8, &run->fd_write))
        return strdup("the library has no fd_write");
    wasmtime_linker_allow_shadowing(linker, true);
    char *failed = NULL;
    for (int i = 0; i < CWT_FUNCTION_COUNT && failed == NULL; i++) {
        functions[i] = (host_function){.run = run, .function = (enum cwt_function)i};
        failed = define(linker, "wasi_experimental_http", http[i].name, http[i].parameters,
                        call_host, &functions[i]);
    }
    if (failed == NULL) failed = define(linker, wasi, "fd_write", "iiii", fd_write_all, run);
    if (failed == NULL) failed = define(linker, wasi, "clock_time_get", "iIi", clock_time_get, run);
    if (failed == NULL) failed = define(linker, wasi, "proc_exit", "i", proc_exit, run);
    if (failed == NULL) failed = define(linker, wasi, "poll_oneoff", "iiii", poll_oneoff, run);
    if (failed == NULL && run->options->is_seeded)
        failed = define(linker, wasi, "random_get", "ii", random_get, run);
    return failed;
}

static ssize_t write_output(void *data, const unsigned char *bytes, size_t count) {
    const struct cwt_options *options = data;
    options->output(options->context, 1, bytes, count);
    return (ssize_t)count;
}

static ssize_t write_error(void *data, const unsigned char *bytes, size_t count) {
    const struct cwt_options *options = data;
    options->output(options->context, 2, bytes, count);
    return (ssize_t)count;
}

static char *configure_wasi(void *context, const struct cwt_options *options) {
    void *config = wasi_config_new();
    wasi_config_set_argv(config, options->argument_count, options->arguments);
    wasi_config_set_env(config, options->environment_count, options->names, options->values);
    if (options->inherits_input) {
        wasi_config_inherit_stdin(config);
    } else {
        byte_vec input;
        wasm_byte_vec_new(&input, options->input_count, options->input);
        wasi_config_set_stdin_bytes(config, &input);
    }
    wasi_config_set_stdout_custom(config, write_output, (void *)options, NULL);
    wasi_config_set_stderr_custom(config, write_error, (void *)options, NULL);
    for (size_t i = 0; i < options->folder_count; i++) {
        if (wasi_config_preopen_dir(config, options->host_folders[i], options->guest_folders[i],
                                    true))
            continue;
        char *text;
        if (asprintf(&text, "cannot open the folder %s", options->host_folders[i]) < 0) abort();
        return text;
    }
    void *error = wasmtime_context_set_wasi(context, config);
    return error == NULL ? NULL : take_error(error);
}

static void note_failure(struct cwt_outcome *outcome, void *error, void *trap) {
    outcome->trap_code = -1;
    if (trap != NULL) {
        uint8_t code;
        byte_vec message;
        outcome->end = CWT_TRAPPED;
        if (wasmtime_trap_code(trap, &code)) outcome->trap_code = code;
        wasm_trap_message(trap, &message);
        outcome->message = text_of(&message);
        wasm_trap_delete(trap);
    } else {
        outcome->end = CWT_FAILED;
        outcome->message = take_error(error);
    }
}

static void run_linked(void *linker, void *context, void *module,
                       const struct cwt_options *options, struct cwt_outcome *outcome) {
    instance_t instance;
    extern_t item;
    void *trap = NULL;
    uint64_t start = now();
    void *error = wasmtime_linker_instantiate(linker, context, module, &instance, &trap);
    outcome->instantiate_nanoseconds = now() - start;
    if (error != NULL || trap != NULL) {
        note_failure(outcome, error, trap);
        return;
    }
    const char *name = options->export_name ? options->export_name : "_start";
    bool found = wasmtime_instance_export_get(context, &instance, name, strlen(name), &item);
    if (found && item.kind == EXTERN_FUNC) {
        start = now();
        error = wasmtime_func_call(context, &item.of.func, NULL, 0, NULL, 0, &trap);
        outcome->run_nanoseconds = now() - start;
        if (error != NULL || trap != NULL) note_failure(outcome, error, trap);
    } else if (options->export_name != NULL || found) {
        outcome->end = CWT_FAILED;
        if (asprintf(&outcome->message, "the module has no function export `%s`", name) < 0) abort();
    }
    if (wasmtime_instance_export_get(context, &instance, "memory", 6, &item) &&
        item.kind == EXTERN_MEMORY)
        outcome->memory_size = wasmtime_memory_data_size(context, &item.of.memory);
}

void cwt_run(cwt_engine *engine, cwt_module *module, const struct cwt_options *options,
             struct cwt_outcome *outcome) {
    *outcome = (struct cwt_outcome){.end = CWT_FINISHED, .trap_code = -1};
    run_t run = {.options = options, .engine = engine, .random = options->seed};
    host_function functions[CWT_FUNCTION_COUNT];
    void *store = wasmtime_store_new(engine, NULL, NULL);
    void *context = wasmtime_store_context(store);
    void *linker = wasmtime_linker_new(engine);
    wasmtime_store_limiter(store, options->memory_limit, -1, -1, -1, -1);
    wasmtime_store_epoch_deadline_callback(store, check_time, &run, NULL);
    wasmtime_context_set_epoch_deadline(context, 1);
    if (options->fuel > 0) {
        void *error = wasmtime_context_set_fuel(context, options->fuel);
        if (error != NULL) wasmtime_error_delete(error);
    }
    char *failed = configure_wasi(context, options);
    if (failed == NULL) failed = define_all(linker, context, &run, functions);
    if (failed == NULL) {
        run_linked(linker, context, module, options, outcome);
    } else {
        outcome->end = CWT_FAILED;
        outcome->message = failed;
    }
    if (run.has_exited) {
        outcome->end = CWT_EXITED;
        outcome->status = run.status;
    } else if (run.is_out_of_time && outcome->end != CWT_FINISHED) {
        outcome->end = CWT_OUT_OF_TIME;
    }
    if (outcome->memory_size < run.memory_size) outcome->memory_size = run.memory_size;
    if (run.bridge_linker != NULL) wasmtime_linker_delete(run.bridge_linker);
    if (run.bridge_module != NULL) wasmtime_module_delete(run.bridge_module);
    wasmtime_linker_delete(linker);
    wasmtime_store_delete(store);
}

void cwt_outcome_free(struct cwt_outcome *outcome) { free(outcome->message); }
