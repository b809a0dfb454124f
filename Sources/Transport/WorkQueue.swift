internal import Glibc

/// Hands work from a loop to a thread that waits for it.
///
/// A mutex and a condition: taking waits without using the processor, adding costs a system call
/// only when the thread is waiting.
@safe package final class WorkQueue<Element: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Guarded by the mutex.
    private var elements: [Element] = []
    private var isWaiting = false

    package init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds work at the end.
    package func add(_ element: Element) {
        unsafe pthread_mutex_lock(mutex)
        elements.append(element)
        let mustWake = isWaiting
        isWaiting = false
        unsafe pthread_mutex_unlock(mutex)
        if mustWake { unsafe pthread_cond_signal(condition) }
    }

    /// Takes all that was added, at most `count`, waiting until there is something. One thread alone
    /// may take.
    package func take(atMost count: Int) -> [Element] {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while elements.isEmpty {
            isWaiting = true
            unsafe pthread_cond_wait(condition, mutex)
        }
        guard elements.count > count else {
            let taken = elements
            elements = []
            return taken
        }
        let taken = Array(elements.prefix(count))
        elements.removeFirst(count)
        return taken
    }
}
