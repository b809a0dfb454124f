// What Swift's Glibc module leaves out: epoll with a plain token, accept4, eventfd, signalfd and a
// thread's identity that survives `await`.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/// An epoll event whose union is a plain 64-bit token.
struct clinux_event {
    uint32_t events;
    uint64_t token;
};

enum {
    CLINUX_READABLE = 0x1,
    CLINUX_WRITABLE = 0x2,
    /// The peer will send no more.
    CLINUX_ENDED = 0x4,
};

/// A new epoll descriptor, close-on-exec; -1 and errno when the kernel refuses.
int clinux_epoll_create(void);
/// Registers `fd` edge-triggered for reading, writing and hang-up, with `token`.
int clinux_epoll_add_edge(int epoll, int fd, uint64_t token);
/// Registers `fd` level-triggered for reading, with `token`.
int clinux_epoll_add_level(int epoll, int fd, uint64_t token);
/// Takes `fd` out of `epoll`.
int clinux_epoll_remove(int epoll, int fd);
/// Waits for up to `count` events; `timeout_ms` -1 waits for ever. Events hold CLINUX_ flags.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int count, int timeout_ms);
/// A non-blocking, close-on-exec eventfd.
int clinux_eventfd(void);
/// accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC.
int clinux_accept(int listener);
/// A value unique to the calling thread. `pthread_self()` is declared const, so the optimiser
/// folds it across a suspension point; this is not.
uintptr_t clinux_thread_id(void);
/// A non-blocking, close-on-exec signalfd for SIGINT, SIGTERM and SIGHUP, which it blocks in this
/// thread and in every thread started after it.
int clinux_termination_signals(void);
/// Which signal is pending on a descriptor of `clinux_termination_signals`, 0 when none is.
int clinux_next_signal(int fd);
/// A non-blocking, close-on-exec inotify descriptor.
int clinux_watch_create(void);
/// Watches a folder for files that come, go or change; once more is no harm. -1 when there is none.
int clinux_watch_add(int watch, const char *folder);
/// Drops what a watch has to tell: whether there was anything.
int clinux_watch_drain(int watch);

/// A program to be started.
struct clinux_program {
    const char *path;
    /// argv, NULL at its end.
    char *const *arguments;
    /// NAME=value, NULL at its end; NULL for this process's own.
    char *const *environment;
    /// Where it works; NULL for here.
    const char *folder;
    /// Its standard streams; -1 for /dev/null.
    int streams[3];
    /// Its soft limit of descriptors; 0 for as it is here. posix_spawn sets no limits.
    uint64_t descriptors;
    /// The signal that it gets when the thread that started it ends; 0 for none.
    int signal_at_death;
};

/// Starts a program in a process group of its own, no signal blocked. -1 and errno when it cannot
/// be started.
pid_t clinux_spawn(const struct clinux_program *program);
/// A descriptor that is readable once the process has ended, close-on-exec.
int clinux_process_descriptor(pid_t id);
/// A pipe, both ends close-on-exec, only the reading one non-blocking.
int clinux_pipe(int ends[2]);
/// How the process `id` has ended, which stays to be waited for: its status, or 256 and the signal's
/// number; -1 while it runs.
int clinux_peek_exit(pid_t id);

/// Locks a file for this descriptor alone, without waiting: 0, or -1 and errno. flock is the name of
/// a type as well, to Swift.
int clinux_lock(int fd);

/// The `index`-th variable of the environment as `NAME=value`, NULL past the last one.
const char *clinux_environment_entry(int index);

#endif
