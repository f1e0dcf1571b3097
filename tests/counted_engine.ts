// An engine that counts what is taken from it and not given back: tasks, connects, endpoints, listeners, and holds of
// the process.
import type { Endpoint, EventEngine, TaskHandle } from "../pollers/contract/engine.ts";
import type { IoResult } from "../pollers/contract/engine.ts";
import type { IoError } from "../pollers/contract/io_error.ts";

/** An engine, and what is still open or pending of all that was asked of it. */
export interface CountedEngine {
  readonly engine: EventEngine;
  /** Each with the place in the library that asked for it. */
  left(): string[];
}

/** `engine` with its accounts; calls go through to it. */
export function counted(engine: EventEngine): CountedEngine {
  const open = new Map<object, string>();
  let holds = 0;
  const note = <T extends object>(what: T, kind: string): T => {
    open.set(what, `${kind} ${askedBy()}`);
    return what;
  };
  const endpoint = (one: Endpoint): Endpoint => {
    note(one, "endpoint");
    const close = one.close.bind(one);
    one.close = (reason?: IoError): void => {
      open.delete(one);
      close(reason);
    };
    return one;
  };
  const methods: Partial<EventEngine> = {
    runAt(at, closure) {
      const task: TaskHandle = engine.runAt(at, () => {
        open.delete(task);
        closure();
      });
      return note(task, "task");
    },
    hold() {
      engine.hold();
      holds++;
    },
    release() {
      engine.release();
      holds--;
    },
    cancel(task) {
      open.delete(task);
      return engine.cancel(task);
    },
    connect(to, options, done) {
      const handle = engine.connect(to, options, (result: IoResult<Endpoint>) => {
        open.delete(handle);
        if (result.ok) endpoint(result.value);
        done(result);
      });
      return note(handle, "connect");
    },
    cancelConnect(handle) {
      open.delete(handle);
      return engine.cancelConnect(handle);
    },
    listen(options, onAccept, onShutdown) {
      const listener = engine.listen(options, (accepted) => onAccept(endpoint(accepted)), (error) => {
        open.delete(listener);
        onShutdown(error);
      });
      return note(listener, "listener");
    },
  };
  const proxy = new Proxy(engine, {
    get(target, name) {
      const own = methods[name as keyof EventEngine];
      if (own !== undefined) return own;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { engine: proxy, left: () => [...open.values(), ...Array.from({ length: holds }, () => "hold")] };
}

/** The first line of the stack that is the library's. */
function askedBy(): string {
  const lines = new Error().stack?.split("\n") ?? [];
  const line = lines.find((one) =>
    /(?:surface|transport|pollers)\//.test(one) && !one.includes("counted_engine")
  );
  return line?.trim().replace(/^at /, "at ") ?? "at an unknown place";
}
