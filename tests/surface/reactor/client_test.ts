// Client reactors by the rules of gRFC L67: when operations may be started, which reactions they have, and when it is done.
import { assert, assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import {
  Channel,
  createReactorClient,
  type ErrorContext,
  parseProto,
  RpcError,
  Server,
  type ServerCall,
  type ServerStreaming,
  type ServiceOf,
} from "pollwire";
import { test } from "../../harness.ts";
import {
  CHUNK,
  echo,
  endless,
  gate,
  type Handlers,
  type Note,
  serving,
  sleep,
  standstill,
  syncNumbers,
  Trial,
  UNREAD_LIMIT,
  until,
} from "../serving.ts";
import { Both, Down, One, readOn, Up } from "./reactors.ts";

/** Runs `check` with a reactor client of a server with `handlers`. */
function reacting(
  handlers: Handlers,
  check: (client: ReturnType<typeof createReactorClient<typeof Trial>>, bench: Bench) => Promise<void>,
  options: Parameters<typeof serving>[2] = {},
): Promise<void> {
  return serving(handlers, (bench) => check(createReactorClient(Trial, bench.channel), bench), options);
}

type Bench = Parameters<Parameters<typeof serving>[1]>[0];

/** Sends its initial metadata at once, and then what it gets. */
const eager: Handlers = {
  async *both(requests, call) {
    call.sendMetadata({ from: "server" });
    yield* requests;
  },
  down: (request) => syncNumbers(request.number!),
  one: (request) => request,
  async up(requests) {
    let number = 0;
    for await (const request of requests) number += request.number!;
    return { number };
  },
};

/** Never answers. */
const silent: Handlers = {
  both: (_requests, call) =>
    new Promise((resolve) => call.signal.addEventListener("abort", () => resolve([]))),
};

test("[Q84] nothing happens before startCall, which is made once", async () => {
  let calls = 0;
  await reacting({
    both: (requests) => {
      calls++;
      return requests;
    },
  }, async (client, { client: promises }) => {
    const both = client.both(new Both());
    both.startRead();
    both.startWriteLast({ number: 1 });
    // A later call on the same connection would find an earlier one there.
    for await (const _ of promises.both([])) void 0;
    assertEquals([calls, both.log.lines], [1, []]);
    readOn(both);
    both.startCall();
    assertThrows(
      () => both.startCall(),
      TypeError,
      "Cannot start the call of /trial.Trial/Both: it was started before, and a call is started once",
    );
    await both.log.over;
    assertEquals([calls, both.log.lines.at(-1)], [2, "done OK"]);
  });
});

test("[Q84] a call that was cancelled before is started all the same, and ends with its reactions", () =>
  reacting(echo, async (client) => {
    const both = client.both(new Both());
    both.tryCancel();
    both.startRead();
    await sleep(10);
    assertEquals(both.log.lines, []);
    both.startCall();
    await both.log.over;
    assertEquals(both.log.lines, [
      "metadata false",
      "read false",
      "done CANCELLED: cancelled by its reactor",
    ]);
  }));

test("[Q84] a reactor without a call says what to do, and so does one that is none of its method's kind", () =>
  reacting(echo, async (client) => {
    assertThrows(
      () => new Both().startRead(),
      TypeError,
      "Cannot start a read of Both: it has no call; give it to a method of a client that createReactorClient made",
    );
    assertThrows(
      () => client.both(new Down() as never),
      TypeError,
      "Cannot call /trial.Trial/Both: it is bidiStreaming, so give a ClientBidiReactor; found a Down",
    );
    const both = client.both(new Both());
    assertThrows(() => client.both(both), TypeError, "has another call, which is not done");
    both.startCall();
    both.tryCancel();
    await both.log.over;
    client.both(both); // which is done, and may have another one
    both.startCall();
    both.tryCancel();
    await until(() => both.log.lines.filter((line) => line.startsWith("done")).length === 2);
    assertThrows(
      () => client.both(new Both(), { onHeaders: () => {} } as never),
      TypeError,
      "a reactor gets metadata by onReadInitialMetadataDone and onDone, not by onHeaders",
    );
  }));

test("[Q85] what is started before startCall is kept, and sent in the order message, end of requests", () =>
  reacting(eager, async (client) => {
    const both = client.both(new Both());
    both.startWrite({ number: 7 });
    both.startWritesDone();
    both.startRead();
    readOn(both);
    both.startCall();
    assertEquals(both.log.lines, []);
    await both.log.over;
    assertEquals(both.log.lines.toSorted(), [
      "done OK",
      "metadata true",
      "read 7",
      "read false",
      "write true",
      "writes done true",
    ]);
  }));

test("[Q86] one read and one write are outstanding at most", () =>
  reacting(silent, async (client) => {
    const both = client.both(new Both());
    const twice = () => {
      assertThrows(
        () => both.startRead(),
        TypeError,
        "Cannot start a read of /trial.Trial/Both: one is outstanding, and the next one is started after its onReadDone",
      );
      assertThrows(
        () => both.startWrite({}),
        TypeError,
        "Cannot start a write of /trial.Trial/Both: one is outst",
      );
    };
    both.startRead();
    both.startWrite({ number: 1 });
    twice();
    both.startCall();
    twice();
    await until(() => both.log.lines.includes("write true"));
    both.startWrite({ number: 2 });
    assertThrows(() => both.startRead(), TypeError, "one is outstanding");
    await until(() => both.log.lines.length === 2);
    both.tryCancel();
    await both.log.over;
    assertEquals(both.log.lines.slice(-1), ["done CANCELLED: cancelled by its reactor"]);
  }));

test("[Q87] a read of a call that fails as it is started has one reaction", () =>
  reacting(silent, async (client) => {
    const both = client.both(new Both(), { signal: AbortSignal.abort() });
    both.addHold();
    both.startRead();
    both.startCall();
    await until(() => both.log.lines.length > 1);
    await sleep(5);
    assertEquals(both.log.lines, ["metadata false", "read false"]);
    both.removeHold();
    await both.log.over;
    assertMatch(both.log.lines[2]!, /^done CANCELLED/);
  }));

test("[Q87] each start has exactly one reaction, and every call one to its initial metadata", () =>
  reacting(eager, async (client) => {
    const one = client.one({ number: 3 }, new One());
    one.startCall();
    const up = client.up(new Up());
    up.startWrite({ number: 1 });
    up.log.react = (line) => {
      if (line === "write true") {
        up.log.lines.filter((one) => one === line).length < 2 ? up.startWriteLast({ number: 2 }) : 0;
      }
    };
    up.startCall();
    const down = client.down({ number: 2 }, new Down());
    readOn(down);
    down.startRead();
    down.startCall();
    await Promise.all([one.log.over, up.log.over, down.log.over]);
    assertEquals(one.log.lines, ["metadata true", "done OK, response 3"]);
    assertEquals(up.log.lines, ["write true", "write true", "metadata true", "done OK, response 3"]);
    assertEquals(down.log.lines, ["metadata true", "read 1", "read 2", "read false", "done OK"]);
    await sleep(5);
    assertEquals([one, up, down].map(({ log }) => log.lines.length), [2, 4, 5]);
  }));

test("[Q88] initial metadata is there before the first message; without any the reaction is false", () =>
  reacting({
    ...eager,
    one: () => {
      throw new RpcError("NOT_FOUND", "no such note", { metadata: { why: "gone" } });
    },
  }, async (client) => {
    const both = client.both(new Both(), { metadata: { "from": "client" } });
    const seen: unknown[] = [];
    both.log.react = (line) => {
      if (line !== "write true") seen.push([line, both.initialMetadata.get("from")]);
    };
    both.startRead();
    both.startWriteLast({ number: 1 });
    readOn(both);
    both.startCall();
    await both.log.over;
    assertEquals(seen, [
      ["metadata true", "server"],
      ["read 1", "server"],
      ["read false", "server"],
      ["done OK", "server"],
    ]);
    const one = client.one({}, new One());
    one.startCall();
    await one.log.over;
    assertEquals(one.log.lines, ["metadata false", "done NOT_FOUND: no such note"]);
    assertEquals(one.initialMetadata.size, 0);
  }));

test("[Q89] a read that fails says no more than that; a later one fails too, and holds nothing up", () =>
  reacting({
    down: (request) => syncNumbers(request.number!),
    async *both() {
      yield { number: 1 };
      throw new RpcError("ABORTED", "enough");
    },
  }, async (client) => {
    const both = client.both(new Both());
    let again = 0;
    both.log.react = (line) => {
      if (line.startsWith("read") && again++ < 3) both.startRead();
      if (line === "read false" && again === 2) both.startWrite({});
    };
    both.startRead();
    both.startCall();
    await both.log.over;
    assertEquals(both.log.lines, [
      "metadata true",
      "read 1",
      "read false",
      "write false",
      "read false",
      "read false",
      "done ABORTED: enough",
    ]);
    // A reactor that always reads on keeps no other from running.
    const down = client.down({ number: 1 }, new Down());
    const most = 200_000;
    let reads = 0;
    let timerSet = false;
    let timerRan = false;
    down.log.react = (line) => {
      if (line === "read false" && !timerSet) {
        timerSet = true;
        setTimeout(() => timerRan = true);
      }
      if (line.startsWith("read") && !timerRan && reads++ < most) down.startRead();
    };
    down.startRead();
    down.startCall();
    await down.log.over;
    assertLess(reads, most, "its reactions all came in one turn");
  }));

test("[Q90] after the last write, or the end of writes, there is no other", () =>
  reacting(eager, async (client) => {
    const ended = "its requests have ended, by startWriteLast or startWritesDone";
    const up = client.up(new Up());
    up.startWriteLast({ number: 1 });
    assertThrows(
      () => up.startWritesDone(),
      TypeError,
      `Cannot end the requests of /trial.Trial/Up: ${ended}`,
    );
    assertThrows(() => up.startWrite({}), TypeError, `Cannot start a write of /trial.Trial/Up: ${ended}`);
    up.startCall();
    await up.log.over;
    const both = client.both(new Both());
    both.startCall();
    both.startWritesDone();
    for (
      const wrong of [() => both.startWritesDone(), () => both.startWriteLast({}), () => both.startWrite({})]
    ) {
      assertThrows(wrong, TypeError, ended);
    }
    await both.log.over;
    assertEquals(both.log.lines, ["writes done true", "metadata true", "done OK"]);
    const last = client.up(new Up());
    last.startWrite({ number: 1 }, { last: true });
    assertThrows(() => last.startWrite({}), TypeError, ended);
    assertThrows(
      () => last.startWrite({}, { lost: true } as never),
      TypeError,
      'no option "lost"; did you mean last?',
    );
    const flags = client.up(new Up());
    for (const name of ["last", "corked", "through", "noCompression"]) {
      const says = `Cannot start a write of /trial.Trial/Up: ${name} is the string "no"; give true or false`;
      assertThrows(() => flags.startWrite({}, { [name]: "no" }), TypeError, says);
    }
    assertThrows(() => flags.tryCancel(5 as never), TypeError, "its details are the number 5; give a string");
    flags.tryCancel();
    flags.startCall();
    await flags.log.over;
    last.startCall();
    await last.log.over;
    assertEquals(last.log.lines.at(-1), "done OK, response 1");
  }));

test("[Q91] onDone waits for the status, for every reaction and for holds, and is the last reaction", () =>
  reacting({ both: (requests) => requests, down: () => [] }, async (client) => {
    const both = client.both(new Both());
    both.addMultipleHolds(2);
    both.startCall();
    both.startWritesDone();
    await until(() => both.log.lines.length === 2);
    await sleep(5);
    assertEquals(both.log.lines, ["writes done true", "metadata false"]);
    both.startRead();
    both.removeHold();
    await until(() => both.log.lines.length === 3);
    await sleep(5);
    assertEquals(both.log.lines.slice(2), ["read false"]);
    both.removeHold();
    await both.log.over;
    assertEquals(both.log.lines.slice(3), ["done OK"]);
    for (const late of [() => both.startRead(), () => both.startWritesDone(), () => both.addHold()]) {
      assertThrows(late, TypeError, "its onDone was called, which is the last reaction");
    }
    const down = client.down({}, new Down());
    down.startCall(); // without a read
    await down.log.over;
    assertEquals(down.log.lines, ["metadata false", "done OK"]);
  }));

test("[Q91] [Q53] a status of OK comes after the last message was read, another one at once", () =>
  reacting({
    down: function* (request) {
      yield* syncNumbers(3);
      if (request.text) throw new RpcError("ABORTED", request.text);
    },
  }, async (client, { channel }) => {
    const ok = client.down({}, new Down());
    ok.startCall();
    await until(() => channel.describePending().endsWith("call /trial.Trial/Down: 3 unread"));
    await sleep(5);
    assertEquals(ok.log.lines, ["metadata true"]);
    for (let number = 1; number <= 3; number++) {
      ok.startRead();
      await until(() => ok.log.lines.includes(`read ${number}`));
    }
    await ok.log.over;
    assertEquals(ok.log.lines.at(-1), "done OK");
    const bad = client.down({ text: "as asked" }, new Down());
    bad.startRead();
    readOn(bad);
    bad.startCall();
    await bad.log.over;
    assertEquals(bad.log.lines, [
      "metadata true",
      "read 1",
      "read 2",
      "read 3",
      "read false",
      "done ABORTED: as asked",
    ]);
    const unread = client.down({ text: "as asked" }, new Down());
    unread.startCall();
    await unread.log.over;
    assertEquals(unread.log.lines, ["metadata true", "done ABORTED: as asked"]);
  }));

test("[Q41] what was not read is dropped by a cancel, whatever the status", () =>
  reacting({
    async *down() {
      yield* syncNumbers(3);
      await sleep(1);
      throw new RpcError("NOT_FOUND", "none");
    },
  }, async (client, { channel }) => {
    const call = client.down({}, new Down());
    call.addHold();
    call.startCall();
    await until(() => channel.describePending().endsWith("call /trial.Trial/Down: 1 hold, 3 unread"));
    call.tryCancel("not wanted");
    call.startRead();
    await until(() => call.log.lines.length > 1);
    call.removeHold();
    await call.log.over;
    assertEquals(call.log.lines, ["metadata true", "read false", "done CANCELLED: not wanted"]);
  }));

test("[Q91] [Q41] while OK waits for its messages the call can be cancelled, and its time may pass", () =>
  reacting({ down: () => syncNumbers(3) }, async (client, { channel }) => {
    const unread = "call /trial.Trial/Down: 3 unread";
    const cancelled = client.down({}, new Down());
    cancelled.startCall();
    await until(() => channel.describePending().endsWith(unread));
    cancelled.tryCancel("not wanted");
    cancelled.tryCancel();
    await cancelled.log.over;
    assertEquals(cancelled.log.lines, ["metadata true", "done CANCELLED: not wanted"]);
    const late = client.down({}, new Down(), { deadlineMs: 500 });
    late.startCall();
    await late.log.over;
    assertEquals(late.log.lines.slice(1), [
      "done DEADLINE_EXCEEDED: deadline of 500 ms exceeded before the responses were read",
    ]);
    const abort = new AbortController();
    const aborted = client.down({}, new Down(), { signal: abort.signal, deadlineMs: 100_000 });
    aborted.startCall();
    await until(() => channel.describePending().endsWith(unread));
    abort.abort();
    await aborted.log.over;
    assertMatch(aborted.log.lines[1]!, /^done CANCELLED: call aborted by its signal/);
    // One that is read is over, and none of that matters to it.
    const read = client.down({}, new Down(), { deadlineMs: 100_000 });
    read.startCall();
    await until(() => channel.describePending().endsWith(unread));
    read.startRead();
    readOn(read);
    await read.log.over;
    assertEquals(read.log.lines.slice(1), ["read 1", "read 2", "read 3", "read false", "done OK"]);
  }));

test("[Q42] [Q91] while OK waits for its messages, the end of its parent ends it", async () => {
  const down = new Down();
  let behind: Channel | undefined;
  const one = async (_note: Note, call: ServerCall) => {
    createReactorClient(Trial, behind!).down({}, down, { parent: call }).startCall();
    await until(() => behind!.describePending().endsWith("call /trial.Trial/Down: 3 unread"));
    return {};
  };
  await serving({ down: () => syncNumbers(3), one }, async ({ channel, client }) => {
    behind = channel;
    await client.one({});
    await down.log.over;
    assertEquals(down.log.lines.at(-1), "done CANCELLED: the call that it was made for is over");
  });
});

test("[Q96] a reaction that throws ends a call whose OK waits for its messages", () =>
  reacting({ down: () => syncNumbers(3) }, async (client, { channel }) => {
    const down = client.down({}, new Down());
    down.startCall();
    await until(() => channel.describePending().endsWith("3 unread"));
    down.log.react = (line) => {
      if (line === "read 1") throw new Error("no more of it");
    };
    down.startRead();
    await down.log.over;
    assertEquals(down.log.lines.at(-1), "done UNKNOWN: a reaction threw: no more of it");
  }, { channel: { onError: () => {} } }));

test("[Q92] the end that the application's own call brings about is not called on its stack", () =>
  reacting({ down: () => [] }, async (client) => {
    const outside = client.down({}, new Down());
    outside.addHold();
    outside.startCall();
    await until(() => outside.log.lines.length === 1);
    await sleep(5);
    outside.removeHold();
    outside.log.lines.push("after removeHold");
    await outside.log.over;
    assertEquals(outside.log.lines, ["metadata false", "after removeHold", "done OK"]);
    const inside = client.down({}, new Down());
    inside.addHold();
    inside.log.react = (line) => {
      if (line !== "metadata false") return;
      inside.removeHold();
      inside.log.lines.push("after removeHold");
    };
    inside.startCall();
    await inside.log.over;
    assertEquals(inside.log.lines, ["metadata false", "after removeHold", "done OK"]);
    const cancelled = client.down({}, new Down());
    cancelled.tryCancel("early");
    cancelled.startCall();
    cancelled.log.lines.push("after startCall");
    await cancelled.log.over;
    assertEquals(cancelled.log.lines, ["after startCall", "metadata false", "done CANCELLED: early"]);
  }));

test("[Q93] holds are counted, and none is removed that was not added", () =>
  reacting(echo, async (client) => {
    const both = client.both(new Both());
    const none = "Cannot remove a hold of /trial.Trial/Both: it has none: each is removed once";
    assertThrows(() => both.removeHold(), TypeError, none);
    both.addHold();
    both.removeHold();
    assertThrows(() => both.removeHold(), TypeError, none);
    for (const wrong of [0, -1, 1.5, NaN]) {
      assertThrows(
        () => both.addMultipleHolds(wrong),
        TypeError,
        `their number is ${wrong}, and must be 1 or more`,
      );
    }
    both.startCall();
    both.tryCancel();
    await both.log.over;
  }));

test("[Q94] what keeps onDone away is named when the channel closes", async () => {
  const warnings: string[] = [];
  const logger = { error() {}, info() {}, debug() {}, warn: (line: string) => void warnings.push(line) };
  await reacting(silent, async (client, { channel }) => {
    const held = client.both(new Both());
    held.addMultipleHolds(2);
    held.startRead();
    held.startCall();
    client.down({}, new Down());
    const fine = client.both(new Both());
    fine.startCall();
    await until(() => channel.state === "READY");
    assertEquals(channel.describePending().split("\n  ").slice(1), [
      "call /trial.Trial/Both: 2 holds, a read, no status yet",
      "call /trial.Trial/Down: no startCall, no status yet",
      "call /trial.Trial/Both: no status yet",
    ]);
    channel.close();
    await fine.log.over;
    assertEquals(warnings.length, 2);
    assertMatch(
      warnings[0]!,
      /^the channel to \S+ was closed, and onDone never comes: a hold was not removed \(call \/trial.Trial\/Both: 2 holds, a read\)/,
    );
    assertMatch(
      warnings[1]!,
      /onDone never comes: startCall was not made \(call \/trial.Trial\/Down: no startCall/,
    );
    held.removeHold();
    held.removeHold();
    await held.log.over;
    assertMatch(
      channel.describePending(),
      /^channel to 127.0.0.1:\d+: SHUTDOWN\n {2}call \/trial.Trial\/Down: no startCall/,
    );
  }, { channel: { logger } });
});

test("[Q95] reactions are never nested, whatever is started in one", () =>
  reacting(eager, async (client) => {
    const both = client.both(new Both());
    let left = 100;
    both.log.react = (line) => {
      if (line === "write true" && left > 0) {
        left-- > 1 ? both.startWrite({ number: left }) : both.startWritesDone();
      }
      if (line.startsWith("read") && line !== "read false") both.startRead();
    };
    both.startRead();
    both.startWrite({ number: 100 });
    both.startCall();
    await both.log.over;
    assertEquals(both.log.lines.filter((line) => line === "overlaps:"), []);
    assertEquals(both.log.lines.filter((line) => /^read \d/.test(line)).length, 100);
  }));

test("[Q96] a reaction that throws ends its call with UNKNOWN, is reported, and onDone comes", async () => {
  const reported: [unknown, ErrorContext][] = [];
  await reacting(eager, async (client) => {
    const both = client.both(new Both());
    both.log.react = (line) => {
      if (line === "metadata true") throw new Error("from the reaction");
      if (line.startsWith("done")) throw new Error("from onDone");
    };
    both.startCall();
    await both.log.over;
    assertEquals(both.log.lines, ["metadata true", "done UNKNOWN: a reaction threw: from the reaction"]);
    await until(() => reported.length === 2);
    assertEquals(reported.map(([error, { where, method }]) => [(error as Error).message, where, method]), [
      ["from the reaction", "reaction", "/trial.Trial/Both"],
      ["from onDone", "reaction", "/trial.Trial/Both"],
    ]);
    class Late extends One {
      override onReadInitialMetadataDone(): void {
        return void 0;
      }
    }
    const late = new Late();
    // An async function is a reaction as well, and what it rejects with is as if it had thrown that.
    Object.assign(late, { onReadInitialMetadataDone: () => Promise.reject(new Error("later")) });
    client.one({}, late).startCall();
    await late.log.over;
    await until(() => reported.length === 3);
    const unfit = client.both(new Both());
    unfit.log.react = (line) => {
      if (line === "metadata true") unfit.startWrite({ number: "seven" } as never);
    };
    unfit.startCall();
    await unfit.log.over;
    assertMatch(unfit.log.lines[1]!, /^done INTERNAL: a reaction threw: Cannot encode/);
  }, { channel: { onError: (error, context) => void reported.push([error, context]) } });
});

test("[Q97] a unary call with a callback: called once, off the caller's stack, with status and response", () =>
  reacting({
    one: (request) => {
      if (!request.text) return request;
      throw new RpcError("NOT_FOUND", request.text, { metadata: { why: "gone" } });
    },
  }, async (client) => {
    const seen: unknown[] = [];
    client.one({ number: 5 }, (status, response) => seen.push(["first", status.ok, response?.number]));
    seen.push("returned");
    client.one({ text: "no such note" }, (status, response) => {
      const { code, details, endedBy, error } = status;
      seen.push([code, details, endedBy, status.metadata.get("why"), response, error?.method]);
    }, { deadlineMs: 5_000 });
    client.one({ number: "x" } as never, (status) => seen.push(`${status}`.slice(0, 8)));
    await until(() => seen.length === 4);
    await sleep(5);
    const wanted = [5, "no such note", "remote", "gone", undefined, "/trial.Trial/One"];
    assertEquals(seen.slice(0, 1), ["returned"]);
    assertEquals(seen.find((one) => Array.isArray(one) && one[0] === "first"), ["first", true, 5]);
    assertEquals(seen.find((one) => Array.isArray(one) && one[0] === 5), wanted);
    assert(seen.includes("INTERNAL"));
    assertThrows(
      () => client.one({}, {} as never),
      TypeError,
      "Cannot call /trial.Trial/One: it is unary, so give a callback or a ClientUnaryReactor; found an object",
    );
  }));

test("the message of a read stays until the next one is done, and there is none before and after", () =>
  reacting(eager, async (client) => {
    const down = client.down({ number: 2 }, new Down());
    const seen: unknown[] = [];
    down.startRead();
    assertThrows(
      () => down.message,
      TypeError,
      "Cannot take a message of /trial.Trial/Down: it is there in onReadDone",
    );
    down.log.react = (line) => {
      if (!/^read \d/.test(line)) return;
      down.startRead();
      seen.push(down.message.number);
    };
    down.startCall();
    await down.log.over;
    assertEquals(seen, [1, 2]);
    assertThrows(() => down.message, TypeError, "Cannot take a message");
    const one = client.one({ number: 1 }, new One());
    assertThrows(() => one.response, TypeError, "it is there in onDone with OK, and the call has not ended");
    one.startCall();
    one.tryCancel();
    await one.log.over;
    assertThrows(() => one.response, TypeError, "the call ended with CANCELLED: cancelled by its reactor");
  }));

test("writes wait for the server to read, and reads for the application", async () => {
  const open = gate();
  await reacting({
    async *both(requests) {
      await open.opened;
      for await (const _ of requests) yield { number: 1 };
    },
    down: function* () {
      for (let number = 1; number <= 1_000; number++) yield { number, body: new Uint8Array(CHUNK) };
    },
  }, async (client) => {
    const both = client.both(new Both());
    let written = 0;
    const body = new Uint8Array(CHUNK);
    both.log.react = (line) => {
      if (line === "write true") ++written < 1_000 ? both.startWrite({ body }) : both.startWritesDone();
    };
    both.startWrite({ body });
    both.startRead();
    readOn(both);
    both.startCall();
    const stopped = await standstill(() => written);
    assert(stopped > 0 && stopped * CHUNK < UNREAD_LIMIT, `${stopped} chunks were written`);
    open.open();
    await both.log.over;
    assertEquals(both.log.lines.filter((line) => line === "read 1").length, 1_000);
    const down = client.down({}, new Down());
    let read = 0;
    down.log.react = (line) => {
      if (/^read \d/.test(line) && ++read !== 3) down.startRead();
    };
    down.startRead();
    down.startCall();
    await until(() => read === 3);
    await sleep(20);
    down.startRead();
    await down.log.over;
    assertEquals([read, down.log.lines.at(-1)], [1_000, "done OK"]);
  });
}, { timeoutMs: 60_000 });

test("corked messages wait for the one that is not, and each has its reaction at once", async () => {
  const got: number[] = [];
  await reacting({
    async up(requests) {
      for await (const { number } of requests) got.push(number!);
      return { number: got.length };
    },
  }, async (client) => {
    const up = client.up(new Up());
    up.startCall();
    await until(() => up.log.lines.length === 0);
    let number = 0;
    const next = () => up.startWrite({ number: ++number }, { corked: number < 3 });
    up.log.react = (line) => {
      if (line === "write true" && number < 2) next();
    };
    next();
    await until(() => up.log.lines.length === 2);
    await sleep(20);
    assertEquals(got, []);
    next();
    await until(() => got.length === 3);
    up.startWrite({ number: 4 }, { corked: true });
    await until(() => up.log.lines.length === 4);
    up.startWritesDone();
    await up.log.over;
    assertEquals([got, up.log.lines.at(-1)], [[1, 2, 3, 4], "done OK, response 4"]);
  });
});

test("[Q38] a write with through has its reaction when it is in the socket, after one that was only accepted", () =>
  reacting(silent, async (client) => {
    const order: string[] = [];
    const [through, usual] = ["through", "usual"].map((name) => {
      const call = client.both(new Both());
      call.log.react = (line) => {
        if (line.startsWith("write")) order.push(`${name} ${line}`);
      };
      call.startCall();
      call.startWrite({}, { noCompression: true });
      return call;
    });
    await until(() => order.length === 2);
    order.length = 0;
    through!.startWrite({}, { through: true });
    usual!.startWrite({});
    await until(() => order.length === 2);
    assertEquals(order, ["usual write true", "through write true"]);
    through!.startWrite({}, { through: true });
    through!.tryCancel();
    usual!.tryCancel();
    await Promise.all([through!.log.over, usual!.log.over]);
    assertEquals(order.slice(2), ["through write false"]);
  }));

test("[Q78] a corked call begins with its first request, or with their end; its deadline holds before", async () => {
  let begun = 0;
  await reacting({
    async up(requests) {
      begun++;
      let number = 0;
      for await (const _ of requests) number++;
      return { number };
    },
  }, async (client) => {
    const [written, ended, late, gone] = [new Up(), new Up(), new Up(), new Up()];
    client.up(written, { corked: true }).startCall();
    client.up(ended, { corked: true }).startCall();
    client.up(gone, { corked: true }).startCall();
    client.up(late, { corked: true, deadlineMs: 30 }).startCall();
    gone.tryCancel();
    await Promise.all([late.log.over, gone.log.over]);
    assertEquals([begun, late.log.lines.at(-1), gone.log.lines.at(-1)], [
      0,
      "done DEADLINE_EXCEEDED: deadline of 30 ms exceeded waiting for the first request",
      "done CANCELLED: cancelled by its reactor",
    ]);
    written.startWrite({});
    await until(() => begun === 1);
    written.startWriteLast({});
    ended.startWritesDone();
    await Promise.all([written.log.over, ended.log.over]);
    assertEquals([begun, written.log.lines.at(-1), ended.log.lines.at(-1)], [
      2,
      "done OK, response 2",
      "done OK, response 0",
    ]);
  });
});

test("deadline, lost connection and closed channel end a reactor's call as any other's", () => {
  let ended = false;
  return reacting(
    { ...silent, down: () => endless(() => ended = true) },
    async (client, { server, channel }) => {
      const late = client.both(new Both(), { deadlineMs: 20 });
      late.startRead();
      late.startCall();
      await late.log.over;
      assertEquals(late.status?.code, 4);
      assertEquals(late.status?.endedBy, "library");
      const lost = client.both(new Both());
      lost.startRead();
      lost.startCall();
      const streaming = client.down({}, new Down());
      streaming.startRead();
      readOn(streaming);
      streaming.startCall();
      await until(() => streaming.log.lines.length > 3);
      server.close();
      await Promise.all([lost.log.over, streaming.log.over]);
      assertEquals(lost.status?.code, 14);
      assertMatch(streaming.log.lines.at(-1)!, /^done UNAVAILABLE/);
      channel.close();
      const closed = client.both(new Both());
      closed.startWrite({});
      closed.startCall();
      await closed.log.over;
      assertEquals(closed.log.lines.slice(0, 2), ["metadata false", "write false"]);
      await until(() => ended); // the handler's last pause
    },
  );
});

/** The same service to a server that answers otherwise than the method's kind and type say. */
const { Trial: Odd } = parseProto<{
  Trial: ServiceOf<{ one: ServerStreaming<Note, OddNote>; down: ServerStreaming<Note, OddNote> }>;
}>(
  `syntax = "proto3";
  package trial;
  message Note { string text = 1; int32 number = 2; }
  message OddNote { bytes text = 1; int32 number = 2; }
  service Trial {
    rpc One(Note) returns (stream OddNote);
    rpc Down(Note) returns (stream OddNote);
  }`,
);
interface OddNote {
  text?: Uint8Array;
  number?: number;
}

test("a response that is missing, one too many, or not decodable", async () => {
  const unreadable = { text: new Uint8Array([0xff]) };
  const server = new Server();
  server.addService(Odd, {
    one: ({ number }) => Array.from({ length: number! }, () => ({ number: 1 })),
    down: ({ number }) => number === 1 ? [{ number: 1 }, unreadable, { number: 3 }] : [unreadable],
  });
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const client = createReactorClient(Trial, channel);
  const run = async <R extends One | Down>(reactor: R): Promise<string[]> => {
    reactor.startCall();
    await reactor.log.over;
    return reactor.log.lines;
  };
  assertEquals(await run(client.one({ number: 0 }, new One())), [
    "metadata false",
    "done UNIMPLEMENTED: server sent no response message",
  ]);
  assertEquals(await run(client.one({ number: 2 }, new One())), [
    "metadata true",
    "done UNIMPLEMENTED: server sent more than one response message",
  ]);
  for (const number of [0, 1]) {
    const down = client.down({ number }, new Down());
    readOn(down);
    down.startRead();
    const lines = await run(down);
    assertEquals(lines.slice(0, -1), ["metadata true", ...number === 1 ? ["read 1"] : [], "read false"]);
    assertMatch(lines.at(-1)!, /^done INTERNAL: cannot decode response: Cannot decode trial.Note.text/);
  }
  channel.close();
  server.close();
  await server.shutdown();
});

test("[Q86] [Q90] a getter of a request that writes, or ends the requests, comes before its request", () =>
  reacting(eager, async (client) => {
    const steps: [what: string, then: (call: Both) => void, read: string[]][] = [
      ["one is outstanding", (call) => call.startWrite({ number: 2 }), ["read 2"]],
      ["its requests have ended", (call) => call.startWriteLast({ number: 2 }), ["read 2"]],
      ["its requests have ended", (call) => call.startWritesDone(), []],
    ];
    for (const [why, then, read] of steps) {
      const call = client.both(new Both());
      readOn(call);
      call.startRead();
      call.startCall();
      const request: Note = {
        get number() {
          then(call);
          return 1;
        },
      };
      assertThrows(() => call.startWrite(request), TypeError, why);
      if (why === "one is outstanding") call.startWritesDone();
      await call.log.over;
      const { lines } = call.log;
      assertEquals(lines.filter((line) => /^read \d/.test(line)), read);
      assertEquals([lines.filter((line) => line.startsWith("write ")).length, lines.at(-1)], [
        read.length,
        "done OK",
      ]);
    }
  }));
