#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
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
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int clinux_next_signal(int fd) {
    struct signalfd_siginfo info;
    ssize_t n = read(fd, &info, sizeof info);
    return n == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

const char *clinux_environment_entry(int index) { return environ[index]; }
