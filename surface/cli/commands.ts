// All commands, in the order in which help lists them.

import type { CommandEntry } from "./command.ts";

/** Every command; the module of one is loaded when it is used. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "list",
    summary: "lists the services of a server, or the methods of one",
    load: () => import("./commands/list.ts").then(({ list }) => list),
  },
  {
    name: "describe",
    summary: "prints services, messages and enums as .proto text",
    load: () => import("./commands/describe.ts").then(({ describe }) => describe),
  },
  {
    name: "call",
    summary: "calls a method, with JSON in and out",
    load: () => import("./commands/call.ts").then(({ call }) => call),
  },
  {
    name: "health",
    summary: "asks a server how it is, once or until it changes",
    load: () => import("./commands/health.ts").then(({ health }) => health),
  },
  {
    name: "channelz",
    summary: "shows what the servers and channels of a running program do",
    load: () => import("./commands/channelz.ts").then(({ channelz }) => channelz),
  },
  {
    name: "bench",
    summary: "puts load on a method, and measures its calls",
    load: () => import("./commands/bench.ts").then(({ bench }) => bench),
  },
  {
    name: "pollers",
    summary: "shows which pollers run here, and why the others do not",
    load: () => import("./commands/pollers.ts").then(({ pollers }) => pollers),
  },
  {
    name: "gen",
    summary: "makes TypeScript of .proto files: types, codecs and services",
    load: () => import("./commands/gen.ts").then(({ gen }) => gen),
  },
  {
    name: "completions",
    summary: "prints a script that has bash, zsh or fish complete commands and flags",
    load: () => import("./commands/completions.ts").then(({ completions }) => completions),
  },
];
