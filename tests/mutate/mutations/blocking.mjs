// Faults of threads that block: who polls, what is flushed and dispatched, and what is refused.

const WAIT = "tests/pollers/threads/sync_wait_test.ts";
const EPOLL_WAIT = "tests/pollers/epoll/sync_wait_test.ts";
const HANDOVER = "tests/pollers/epoll/handover_test.ts";
const QUEUE = "tests/surface/queue/blocking_test.ts";
const CONSUMER = "surface/queue/blocked_consumer.ts";
const CLIENT = "tests/surface/blocking/sync_client_test.ts";
const HELPER = "tests/surface/blocking/helper_test.ts";
const COMBINER = "tests/pollers/core/combiner_test.ts";
const REENTRANCY = "tests/surface/reentrancy_test.ts";
const WAITER = "pollers/threads/sync_waiter.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "pollers/threads/handover.ts",
    before: "if (count === 0 && Atomics.load(control, RECLAIM) === 0) continue;",
    after: "if (count === 0) continue;",
    test: HANDOVER,
    name: "the token comes back",
  },
  {
    file: "pollers/threads/handover.ts",
    before: `    Atomics.notify(control, SIGNAL);
    Atomics.notify(control, TOKEN);`,
    after: "    Atomics.notify(control, SIGNAL);",
    test: HANDOVER,
    name: "the token comes back",
  },
  {
    file: "pollers/threads/thread_waiting.ts",
    before: "if (Atomics.load(control, TOKEN) !== ENGINE) return this.awaitSignal();",
    after: "",
    test: EPOLL_WAIT,
    name: "a signal that comes late",
  },
  {
    file: "pollers/threads/thread_waiting.ts",
    before: `    this.loop.runtime.soon(this.poll);
    found(due, Atomics.load(control, COUNT));`,
    after: "    found(due, Atomics.load(control, COUNT));",
    test: WAIT,
    name: "the poller thread's token",
  },
  {
    file: WAITER,
    before: "loop.runClosures(); // one of them",
    after: "// one of them",
    test: WAIT,
    name: "[Q126] a blocked thread dispatches",
  },
  {
    file: WAITER,
    before: "timers.runDue(loop.now());",
    after: "",
    test: WAIT,
    name: "[Q126] a blocked thread",
  },
  {
    file: WAITER,
    before: "if (this.engine.execCtx.inTurn) throw",
    after: "if (false as boolean) throw",
    test: WAIT,
    name: "[Q127] a wait inside a callback",
  },
  {
    file: WAITER,
    before: "spins ? 0 : Math.max(0, end - now)",
    after: "spins ? 0 : Math.ceil(Math.max(0, end - now)) + 1",
    test: WAIT,
    name: "[Q128] a wait is as long",
  },
  {
    file: WAITER,
    before: "if (!expired) continue;",
    after: "if (!expired && count > 0) continue;",
    test: EPOLL_WAIT,
    name: "[Q128] a thousand signals",
  },
  {
    file: WAITER,
    before: "const expired = now >= deadline;",
    after: "const expired = now >= deadline;\n      if (expired) return false;",
    test: WAIT,
    name: "events before the deadline",
  },
  {
    file: WAITER,
    before: "now - activeAt < spinMs;",
    after: "false;",
    test: WAIT,
    name: "it polls for spinMs",
  },
  { file: WAITER, before: "this.onCrash(reason);", after: "", test: WAIT, name: "a source that is lost" },
  {
    file: CONSUMER,
    before: "poller.kick(pollset, consumer); // it leaves",
    after: "// it leaves",
    test: QUEUE,
    name: "[Q127] a queue refuses",
  },
  {
    file: CONSUMER,
    before: "poller.work(pollset, consumer);",
    after: "pollset.polls++;",
    test: QUEUE,
    name: "[Q21] a shutdown",
  },
  {
    file: CONSUMER,
    before: "if (reason !== undefined) throw",
    after: "if (reason !== undefined && !engine.execCtx.inTurn) throw",
    test: QUEUE,
    name: "[Q127] a queue refuses",
  },
  {
    file: CONSUMER,
    before: "if (pluck && core.hasMostPluckers(tag as Tag)) return event;",
    after: "",
    test: QUEUE,
    name: "[Q10] a seventh",
  },
  {
    file: "pollers/contract/extension.ts",
    before: "if (engine.extension(SYNC_WAIT) !== undefined) return undefined;",
    after: 'if (engine.name !== "") return undefined;',
    test: QUEUE,
    name: "[Q127] a queue of the runtime",
  },
  {
    file: "surface/blocking/refusal.ts",
    before: "const address = servedHere(target);",
    after: "const address = servedHere(target) && undefined;",
    test: CLIENT,
    name: "epoll: [Q127] a call to a server of the same thread",
  },
  {
    file: "surface/server/served_here.ts",
    before:
      "if (ANY.includes(address.host)) return localNames().has(target.host) || ANY.includes(target.host);",
    after: "if (ANY.includes(address.host)) return false;",
    test: CLIENT,
    name: "epoll: [Q127] a call to a server of the same thread",
  },
  {
    file: "surface/server/binding.ts",
    before: "    this.notServedHere();\n",
    after: "",
    test: CLIENT,
    name: "epoll: [Q127] a call to a server of the same thread",
  },
  {
    file: "pollers/threads/blockable_resolver.ts",
    before: "for (const lookup of this.lookups) this.help(lookup);",
    after: "",
    test: WAIT,
    name: "[Q127] names are looked up",
  },
  {
    file: "pollers/threads/blockable_resolver.ts",
    before: "if (this.blocked) this.help(lookup);",
    after: "",
    test: WAIT,
    name: "[Q127] names are looked up",
  },
  {
    file: "surface/blocking/local_call.ts",
    before: "this.release(messages.takenBytes);",
    after: "",
    test: CLIENT,
    name: "epoll: a large download",
  },
  {
    file: "surface/blocking/responses.ts",
    before: "if (call.writeBlocked) call.wait(() => !call.writeBlocked);",
    after: "",
    test: CLIENT,
    name: "epoll: requests come from an iterable",
  },
  {
    file: "surface/blocking/responses.ts",
    before: "else if (this.#typed.write(next.value)) call.poll();",
    after: "else this.#typed.write(next.value);",
    test: CLIENT,
    name: "epoll: both streams: requests from an iterable",
  },
  {
    file: "surface/blocking/responses.ts",
    before: 'call.cancel(Status.CANCELLED, "responses are not read any further", "user");',
    after: "",
    test: CLIENT,
    name: "epoll: both streams: requests are written",
  },
  {
    file: "surface/blocking/sync_client.ts",
    before: "if (why !== undefined) throw",
    after: "if (false as boolean) throw",
    test: CLIENT,
    name: "epoll: [Q127] a call in a callback",
  },
  {
    file: "surface/blocking/helped_call.ts",
    before: "(this.taken >= TAKEN_BYTES || messages.size === 0)",
    after: "(false as boolean)",
    test: CLIENT,
    name: "native: a large download",
  },
  {
    file: "surface/blocking/helped_call.ts",
    before: "return this.unsent >= MOST_UNSENT;",
    after: "return this.unsent > 0 && this.status !== undefined;",
    test: CLIENT,
    name: "native: requests come from an iterable",
  },
  {
    file: "surface/blocking/helper_protocol.ts",
    before: `  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;`,
    after: "  return bytes.slice().buffer as ArrayBuffer;",
    test: CLIENT,
    name: "native: [Q126] a unary call",
    runtime: "bun",
  },
  {
    file: "surface/blocking/helper.ts",
    before: "return this.mailbox.end();",
    after: "return undefined;",
    test: HELPER,
    name: "channels share the helper",
  },
  {
    file: "surface/blocking/helper.ts",
    before: "for (const call of calls) call.onHelperLost(reason);",
    after: "",
    test: HELPER,
    name: "a helper thread that hangs",
  },
  {
    file: "surface/blocking/helper.ts",
    before: "        structuredClone(value);\n",
    after: "",
    test: HELPER,
    name: "[Q127] where no helper",
  },
  {
    file: "pollers/native/mailbox.ts",
    before: "this.thread.unref();",
    after: "",
    test: HELPER,
    name: "native: a script",
  },
  {
    file: "pollers/native/mailbox.ts",
    before: "this.checkLife(now);",
    after: "",
    test: HELPER,
    name: "a mailbox whose thread",
  },
  {
    file: WAITER,
    before: "if (this.listens) this.dispatcher.dispatch(due, count);",
    after: "if (this.dispatcher !== undefined) this.dispatcher.dispatch(due, count);",
    test: WAIT,
    name: "[Q15] a wait that does not listen",
  },
  {
    file: WAITER,
    before: "if (this.kept.length > 0) this.loop.runtime.soon(this.acceptKept);",
    after: "",
    test: WAIT,
    name: "[Q15] a wait that does not listen",
  },
  {
    file: CONSUMER,
    before: "deadline, 0, poller.canListen)",
    after: "deadline, 0, true)",
    test: QUEUE,
    name: "[Q15] a NON_LISTENING queue",
  },
  // Control work and callbacks.
  {
    file: "pollers/core/combiner.ts",
    before: `    if (this.draining) {
      this.closures.push(closure);
      return;
    }
`,
    after: "",
    test: COMBINER,
    name: "[Q123] the first to come",
  },
  {
    file: "pollers/core/combiner.ts",
    before: "this.last.push(closure);",
    after: "this.closures.push(closure);",
    test: COMBINER,
    name: "[Q123] runFinally",
  },
  {
    file: "pollers/core/combiner.ts",
    before: "if (ran === MOST_IN_A_ROW) return this.engine.run(this.drainOn);",
    after: "if (ran === MOST_IN_A_ROW) this.engine.run(this.drainOn);",
    test: COMBINER,
    name: "[Q123] a long drain",
  },
  {
    file: "surface/server/server.ts",
    before: "stopped = this.#stopped = new Promise(",
    after: "stopped = new Promise(",
    test: "tests/surface/server/reentrant_shutdown_test.ts",
    name: "[Q123] a server that is shut down again",
  },
  {
    file: "surface/call/call_signal.ts",
    before: "    execCtx.schedule(this);",
    after: "    this.runCallback();",
    test: REENTRANCY,
    name: "[Q121] every callback",
  },
  {
    file: "surface/promise/callbacks.ts",
    before: "    this.execCtx.schedule(this);",
    after: "    this.runCallback();",
    test: REENTRANCY,
    name: "[Q121] every callback",
  },
  {
    file: "surface/channel/subchannel.ts",
    before: "this.combiner.run(() => this.shutDown());",
    after: "this.shutDown();",
    test: "tests/surface/channel/reentrant_channel_test.ts",
    name: "[Q123] a channel that is closed by",
  },
  {
    file: "surface/channel/subchannel.ts",
    before: "    if (call.isOver) return;\n",
    after: "",
    test: "tests/surface/channel/reentrant_channel_test.ts",
    name: "[Q123] a call that is over",
  },
  {
    file: "surface/create_client.ts",
    before: "if ((options.interceptors ?? []).length > 0) {",
    after: "if (false as boolean) {",
    test: CLIENT,
    name: "[Q127] client.sync is refused",
  },
  {
    file: "surface/create_client.ts",
    before: 'if (Object.hasOwn(client, "sync")) return client as ServiceClient<S>;',
    after: "",
    test: CLIENT,
    name: "[Q127] client.sync is refused",
  },
  {
    file: "surface/blocking/responses.ts",
    before: "        if (call.writeBlocked) this.#unsent = next;\n        else ",
    after: "        ",
    test: "tests/surface/blocking/sync_client_test.ts",
    name: "epoll: [Q126] both ways, with messages beyond",
  },
  {
    file: "surface/blocking/responses.ts",
    before: "        const next = this.#unsent ?? requests.next();",
    after: "        const next = requests.next();",
    test: "tests/surface/blocking/sync_client_test.ts",
    name: "epoll: [Q126] both ways, with messages beyond",
  },
  {
    file: "surface/blocking/responses.ts",
    before: "    this.#leaveRequests();\n    return END;",
    after: "    return END;",
    test: "tests/surface/blocking/sync_client_test.ts",
    name: "whoever leaves the responses",
  },
  {
    file: "surface/blocking/helped_call.ts",
    before: "    this.listen();\n",
    after: "",
    test: "tests/surface/blocking/sync_client_test.ts",
    name: "native: [Q126] between two responses",
  },
  {
    file: "surface/blocking/helped_call.ts",
    before: 'if (this.onAbort !== undefined) signal!.removeEventListener("abort", this.onAbort);',
    after: "void signal;",
    test: "tests/surface/blocking/sync_client_test.ts",
    name: "native: [Q126] between two responses",
  },
];
