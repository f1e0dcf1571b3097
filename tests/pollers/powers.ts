// What pollers can do that others cannot, by name: tests are declared before there is an engine.

/** Engines that make their calls through FFI, on Linux. */
const ON_LINUX = ["epoll", "poll", "io_uring"];

/** Whether the poller makes the system's calls itself, on Linux: it has every option of a socket, and waits to the microsecond. */
export function callsLinux(poller: string): boolean {
  return ON_LINUX.includes(poller);
}

/** Why a poller's engines do not pass connections on to other threads; undefined where they do. */
export function whyNoHandover(poller: string): string | undefined {
  return callsLinux(poller) || poller === "iocp" ? undefined : `poller "${poller}" hands no descriptors over`;
}
