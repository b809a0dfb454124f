#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { batch = 256 };

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int clinux_epoll_add_edge(int epoll, int fd, uint64_t token) {
    return add(epoll, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, token);
}

int clinux_epoll_add_level(int epoll, int fd, uint64_t token) {
    return add(epoll, fd, EPOLLIN, token);
}

int clinux_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }

int clinux_epoll_wait(int epoll, struct clinux_event *events, int count, int timeout_ms) {
    struct epoll_event ready[batch];
    if (count > batch) count = batch;
    int n = epoll_wait(epoll, ready, count, timeout_ms);
    for (int i = 0; i < n; i++) {
        uint32_t seen = ready[i].events;
        uint32_t told = 0;
        if (seen & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) told |= CLINUX_READABLE;
        if (seen & (EPOLLOUT | EPOLLHUP | EPOLLERR)) told |= CLINUX_WRITABLE;
        if (seen & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) told |= CLINUX_ENDED;
        events[i].events = told;
        events[i].token = ready[i].data.u64;
    }
    return n;
}

int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int clinux_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

uintptr_t clinux_thread_id(void) {
    static _Thread_local char here;
    return (uintptr_t)&here;
}

int clinux_termination_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int clinux_next_signal(int fd) {
    struct signalfd_siginfo info;
    ssize_t n = read(fd, &info, sizeof info);
    return n == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int clinux_watch_create(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }

int clinux_watch_add(int watch, const char *folder) {
    // A file that is written to tells so once it is closed: half of it is nobody's business.
    return inotify_add_watch(
        watch, folder,
        IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF |
            IN_MOVE_SELF | IN_ONLYDIR);
}

int clinux_watch_drain(int watch) {
    char events[4096];
    int told = 0;
    while (read(watch, events, sizeof events) > 0) told = 1;
    return told;
}

// After fork: only functions that a signal handler may call.
static void become(const struct clinux_program *program, int report) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // What this program ignores would stay ignored: a `yes | head` that never ends.
    signal(SIGPIPE, SIG_DFL);
    // It is not the terminal's foreground group, and may write there and set it up all the same.
    signal(SIGTTOU, SIG_IGN);
    setpgid(0, 0);
    if (program->signal_at_death != 0) prctl(PR_SET_PDEATHSIG, program->signal_at_death);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    // Above the standard ones first: a stream may be 0, 1 or 2 itself, in another's place.
    int streams[3];
    for (int fd = 0; fd < 3; fd++) {
        int stream = program->streams[fd];
        streams[fd] = fcntl(stream < 0 ? null : stream, F_DUPFD_CLOEXEC, 3);
    }
    for (int fd = 0; fd < 3; fd++) dup2(streams[fd], fd);
    struct rlimit limit;
    if (program->descriptors > 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur =
            program->descriptors < limit.rlim_max ? program->descriptors : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (program->folder == NULL || chdir(program->folder) == 0)
        execve(
            program->path, program->arguments,
            program->environment != NULL ? program->environment : environ);
    int code = errno;
    ssize_t written = write(report, &code, sizeof code);
    (void)written;
    _exit(127);
}

pid_t clinux_spawn(const struct clinux_program *program) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -1;
    pid_t id = fork();
    if (id == 0) become(program, report[1]);
    int code = id < 0 ? errno : 0;
    close(report[1]);
    // Ends without a byte when execve has closed the other end.
    if (id > 0)
        while (read(report[0], &code, sizeof code) < 0 && errno == EINTR) continue;
    close(report[0]);
    if (code == 0) return id;
    if (id > 0) waitpid(id, NULL, 0);
    errno = code;
    return -1;
}

int clinux_process_descriptor(pid_t id) { return (int)syscall(SYS_pidfd_open, id, 0); }

int clinux_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int clinux_peek_exit(pid_t id) {
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_PID, (id_t)id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
        return -1;
    return info.si_code == CLD_EXITED ? info.si_status : 256 + info.si_status;
}

int clinux_lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }

const char *clinux_environment_entry(int index) { return environ[index]; }
