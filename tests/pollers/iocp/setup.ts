// What tests of the iocp poller share: engines of both shapes, and what a process and an engine hold.
import type { IocpEngine } from "../../../pollers/iocp/engine.ts";
import { iocpFactory } from "../../../pollers/iocp/mod.ts";
import { openLibrary } from "../../../pollers/ffi/library.ts";
import type { EngineOptions } from "../../../pollers/mod.ts";
import { test, type TestOptions } from "../../harness.ts";
import { until, withEngine } from "../promised.ts";

const probed = iocpFactory.probe();

/** Why there is no iocp engine here; undefined where there is one. */
const noIocp: string | undefined = probed.usable ? undefined : probed.because;

/** Declares the tests of a file; where there is no iocp they are one, which says why. */
export function iocpTests(title: string, declare: () => void): void {
  if (noIocp === undefined) declare();
  else test(`iocp: ${title}`, () => {}, { skip: noIocp });
}

const SHAPES: ReadonlyArray<readonly [string, EngineOptions]> = [
  ["a poller thread waits", {}],
  ["its own thread waits", { ownThread: true }],
];

/** Declares a test for each shape; the engine is shut down after it, and must hold nothing then. */
export function forEachShape(
  name: string,
  body: (engine: IocpEngine) => Promise<void>,
  options: TestOptions = {},
): void {
  for (const [shape, engineOptions] of SHAPES) {
    test(`iocp, ${shape}: ${name}`, async () => {
      let engine!: IocpEngine;
      await withEngine(iocpFactory, (made) => body(engine = made as IocpEngine), engineOptions);
      if (engine.operations.pending > 0) {
        throw new Error(`${engine.operations.pending} slots were not given back`);
      }
    }, options);
  }
}

/** Waits until every packet has come. */
export function slotsReturn(engine: IocpEngine, expected = 0): Promise<void> {
  return until(() => engine.operations.pending === expected, `slots, of which ${expected} may be taken`);
}

/** Handles are multiples of 4, given out from the lowest that is free. */
const HIGHEST_HANDLE = 0x8000;

const isOpen = noIocp === undefined ? openCall() : () => false;

/** Handles that this process has open: sockets, ports, files, events. Wine cannot say how many, so each is asked for. */
export function handleCount(): number {
  let count = 0;
  for (let handle = 4; handle < HIGHEST_HANDLE; handle += 4) if (isOpen(handle)) count++;
  return count;
}

function openCall(): (handle: number) => boolean {
  const opened = openLibrary(["kernel32.dll"], {
    GetHandleInformation: { parameters: ["i64", "buffer"], result: "i32" },
  });
  if (!opened.ok) throw new Error(opened.because);
  const flags = new Uint8Array(4096); // large enough to stay where it is
  return (handle) => opened.functions.GetHandleInformation(handle, flags) !== 0;
}
