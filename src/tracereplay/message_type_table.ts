/**
 * Types of messages by number, with the first weekly release of gVisor that
 * has them. Numbers were never reused; those above the highest are of newer
 * releases.
 */
export const MESSAGE_TYPES = {
  1: { name: "MESSAGE_CONTAINER_START", message: "Start", since: 20220510 },
  2: { name: "MESSAGE_SENTRY_CLONE", message: "CloneInfo", since: 20220510 },
  3: { name: "MESSAGE_SENTRY_EXEC", message: "ExecveInfo", since: 20220510 },
  4: {
    name: "MESSAGE_SENTRY_EXIT_NOTIFY_PARENT",
    message: "ExitNotifyParentInfo",
    since: 20220510,
  },
  5: { name: "MESSAGE_SENTRY_TASK_EXIT", message: "TaskExit", since: 20220510 },
  6: { name: "MESSAGE_SYSCALL_RAW", message: "Syscall", since: 20220510 },
  7: { name: "MESSAGE_SYSCALL_OPEN", message: "Open", since: 20220510 },
  8: { name: "MESSAGE_SYSCALL_CLOSE", message: "Close", since: 20220510 },
  9: { name: "MESSAGE_SYSCALL_READ", message: "Read", since: 20220510 },
  10: { name: "MESSAGE_SYSCALL_CONNECT", message: "Connect", since: 20220510 },
  11: { name: "MESSAGE_SYSCALL_EXECVE", message: "Execve", since: 20220510 },
  12: { name: "MESSAGE_SYSCALL_SOCKET", message: "Socket", since: 20220510 },
  13: { name: "MESSAGE_SYSCALL_CHDIR", message: "Chdir", since: 20220606 },
  14: { name: "MESSAGE_SYSCALL_SETID", message: "Setid", since: 20220606 },
  15: {
    name: "MESSAGE_SYSCALL_SETRESID",
    message: "Setresid",
    since: 20220606,
  },
  16: {
    name: "MESSAGE_SYSCALL_PRLIMIT64",
    message: "Prlimit",
    since: 20220627,
  },
  17: { name: "MESSAGE_SYSCALL_PIPE", message: "Pipe", since: 20220627 },
  18: { name: "MESSAGE_SYSCALL_FCNTL", message: "Fcntl", since: 20220627 },
  19: { name: "MESSAGE_SYSCALL_DUP", message: "Dup", since: 20220627 },
  20: {
    name: "MESSAGE_SYSCALL_SIGNALFD",
    message: "Signalfd",
    since: 20220627,
  },
  21: { name: "MESSAGE_SYSCALL_CHROOT", message: "Chroot", since: 20220627 },
  22: { name: "MESSAGE_SYSCALL_EVENTFD", message: "Eventfd", since: 20220627 },
  23: { name: "MESSAGE_SYSCALL_CLONE", message: "Clone", since: 20220627 },
  24: { name: "MESSAGE_SYSCALL_BIND", message: "Bind", since: 20220627 },
  25: { name: "MESSAGE_SYSCALL_ACCEPT", message: "Accept", since: 20220627 },
  26: {
    name: "MESSAGE_SYSCALL_TIMERFD_CREATE",
    message: "TimerfdCreate",
    since: 20220713,
  },
  27: {
    name: "MESSAGE_SYSCALL_TIMERFD_SETTIME",
    message: "TimerfdSetTime",
    since: 20220713,
  },
  28: {
    name: "MESSAGE_SYSCALL_TIMERFD_GETTIME",
    message: "TimerfdGetTime",
    since: 20220713,
  },
  29: { name: "MESSAGE_SYSCALL_FORK", message: "Fork", since: 20220713 },
  30: {
    name: "MESSAGE_SYSCALL_INOTIFY_INIT",
    message: "InotifyInit",
    since: 20220713,
  },
  31: {
    name: "MESSAGE_SYSCALL_INOTIFY_ADD_WATCH",
    message: "InotifyAddWatch",
    since: 20220713,
  },
  32: {
    name: "MESSAGE_SYSCALL_INOTIFY_RM_WATCH",
    message: "InotifyRmWatch",
    since: 20220713,
  },
  33: {
    name: "MESSAGE_SYSCALL_SOCKETPAIR",
    message: "SocketPair",
    since: 20220713,
  },
  34: { name: "MESSAGE_SYSCALL_WRITE", message: "Write", since: 20221122 },
  35: { name: "MESSAGE_SENTRY_MMAP", message: "MmapInfo", since: 20260714 },
  36: { name: "MESSAGE_SYSCALL_MMAP", message: "Mmap", since: 20260721 },
  37: { name: "MESSAGE_SYSCALL_LISTEN", message: "Listen", since: 20260727 },
  38: { name: "MESSAGE_SYSCALL_PTRACE", message: "Ptrace", since: 20260727 },
} as const;
