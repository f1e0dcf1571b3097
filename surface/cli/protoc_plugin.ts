#!/usr/bin/env node
// The program protoc-gen-pollwire, for protoc and buf: a request on stdin, the response on stdout.

import { ExitCode } from "./exit_codes.ts";
import { runPlugin } from "./gen/plugin.ts";
import { ProcessTerminal } from "./process_terminal.ts";

const terminal = new ProcessTerminal();

async function readInput(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of terminal.input()) {
    pieces.push(piece);
    length += piece.length;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

async function main(): Promise<number> {
  if (terminal.inputIsTerminal) {
    terminal.err.write(
      "protoc-gen-pollwire is a plugin: protoc --pollwire_out=gen FILE.proto, or buf generate\n",
    );
    return ExitCode.USAGE;
  }
  try {
    terminal.out.write(runPlugin(await readInput()));
    return ExitCode.OK;
  } catch (error) {
    terminal.err.write(`protoc-gen-pollwire: ${error instanceof Error ? error.message : String(error)}\n`);
    return ExitCode.FAILED;
  }
}

await terminal.end(await main());
