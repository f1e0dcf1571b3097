// An application that calls again as soon as a call has failed: calls that never leave this side fail in microtasks, and the
// loop has to turn all the same.
import "../../shared_engines.ts";
import { assert, assertEquals } from "@std/assert";
import {
  Channel,
  ClientBidiReactor,
  ClientUnaryReactor,
  CompletionQueue,
  createClient,
  createQueueClient,
  createReactorClient,
  type DoneStatus,
  Server,
  statusName,
} from "pollwire";
import { test } from "../../harness.ts";
import { type Note, Trial, until } from "../serving.ts";

/** Why calls never leave this side. */
const REASONS = ["time", "connection", "channel", "size", "signal", "codec"] as const;
type Reason = typeof REASONS[number];

/** Makes one call, that fails of `reason`; `then` is called when the application has its end. */
type CallOnce = (then: () => void) => void;

/** `end`: when no more calls are made. */
interface Style {
  readonly once: CallOnce;
  readonly end?: () => Promise<unknown>;
}

const LARGE: Note = { body: new Uint8Array(100) };
const UNFIT = { text: 5 } as unknown as Note;

function requestFor(reason: Reason): Note {
  return reason === "size" ? LARGE : reason === "codec" ? UNFIT : {};
}

function optionsFor(reason: Reason): { deadlineMs?: number; signal?: AbortSignal } {
  if (reason === "signal") return { signal: AbortSignal.abort() };
  return reason === "time" ? { deadlineMs: 0 } : {};
}

/** Calls of every style; undefined where it throws what it finds. */
const STYLES: Readonly<Record<string, (channel: Channel, reason: Reason) => CallOnce | Style | undefined>> = {
  promise(channel, reason) {
    const client = createClient(Trial, channel);
    return (then) => void client.one(requestFor(reason), optionsFor(reason)).then(then, then);
  },
  iterator(channel, reason) {
    const client = createClient(Trial, channel);
    return (then) => void client.down(requestFor(reason), optionsFor(reason)).next().then(then, then);
  },
  intercepted(channel, reason) {
    const client = createClient(Trial, channel, { interceptors: [(next) => (call) => next(call)] });
    return (then) => void client.one(requestFor(reason), optionsFor(reason)).then(then, then);
  },
  "intercepted iterator"(channel, reason) {
    const client = createClient(Trial, channel, { interceptors: [(next) => (call) => next(call)] });
    return (then) => void client.down(requestFor(reason), optionsFor(reason)).next().then(then, then);
  },
  callback(channel, reason) {
    const client = createReactorClient(Trial, channel);
    return (then) => client.one(requestFor(reason), then, optionsFor(reason));
  },
  reactor(channel, reason) {
    const client = createReactorClient(Trial, channel);
    return (then) => {
      class Once extends ClientUnaryReactor<Note> {
        override onDone(): void {
          then();
        }
      }
      client.one(requestFor(reason), new Once(), optionsFor(reason)).startCall();
    };
  },
  queue(channel, reason) {
    if (reason === "signal" || reason === "codec") return undefined;
    const queue = new CompletionQueue<() => void>();
    const client = createQueueClient(Trial, channel, queue);
    const once: CallOnce = (then) => {
      const late = reason === "time" ? { deadline: -1 } : {};
      client.asyncOne(requestFor(reason), late).finish(then);
      void queue.next().then(({ tag }) => tag!());
    };
    const end = (): Promise<unknown> => {
      queue.shutdown();
      return queue.next();
    };
    return { once, end };
  },
};

/** Calls again and again until a timer has come; fails where it never does. */
async function turns(style: string, once: CallOnce): Promise<void> {
  let hasTurned = false;
  let calls = 0;
  setTimeout(() => hasTurned = true, 0);
  await new Promise<void>((resolve) => {
    const again = (): void => {
      if (hasTurned || calls === 30_000) return resolve();
      calls++;
      once(again);
    };
    again();
  });
  assert(hasTurned, `${style}: ${calls} calls failed, and the loop did not turn`);
}

for (const reason of REASONS) {
  test(`an application that calls again at once lets the loop turn, in every style, where calls fail for their ${reason}`, async () => {
    const server = new Server();
    server.addService(Trial, { one: (note) => note });
    const port = await server.listen("127.0.0.1:0");
    const at = `127.0.0.1:${reason === "connection" ? 1 : port}`;
    for (const [style, make] of Object.entries(STYLES)) {
      const channel = new Channel(at, reason === "size" ? { maxSendMessageBytes: 50 } : {});
      if (reason !== "connection") await createClient(Trial, channel).one({});
      if (reason === "channel") channel.close();
      const made = make(channel, reason);
      if (typeof made === "function") await turns(style, made);
      else if (made !== undefined) {
        await turns(style, made.once);
        await made.end?.();
      }
      channel.close();
    }
    await server.shutdown();
  });
}

/** Sends and reads on a call whose time is over. */
class Late extends ClientBidiReactor<Note, Note> {
  readonly log: string[] = [];

  constructor(private readonly onOver: () => void) {
    super();
  }
  override onReadInitialMetadataDone(ok: boolean): void {
    this.log.push(`metadata ${ok}`);
  }
  override onWriteDone(ok: boolean): void {
    this.log.push(`write ${ok}`);
  }
  override onReadDone(ok: boolean): void {
    this.log.push(`read ${ok}`);
  }
  override onDone({ code }: DoneStatus): void {
    this.log.push(statusName(code));
    this.onOver();
  }
}

for (const corked of [false, true]) {
  test(`a thousand ${corked ? "corked " : ""}calls fail in a turn and the others in the next, each once and with all that it began`, async () => {
    const channel = new Channel("127.0.0.1:1");
    const client = createReactorClient(Trial, channel);
    let over = 0;
    let overInTurn = 0;
    const calls = Array.from({ length: 2_500 }, () => new Late(() => over++));
    await new Promise<void>((resolve) => {
      queueMicrotask(() => {
        for (const [i, call] of calls.entries()) {
          client.both(call, { deadlineMs: 0, corked });
          if (i % 2 === 0) call.startWrite({});
          call.startCall();
          if (i % 2 === 1) call.startWrite({});
          call.startRead();
        }
      });
      const count = (microtasks: number): void => {
        if (microtasks > 0) return queueMicrotask(() => count(microtasks - 1));
        overInTurn = over;
        resolve();
      };
      count(10);
    });
    assert(overInTurn <= 1_000, `${overInTurn} ended at once`);
    await until(() => over === calls.length);
    const expected = ["metadata false", "write false", "read false", "DEADLINE_EXCEEDED"];
    for (const { log } of calls) assertEquals(log, expected);
    channel.close();
  });
}
