// The same random script of a call over HTTP/2 and inside the process: both sides see the same, step by step.
import { assertEquals } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  ClientBidiReactor,
  createReactorClient,
  type DoneStatus,
  type EndedCall,
  type Metadata,
  reactor,
  type ReactorContext,
  Server,
  ServerBidiReactor,
} from "pollwire";
import { SeededRandom, Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";
import { type Note, Trial } from "./serving.ts";

/** One thing that one side does, and how many octets it is about. */
type Step = readonly [what: string, size: number];

const CLIENT = ["client read", "client read", "client write", "client write", "client last", "client done"];
const SERVER = [
  "server read",
  "server read",
  "server write",
  "server write",
  "server metadata",
  "server trailer",
];
const ENDS = ["client cancel", "server cancel", "server finish", "server fail", "server write and finish"];
const SIZES = [0, 1, 1_000, 16_000, 70_000, 300_000];

/** Windows hold all that a script sends: how messages wait for them is a matter of octets over HTTP/2 alone. */
const settings = { initialWindowSize: 8_000_000 };

class Script {
  readonly steps: readonly Step[];
  readonly options;
  readonly limits: ChannelOptions;

  constructor(seed: number) {
    const random = new SeededRandom(seed);
    const step = (): Step => {
      const kinds = random.chance(0.1) ? ENDS : random.chance(0.5) ? CLIENT : SERVER;
      return [random.pick(kinds), random.pick(SIZES)];
    };
    this.steps = Array.from({ length: random.between(4, 20) }, step);
    this.options = {
      metadata: random.pick([{}, { a: ["1", "2, 3", ""] }, { "b-bin": Uint8Array.of(0, 255) }]),
      ...(random.chance(0.2) ? { deadlineMs: 50 + 100 * random.below(20) } : {}),
    };
    this.limits = random.chance(0.2) ? { maxSendMessageBytes: random.pick([100, 50_000]) } : {};
  }
}

const textOf = (metadata: Metadata): string => JSON.stringify([...metadata].map(([k, v]) => [k, [...v]]));

/** What its side sees of a call; the same in words where HTTP/2 has words of its own. */
class Seen {
  lines: string[] = [];

  note(side: string, line: string): void {
    this.lines.push(`${side} ${line}`);
  }

  /** Of one step: which side comes first is a matter of the network, and what the observers see comes between. */
  take(): string[] {
    const { lines } = this;
    this.lines = [];
    const whose = ["client ", "server ", "client's", "server's"];
    return whose.flatMap((one) => lines.filter((line) => line.startsWith(one)));
  }

  observe = ({ side, status, endedBy, messagesSent, messagesReceived, bytesReceived }: EndedCall): void =>
    this.note(
      `${side}'s observer:`,
      // Whose deadline is first is a matter of the network too.
      status === "DEADLINE_EXCEEDED"
        ? status
        : `${status} by ${endedBy} ${messagesSent} ${messagesReceived} ${bytesReceived}`,
    );
}

class Caller extends ClientBidiReactor<Note, Note> {
  constructor(private readonly seen: Seen) {
    super();
  }
  override onReadInitialMetadataDone(ok: boolean): void {
    this.seen.note("client", `metadata ${ok} ${textOf(this.initialMetadata)}`);
  }
  override onReadDone(ok: boolean): void {
    this.seen.note("client", `read ${ok ? this.message.body!.length : ok}`);
  }
  override onWriteDone(ok: boolean): void {
    this.seen.note("client", `write ${ok}`);
  }
  override onWritesDoneDone(ok: boolean): void {
    this.seen.note("client", `writes done ${ok}`);
  }
  override onDone({ code, details, metadata }: DoneStatus): void {
    this.seen.note("client", `done ${code} ${details} ${textOf(metadata)}`);
  }
}

class Answerer extends ServerBidiReactor<Note, Note> {
  constructor(context: ReactorContext, private readonly seen: Seen) {
    super(context);
    seen.note("server", `begins ${textOf(context.metadata)} ${context.timeRemainingMs === undefined}`);
  }
  override onSendInitialMetadataDone(ok: boolean): void {
    this.seen.note("server", `metadata ${ok}`);
  }
  override onReadDone(ok: boolean): void {
    this.seen.note("server", `read ${ok ? this.message.body!.length : ok}`);
  }
  override onWriteDone(ok: boolean): void {
    this.seen.note("server", `write ${ok}`);
  }
  override onCancel(): void {
    this.seen.note("server", "is cancelled");
  }
  override onDone(): void {
    this.seen.note("server", `done, cancelled: ${this.context.isCancelled}`);
  }
}

/** Does `what`; a step that is not allowed now throws on both ways alike. */
function act([what, size]: Step, caller: Caller, answerer: Answerer | undefined): void {
  const message = { body: new Uint8Array(size) };
  if (what === "client read") caller.startRead();
  else if (what === "client write") caller.startWrite(message);
  else if (what === "client last") caller.startWriteLast(message);
  else if (what === "client done") caller.startWritesDone();
  else if (what === "client cancel") caller.tryCancel();
  else if (what === "server read") answerer?.startRead();
  else if (what === "server write") answerer?.startWrite(message);
  else if (what === "server metadata") answerer?.startSendInitialMetadata({ size: `${size}` });
  else if (what === "server trailer") answerer?.context.trailers.set("size", `${size}`);
  else if (what === "server cancel") answerer?.context.tryCancel();
  else if (what === "server finish") answerer?.finish();
  else if (what === "server fail") answerer?.finish("NOT_FOUND", `no \u{1f600} % ${size}`);
  else answerer?.startWriteAndFinish(message, "ABORTED", "enough");
}

async function play({ steps, options, limits }: Script, isInProcess: boolean): Promise<string[]> {
  const simulation = new Simulation();
  const there = simulation.host();
  const seen = new Seen();
  let answerer: Answerer | undefined;
  const server = new Server({ poller: there, settings, ...limits as object });
  server.addService(Trial, { both: reactor((context) => answerer = new Answerer(context, seen)) });
  await server.listen(isInProcess ? "inprocess:script" : "0.0.0.0:80");
  const target = isInProcess ? "inprocess:script" : `${there.hostAddress}:80`;
  const poller = isInProcess ? there : simulation.host();
  const channel = new Channel(target, { poller, settings, ...limits });
  channel.connect();
  const pass = () => simulation.run({ until: simulation.now + 100 });
  await pass();
  channel.observe({ onCallEnd: seen.observe });
  server.observe({ onCallEnd: seen.observe });
  const caller = createReactorClient(Trial, channel).both(new Caller(seen), options);
  caller.addHold();
  caller.startCall();
  await pass();
  const lines = ["begins", ...seen.take()];
  for (const step of [...steps, ["client cancel", 0], ["server finish", 0]] as const) {
    try {
      act(step, caller, answerer);
    } catch (error) {
      seen.note(step[0].slice(0, 6), String(error));
    }
    await pass();
    lines.push(step.join(" "), ...seen.take());
  }
  caller.removeHold();
  channel.close();
  server.close();
  await simulation.run();
  return [...lines, "all ends", ...seen.take()];
}

const FIRST = 1;
const LAST = 300;

test(`in process: both sides see of a call what they see over HTTP/2, seeds ${FIRST} to ${LAST}`, async () => {
  for (let seed = FIRST; seed <= LAST; seed++) {
    const script = new Script(seed);
    assertEquals(await play(script, true), await play(script, false), `seed ${seed}`);
  }
});
