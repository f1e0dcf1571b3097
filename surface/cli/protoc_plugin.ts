#!/usr/bin/env node
// The program protoc-gen-pollwire, for protoc and buf: a request on stdin, the response on stdout.

import { ExitCode } from "./exit_codes.ts";
import { runPlugin } from "./gen/plugin.ts";
import { ProcessTerminal } from "./process_terminal.ts";
import { VERSION } from "../version.ts";

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

const ABOUT = `protoc-gen-pollwire is a plugin: protoc or buf runs it, with a request on its stdin.

  protoc --plugin=node_modules/.bin/protoc-gen-pollwire --pollwire_out=OPTIONS:gen FILE.proto
  buf generate

OPTIONS are flags of "pollwire gen" without dashes, with commas between them: int64=string,no-json
`;

/** Whoever types its name reads what it is; protoc and buf give no arguments. */
function answerTo([argument, ...more]: readonly string[]): number | undefined {
  if (argument === undefined) {
    if (!terminal.inputIsTerminal) return undefined;
    terminal.err.write(ABOUT);
    return ExitCode.USAGE;
  }
  const isHelp = ["--help", "-help", "-h", "help"].includes(argument);
  if (more.length === 0 && (isHelp || ["--version", "-version"].includes(argument))) {
    terminal.out.write(isHelp ? ABOUT : `protoc-gen-pollwire ${VERSION} (${terminal.runtime})\n`);
    return ExitCode.OK;
  }
  terminal.err.write(
    `protoc-gen-pollwire: there is no argument ${
      JSON.stringify(argument)
    }; options are --pollwire_opt of protoc\n`,
  );
  return ExitCode.USAGE;
}

async function main(): Promise<number> {
  const code = answerTo(terminal.given);
  if (code !== undefined) return code;
  try {
    terminal.out.write(runPlugin(await readInput()));
    return ExitCode.OK;
  } catch (error) {
    terminal.err.write(`protoc-gen-pollwire: ${error instanceof Error ? error.message : String(error)}\n`);
    return ExitCode.FAILED;
  }
}

await terminal.end(await main());
