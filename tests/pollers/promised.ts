// An engine's callbacks as promises, for tests; errors stay values.
import type {
  Endpoint,
  EngineFactory,
  EngineOptions,
  EventEngine,
  IoDone,
  IoResult,
} from "../../pollers/mod.ts";
import { IoError, SliceBuffer, type SocketAddress } from "../../pollers/mod.ts";

/** Loopback, any port. */
export const LOOPBACK: SocketAddress = { family: "ipv4", host: "127.0.0.1", port: 0 };

/**
 * Nobody listens there: tcpmux. A port that was given back may be somebody's by now, and Bun says that a server is
 * closed a moment before it is.
 */
export const NOBODY: SocketAddress = { family: "ipv4", host: "127.0.0.1", port: 1 };

/** Runs `body` with an engine of its own and shuts it down; what is left open fails the test. */
export async function withEngine(
  factory: EngineFactory,
  body: (engine: EventEngine) => Promise<void> | void,
  options: EngineOptions = {},
): Promise<void> {
  const engine = factory.create(options);
  try {
    await body(engine);
  } catch (error) {
    await engine.shutdown().catch(() => {}); // the body's error says more
    throw error;
  }
  await engine.shutdown();
}

/** Connects, or gives the error. */
export function tryConnect(engine: EventEngine, to: SocketAddress): Promise<IoResult<Endpoint>> {
  return new Promise((resolve) => engine.connect(to, {}, resolve));
}

/** Connects, or rejects. */
export async function connect(engine: EventEngine, to: SocketAddress): Promise<Endpoint> {
  const result = await tryConnect(engine, to);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** One read: the bytes, or the error. `lend`: the bytes are the engine's again with the next one. */
export async function read(endpoint: Endpoint, lend = false): Promise<Uint8Array | IoError> {
  const into = new SliceBuffer();
  const error = await new Promise<IoError | undefined>((resolve) => {
    if (endpoint.read(into, resolve, lend)) resolve(undefined);
  });
  if (error !== undefined && into.byteLength > 0) {
    throw new Error(`A read gave ${into.byteLength} bytes and ${error.message}`);
  }
  if (error === undefined && into.byteLength === 0) throw new Error("A read gave neither bytes nor an error");
  return error ?? into.join();
}

/** Exactly `count` bytes over as many reads as it takes; rejects on an error before. */
export async function readExactly(endpoint: Endpoint, count: number): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  let at = 0;
  while (at < count) {
    const got = await read(endpoint);
    if (got instanceof IoError) throw new Error(`After ${at} of ${count} bytes: ${got.message}`);
    all.set(got, at);
    at += got.length;
  }
  return all;
}

/** One write, to its end: undefined, or the error. */
export function write(endpoint: Endpoint, bytes: Uint8Array | string): Promise<IoError | undefined> {
  const data = new SliceBuffer();
  data.append(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
  return new Promise((resolve) => {
    if (endpoint.write(data, resolve)) resolve(undefined);
  });
}

/** A listener on `at` whose endpoints can be awaited. */
export class Acceptor {
  /** What happened, in order: "accept" and "shutdown". */
  readonly events: string[] = [];
  /** Settles with the error of `onShutdown`. */
  readonly ended: Promise<IoError | undefined>;
  private readonly endpoints: Endpoint[] = [];
  private readonly wanted: Array<(endpoint: Endpoint) => void> = [];
  private readonly listener;

  private constructor(engine: EventEngine, reusePort: boolean) {
    let end!: (error?: IoError) => void;
    this.ended = new Promise((resolve) => end = resolve);
    this.listener = engine.listen(
      { reusePort },
      (endpoint) => {
        this.events.push("accept");
        const take = this.wanted.shift();
        if (take !== undefined) take(endpoint);
        else this.endpoints.push(endpoint);
      },
      (error) => {
        this.events.push("shutdown");
        end(error);
      },
    );
  }

  /** Not bound yet. */
  static create(engine: EventEngine, reusePort = false): Acceptor {
    return new Acceptor(engine, reusePort);
  }

  /** Bound to `at` and accepting; gives the port too. */
  static async listen(engine: EventEngine, at: SocketAddress): Promise<[Acceptor, number]> {
    const acceptor = new Acceptor(engine, false);
    const port = await acceptor.listener.bind(at);
    if (!port.ok) {
      await acceptor.shutdown();
      throw new Error(port.error.message);
    }
    acceptor.listener.start();
    return [acceptor, port.value];
  }

  /** See `Listener`. */
  bind(at: SocketAddress): Promise<IoResult<number>> {
    return this.listener.bind(at);
  }

  /** See `Listener`. */
  start(): void {
    this.listener.start();
  }

  /** The next accepted endpoint. */
  accept(): Promise<Endpoint> {
    const endpoint = this.endpoints.shift();
    if (endpoint !== undefined) return Promise.resolve(endpoint);
    return new Promise((resolve) => this.wanted.push(resolve));
  }

  /** Endpoints that came and were not awaited. */
  left(): Endpoint[] {
    return this.endpoints.splice(0);
  }

  /** Shuts down, to `onShutdown`. */
  shutdown(): Promise<IoError | undefined> {
    this.listener.shutdown();
    return this.ended;
  }
}

/** Starts an operation, and says whether its callback had run when the call came back. */
export function onCallersStack(start: (done: IoDone) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    let returned = false;
    if (start(() => resolve(!returned))) resolve(false);
    returned = true;
  });
}

/** Settles after `milliseconds` of the runtime's own clock. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until `condition` holds; rejects after `limitMs`. */
export async function until(condition: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`Still waiting for ${what} after ${limitMs} ms`);
    await sleep(5);
  }
}

/** `count` bytes that show where they were taken from. */
export function pattern(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) bytes[i] = (i * 31 + (i >>> 8) * 17 + (i >>> 16)) & 0xff;
  return bytes;
}

/** Index of the first byte in which `a` and `b` differ; -1 where they are equal. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

/** What `count` gives once it has stood still for 300 ms: a thread's start opens descriptors at its own time. */
export async function standstill(count: () => number): Promise<number> {
  for (let last = -1; last !== count();) {
    last = count();
    await sleep(300);
  }
  return count();
}
