// Which poller is chosen, and what is said when none can be.
import { assert, assertEquals, assertThrows } from "@std/assert";
import process from "node:process";
import {
  createEngine,
  describePollers,
  type EngineFactory,
  PollerError,
  registerPoller,
  selectPoller,
} from "../../pollers/mod.ts";
import { test } from "../harness.ts";

function factory(name: string, because?: string): EngineFactory {
  return {
    name,
    probe: () => because === undefined ? { usable: true } : { usable: false, because },
    create: () => {
      throw new Error("not needed here");
    },
  };
}

const ALL = [
  factory("native"),
  factory("epoll", "FFI needs --allow-ffi"),
  factory("iocp", "only on Windows"),
  factory("simulated"),
];

function withVariable(value: string | undefined, body: () => void): void {
  const before = process.env.POLLWIRE_POLLER;
  const set = (to: string | undefined) => {
    if (to === undefined) delete process.env.POLLWIRE_POLLER;
    else process.env.POLLWIRE_POLLER = to;
  };
  set(value);
  try {
    body();
  } finally {
    set(before);
  }
}

test("the first usable one of the list wins", () => {
  assertEquals(selectPoller("simulated", ALL).name, "simulated");
  assertEquals(selectPoller("epoll,native", ALL).name, "native");
  assertEquals(selectPoller(" iocp , epoll ,simulated, native", ALL).name, "simulated");
  assertEquals(selectPoller(["epoll", "simulated"], ALL).name, "simulated");
});

test("without a list the environment decides, and without that it is native", () => {
  withVariable(undefined, () => assertEquals(selectPoller(undefined, ALL).name, "native"));
  withVariable("epoll,simulated", () => assertEquals(selectPoller(undefined, ALL).name, "simulated"));
  withVariable("simulated", () => assertEquals(selectPoller("native", ALL).name, "native"));
  withVariable("", () => assertEquals(selectPoller(undefined, ALL).name, "native"));
  withVariable("native, eqoll", () => {
    const says =
      'from "native, eqoll", the variable POLLWIRE_POLLER: "eqoll" is unknown; there are native, epoll';
    assertThrows(() => selectPoller(undefined, ALL), PollerError, says);
  });
});

test("an unknown name is an error even behind a usable one, and tells of those there are", () => {
  const error = assertThrows(() => selectPoller("native,kqueue", ALL), PollerError);
  assertEquals(
    error.message,
    'Cannot select a poller from "native,kqueue": "kqueue" is unknown; there are native, epoll, iocp, simulated',
  );
});

test("where none is usable, each one's reason is given", () => {
  const error = assertThrows(() => selectPoller("iocp,epoll", ALL), PollerError);
  assertEquals(
    error.message,
    'Cannot select a poller from "iocp,epoll": iocp: only on Windows; epoll: FFI needs --allow-ffi',
  );
  for (const empty of ["", " , ", []]) {
    assertThrows(() => selectPoller(empty, ALL), PollerError, "the list is empty");
  }
});

test("a listing says of each whether it can run and why not", () => {
  assertEquals(describePollers(ALL), [
    { name: "native", usable: true },
    { name: "epoll", usable: false, because: "FFI needs --allow-ffi" },
    { name: "iocp", usable: false, because: "only on Windows" },
    { name: "simulated", usable: true },
  ]);
});

test("the native poller is there and works", async () => {
  assert(describePollers().some(({ name, usable }) => name === "native" && usable));
  const engine = createEngine("native");
  assertEquals(engine.name, "native");
  await engine.shutdown();
});

test("select: a poller that is registered has a name, in lists and among those described, until it is taken back", () => {
  const mine = { ...factory("mine"), create: () => createEngine("native") };
  const unregister = registerPoller(mine);
  try {
    assertEquals(selectPoller("mine").name, "mine");
    assertEquals(selectPoller(["mine", "native"]).name, "mine");
    assert(describePollers().some(({ name, usable }) => name === "mine" && usable));
    assertThrows(
      () => registerPoller(mine),
      TypeError,
      'Cannot register poller "mine": there is one of that name',
    );
  } finally {
    unregister();
  }
  assertThrows(() => selectPoller("mine"), PollerError, '"mine" is unknown');
  unregister(); // once more takes nobody else's
  registerPoller(mine)();
  assertThrows(() => selectPoller("mine"), PollerError);
});

test("select: what is no poller is not registered", () => {
  for (const wrong of [undefined, {}, { name: "x", probe: () => ({ usable: true }) }]) {
    assertThrows(
      () => registerPoller(wrong as never),
      TypeError,
      "expected an object with name, probe() and create",
    );
  }
  for (const name of ["", "a,b", " a"]) {
    assertThrows(() => registerPoller({ ...factory("x"), name }), TypeError, "a name is not empty");
  }
  assertThrows(() => registerPoller(factory("native")), TypeError, "there is one of that name");
});

test("select: an option that no engine has is refused", () => {
  const misspelt = { spinUS: 0 } as object; // without types it would go on, and spin
  assertThrows(
    () => createEngine("native", misspelt),
    TypeError,
    'Cannot create an engine: there is no option "spinUS"; there are readBufferBytes, ownThread, spinUs',
  );
});
