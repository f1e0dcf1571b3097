// The contract every event engine keeps: types and prose, no code.
//
// An engine moves bytes and keeps time for one thread. Everything above `pollers/` is written against this
// file and runs unchanged whichever engine is chosen. The contract is completion-shaped: an operation is
// started, and later it completes exactly once. Readiness, where a platform has it, stays inside the engine.
//
// Rules that hold for every engine, each checked by `tests/pollers/contract.ts`:
//  1. An endpoint has at most one read and one write outstanding; starting a second one throws TypeError.
//  2. A read gives bytes or an error, never both. Bytes that arrived are never dropped. End of stream is an
//     IoError of kind "end-of-stream", and it comes after the last byte.
//  3. `connect` reports exactly once unless it was cancelled. `onShutdown` of a listener comes exactly once,
//     after its last `onAccept`.
//  4. No callback runs on its caller's stack. An operation that completes at once returns `true` instead of
//     calling back.
//  5. `close` fails the operations still pending with its reason, then releases the socket. Nothing leaks.
//  6. Bytes handed up are never written to again, so they may be kept as views; a view pins the slab it was cut
//     from. Bytes of a read that was to lend them are the engine's again with the endpoint's next `read` or `close`.
//     Bytes handed down are the engine's, unchanged, until the operation is done.
//  7. Backpressure: while no read is outstanding the engine holds at most one receive buffer of bytes and lets
//     the kernel's window close.
//  8. A cancelled task or connect never calls back. A timer never fires early.
//  9. A listener keeps the process running, and so does each `hold` until its `release`. Nothing else of an
//     engine does: no endpoint with whatever is pending on it, no task, no connect. Exceptions are what a runtime
//     does not let go of: a name that is being looked up, and for a second at most a connect of the runtime's own
//     sockets. After `shutdown` the engine keeps nothing alive.
// 10. A callback that throws stops nothing: the error is logged (a simulation's `run` rejects with it), and
//     everything else that is due runs, on the same endpoint or listener too.
// 11. While the process has no free descriptor, connected endpoints work, what needs a descriptor fails with kind
//     "too-many-files", and listeners pause, without using a processor, until there are descriptors again.
// 12. The options of an endpoint are those of its socket, connected or accepted.
// Every callback an engine makes runs inside `execCtx.enter`, so what a callback writes is flushed once, at the
// end of the turn.

import type { SocketAddress } from "./address.ts";
import type { ExecCtx } from "./exec_ctx.ts";
import type { IoError } from "./io_error.ts";
import type { SliceBuffer } from "./slice_buffer.ts";

/** A point in time: milliseconds, with fractions, on the engine's own monotonic clock. */
export type Instant = number;

/** The result of an operation that can fail: a value or an {@linkcode IoError}; errors are not thrown. */
export type IoResult<T> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly error: IoError;
};

/** Names a scheduled closure so that it can be cancelled; opaque to everyone but the engine that made it. */
export type TaskHandle = object;

/** Names a connection attempt so that it can be cancelled; opaque to everyone but the engine that made it. */
export type ConnectHandle = object;

/** Called once when a read or write is over: without an argument on success. */
export type IoDone = (error?: IoError) => void;

/** What an application may ask of a socket. */
export interface EndpointOptions {
  /** Send small segments at once (TCP_NODELAY). Default true; ignored where the address family has no Nagle. */
  readonly noDelay?: boolean;
  /** Idle milliseconds before TCP keepalive probes, 32,767,000 at most; undefined leaves keepalive off. */
  readonly keepAliveMs?: number;
  /**
   * Milliseconds that sent bytes may stay unacknowledged before TCP gives the connection up (TCP_USER_TIMEOUT); undefined
   * leaves it to the system. Ignored where the system has no such option, or the runtime cannot set it.
   */
  readonly userTimeoutMs?: number;
}

/** What an application may ask of a listening socket, and of the endpoints it accepts. */
export interface ListenOptions extends EndpointOptions {
  /** Let several sockets, of this process or others, share the port (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean;
  /** Called once each time that accepting pauses, as where descriptors ran out; it resumes by itself. */
  readonly onAcceptPaused?: (error: IoError) => void;
}

/** What an engine is made with. */
export interface EngineOptions {
  /**
   * The largest receive buffer of one endpoint, in bytes: a whole number of 1 to 2^28. Default 65,536; small or idle
   * endpoints use less, and reads that lend four times as much.
   */
  readonly readBufferBytes?: number;
  /**
   * The thread is the engine's own: it may block the thread while nothing is ready, and gives the runtime's loop its
   * turn in between. Default false. Engines that have no use for it go on as usual.
   */
  readonly ownThread?: boolean;
  /**
   * Microseconds for which a thread that has nothing to do looks for events again and again (spins) before it sleeps; 0: it
   * sleeps at once. Default: POLLWIRE_SPIN_US; else what sleeping and being woken costs: 150, or 50 where the thread is the
   * engine's own; and 0 in a container with less than one processor. Engines on the runtime's own sockets never spin.
   */
  readonly spinUs?: number;
}

/**
 * A key for an optional power of an engine (adopting a file descriptor, blocking work, ...). Make one with
 * `extensionKey` of `extension.ts`; the type parameter is the interface the power has.
 */
export interface ExtensionKey<E> {
  /** For error messages; keys are the same extension only when they are the same object. */
  readonly name: string;
  /** Never set; it ties the key to the extension's type. */
  readonly _type?: E;
}

/** One poller, serving the thread that created it. */
export interface EventEngine {
  /** The factory's name: "native", "epoll", "iocp", "simulated". */
  readonly name: string;
  /** The turn: collects what callbacks touched and flushes it once. */
  readonly execCtx: ExecCtx;
  /** The current time; it never decreases. Unlike gRPC's `ExecCtx::Now` it is not fixed in a turn, in which handlers run. */
  now(): Instant;
  /** A number from 0 to below 1, for jitter; a simulated engine has it from its seed. */
  random(): number;
  /** Runs `closure` soon, never on the caller's stack, in the order of the calls. */
  run(closure: () => void): void;
  /** Runs `closure` at `at` or soon after; tasks due at the same instant run in the order they were added. */
  runAt(at: Instant, closure: () => void): TaskHandle;
  /** True: the task will never run. False: it ran, is running, or was cancelled before. */
  cancel(task: TaskHandle): boolean;
  /**
   * Keeps the process running until `release` is called as many times: for something that the application waits for,
   * such as a call or an alarm.
   */
  hold(): void;
  /**
   * Takes one `hold` back.
   *
   * @throws {RangeError} where there is none
   */
  release(): void;
  /** Runs `closure`, as by `run`, once nothing is open: no endpoint, listener or connect. */
  onceIdle(closure: () => void): void;
  /** Connects to `to`; `done` gets the endpoint or the error. */
  connect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): ConnectHandle;
  /** True: `done` of that connect will never run, and the socket is released. */
  cancelConnect(handle: ConnectHandle): boolean;
  /**
   * Makes a listener that is not yet bound. `onAccept` gets every accepted endpoint; `onShutdown` comes once,
   * last, with an error if the listener failed by itself.
   */
  listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener;
  /** Two endpoints connected to each other: a socket pair, or loopback TCP where there is none. */
  pair(): Promise<[Endpoint, Endpoint]>;
  /** Looks names up. */
  resolver(): DnsResolver;
  /** The optional power named by `key`, or undefined where this engine does not have it. */
  extension<E>(key: ExtensionKey<E>): E | undefined;
  /**
   * Releases everything the engine holds. Tasks that wait, or are added later, never run. Endpoints, listeners or
   * connects that are still open are closed; the promise then rejects with an Error that names them, because leaving
   * them is a bug of the caller. Later connects and binds fail with kind "closed".
   *
   * @throws {Error} (by the promise) that names what was still open
   */
  shutdown(): Promise<void>;
}

/** One connected byte stream. */
export interface Endpoint {
  /** This side's address. */
  readonly local: SocketAddress;
  /** The other side's address. */
  readonly peer: SocketAddress;
  /**
   * Appends at least one byte to `into`. True: done now, `done` will not be called. False: `done` will be called
   * once, with an error if nothing was read. `into` must not be touched between a `false` and its `done`.
   * The bytes are plain Uint8Arrays: applications get views of them, and the methods of a Buffer differ.
   *
   * `lend`: the bytes are lent until the next `read` or `close`, and no view of them is kept. An engine that has memory of
   * its own for this reads more at a time, and into the same memory again; their views may have no bytes afterwards.
   * Default false; an engine may ignore it.
   *
   * @throws {TypeError} where a read is outstanding
   */
  read(into: SliceBuffer, done: IoDone, lend?: boolean): boolean;
  /** Whether reads that lend differ from others. Undefined: they do not. */
  readonly lends?: boolean;
  /**
   * Writes all of `data`, in order. True: everything was handed over, `done` will not be called. False: `done`
   * will be called once; an error means that an unknown part was sent and nothing more can be. What the peer sent
   * before it went may still be read, and then the end.
   * `data` and its bytes are the engine's until then; the engine empties `data` when it is done.
   *
   * @throws {TypeError} where a write is outstanding
   */
  write(data: SliceBuffer, done: IoDone): boolean;
  /**
   * Releases the socket; bytes already accepted by `write` are still sent by the kernel. Idempotent. Operations
   * still pending fail with `reason`, or with an IoError of kind "closed" where none is given.
   */
  close(reason?: IoError): void;
}

/** A listening socket, bound to one or more addresses. */
export interface Listener {
  /**
   * Binds one more address, and gives the port (the one the system chose when the address says 0; 0 for unix
   * sockets). May be called several times before `start`. Connections wait in the backlog until `start`, and until all
   * that was being bound then is bound, or has failed.
   *
   * As in gRPC, "::" takes IPv4 connections as well (IPV6_V6ONLY is off, where the system lets it be chosen), and means
   * "0.0.0.0" on a machine without IPv6. The addresses of an endpoint are never IPv4-mapped ones.
   *
   * The file of a unix socket that no process serves is removed when its path is bound; a socket that is served and a file
   * of another kind are in use. The file goes with its listener.
   *
   * An address can be bound again as soon as `shutdown` of its listener was called, whatever connections there are; an
   * address that another listener has is refused, unless both ask for `reusePort`.
   *
   * @throws {TypeError} (by the promise) after `start` or `shutdown`
   */
  bind(at: SocketAddress): Promise<IoResult<number>>;
  /**
   * Begins to accept.
   *
   * @throws {TypeError} after `start` or `shutdown`
   */
  start(): void;
  /** Stops accepting and releases the sockets; `onShutdown` follows. Idempotent. */
  shutdown(): void;
}

/** Looks names up, once each call; it does not cache. */
export interface DnsResolver {
  /**
   * The addresses of `host` (a name without a port), each with `port`, IPv6 and IPv4 in the order the system
   * prefers; at least one where `ok` is true.
   */
  lookup(host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void): void;
  /**
   * The TXT records of `name`, each as one text; at least one where `ok` is true, and the error is "not-found" where there
   * is none. On Bun the strings that a record is made of come as texts of their own, in their order. Not all engines have it.
   */
  lookUpTexts?(name: string, done: (result: IoResult<string[]>) => void): void;
}

/**
 * What `probe` finds out: whether the engine can run here, or a sentence that says why not. `caution` is what to know before
 * it is used, if anything.
 */
export type ProbeResult = { readonly usable: true; readonly caution?: string } | {
  readonly usable: false;
  readonly because: string;
};

/** The vtable entry of one engine; `select.ts` walks a list of them. */
export interface EngineFactory {
  /** "native", "epoll", "iocp", "simulated": what a list of pollers calls it. */
  readonly name: string;
  /** Whether the engine can run here; no side effects that last. */
  probe(): ProbeResult;
  /** Makes an engine; only after a `probe` that said usable. */
  create(options: EngineOptions): EventEngine;
}
