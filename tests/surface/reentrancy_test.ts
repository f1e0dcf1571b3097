// Callbacks that call back into everything: none is nested in another one, and none is on the stack of a call of the API.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  Alarm,
  Channel,
  ClientUnaryReactor,
  CompletionQueue,
  createClient,
  createReactorClient,
  Server,
  Status,
} from "pollwire";
import { test } from "../harness.ts";
import { echo, failure, type Note, Trial, until } from "./serving.ts";
import "../shared_engines.ts";

/** Sees who is called while somebody else is, and while the application is inside the library. */
class Stage {
  readonly nested: string[] = [];
  readonly called = new Map<string, number>();
  private inside = "";
  private api = "";
  /** What every callback does. */
  act: () => void = () => {};
  acts = 0;

  /** A callback; `acts`: it calls back. */
  callback(name: string): void {
    this.called.set(name, (this.called.get(name) ?? 0) + 1);
    if (this.inside !== "") this.nested.push(`${name} inside ${this.inside}`);
    if (this.api !== "") this.nested.push(`${name} on the stack of ${this.api}`);
    const { inside, api } = this;
    this.inside = name;
    this.api = "";
    try {
      if (this.acts++ < 600) this.act();
    } finally {
      this.inside = inside;
      this.api = api;
    }
  }

  /** A call of the API. */
  into<R>(name: string, call: () => R): R {
    const { api } = this;
    this.api = name;
    try {
      return call();
    } finally {
      this.api = api;
    }
  }
}

test("[Q121] every callback calls back into everything, and none is nested in another one or in a call of the API", async () => {
  const stage = new Stage();
  const server = new Server({
    acceptConnection: () => (stage.callback("acceptConnection"), true),
    onError: () => stage.callback("server onError"),
  });
  server.addService(Trial, {
    one(note: Note, call) {
      call.signal.addEventListener("abort", () => stage.callback("abort of a handler's signal"));
      stage.callback("handler");
      if (note.text === "throw") throw new Error("as asked");
      return note.text === "late" ? new Promise<Note>(() => {}) : note;
    },
    *down() {
      stage.callback("responses");
      yield {};
      yield {};
    },
    async up(notes) {
      for await (const _ of notes);
      return {};
    },
    both: (notes) => notes,
  });
  const port = await server.listen("127.0.0.1:0");
  const channel = new Channel(`127.0.0.1:${port}`, { onError: () => stage.callback("channel onError") });
  const broken = new Channel("127.0.0.1:1");
  const client = createClient(Trial, channel);
  const reactors = createReactorClient(Trial, channel);
  const failing = createClient(Trial, broken);
  await failing.one({}).catch(() => {});
  const queue = new CompletionQueue<(success: boolean) => void>({ completionType: "CALLBACK" });
  let open = 0;
  const watched = (call: Promise<unknown>): void => {
    open++;
    call.catch(() => {}).finally(() => open--);
  };
  const metadata = (name: string) => ({
    onHeaders: () => stage.callback(`${name} onHeaders`),
    onTrailers: () => stage.callback(`${name} onTrailers`),
  });
  const requests = function* (): Generator<Note> {
    stage.callback("requests");
    yield {};
    yield {};
  };
  class Reactor extends ClientUnaryReactor<Note> {
    override onReadInitialMetadataDone(): void {
      stage.callback("onReadInitialMetadataDone");
    }
    override onDone(): void {
      stage.callback("onDone");
    }
  }
  let turns = 0;
  stage.act = () => {
    const aborting = new AbortController();
    const actions: Array<[string, () => void]> = [
      ["a call", () => watched(client.one({}, metadata("unary")))],
      ["a call that throws", () => watched(client.one({ text: "throw" }, metadata("throwing")))],
      ["a call without time", () => watched(client.one({}, { deadlineMs: 0, ...metadata("late") }))],
      ["a call that fails at once", () => watched(failing.one({}, metadata("failing")))],
      ["a call that is aborted", () => {
        watched(client.one({ text: "late" }, { signal: aborting.signal, ...metadata("aborted") }));
        aborting.abort();
      }],
      [
        "a call that is cancelled while it runs",
        () => watched(client.one({ text: "late" }, { deadlineMs: 5, ...metadata("overdue") })),
      ],
      ["a stream of requests", () => watched(client.up(requests(), metadata("upload")))],
      ["a stream of responses", () => {
        const responses = client.down({}, metadata("download"));
        watched(responses.next().then(() => responses.return?.()));
      }],
      ["a reactor", () => {
        const reactor = reactors.one({}, new Reactor());
        reactor.startCall();
      }],
      ["a unary call with a callback", () => reactors.one({}, () => stage.callback("unary callback"))],
      ["an alarm", () => new Alarm().set(-1, () => stage.callback("alarm"))],
      ["an alarm of a queue", () => new Alarm().set(queue, -1, () => stage.callback("tag"))],
      ["connect", () => channel.connect()],
      ["connect of the broken one", () => broken.connect()],
      ["an alarm that is cancelled", () => {
        const alarm = new Alarm();
        alarm.set(1e9, () => stage.callback("cancelled alarm"));
        alarm.cancel();
      }],
    ];
    // Each does some of it, in turn: all of it each time would be a flood.
    for (let i = 0; i < 3; i++) {
      const [name, action] = actions[turns++ % actions.length]!;
      stage.into(name, action);
    }
  };
  stage.act();
  for (let i = 0; i < 5; i++) {
    stage.act();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until(() => open === 0 && stage.called.size >= 20);
  // A stream is free at once.
  stage.into("a stream of requests, connected", () => watched(client.up(requests(), metadata("upload"))));
  await until(() => open === 0);
  stage.acts = 0;
  stage.act = () => {
    for (
      const [name, close] of [["channel.close", () => channel.close()], [
        "server.close",
        () => server.close(),
      ]] as const
    ) {
      stage.into(name, close);
    }
  };
  watched(client.one({ text: "throw" }, metadata("last")));
  await until(() => channel.state === "SHUTDOWN");
  await until(() => open === 0);
  queue.shutdown();
  broken.close();
  await server.shutdown();
  assertEquals([...new Set(stage.nested)].sort(), []);
  assert(stage.called.size >= 20, [...stage.called].join("; "));
});

for (const address of ["127.0.0.1:0", "inprocess:closed by its observer"]) {
  test(`a server that its observer closes when a call begins ends that call too: ${address}`, async () => {
    const server = new Server();
    server.addService(Trial, echo);
    const events: string[] = [];
    server.observe({
      onCallBegin: ({ method }) => {
        events.push(method);
        server.close();
      },
      onCallEnd: ({ status }) => void events.push(status),
    });
    const port = await server.listen(address);
    const channel = new Channel(port === 0 ? address : `127.0.0.1:${port}`);
    const client = createClient(Trial, channel);
    assertEquals((await failure(client.one({}))).code, Status.UNAVAILABLE);
    channel.close();
    await server.shutdown();
    assertEquals(events, ["/trial.Trial/One", "CANCELLED"]);
    assertStringIncludes(server.describePending(), "0 running calls");
  });
}
