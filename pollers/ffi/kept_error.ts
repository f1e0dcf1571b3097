// Calls of Windows together with the error that they leave, before anything else can change it.
//
// A call that fails leaves a number with its thread, and GetLastError gives it. Asked for from JavaScript it may be
// another's: between two calls of ours the runtime makes calls of its own, when it compiles, collects garbage or does
// something for the first time. (Deno has had 1150, of a look at Windows' version, where a connect was pending.) So a
// few bytes of machine code stand before each call: they make it, then ask, and put the answer into memory. Other
// runtimes do the same: Java names it the capture of the call's state, .NET SetLastError.

import {
  functionAt,
  type NativeFunctions,
  type Opened,
  openLibrary,
  type Signatures,
  viewMemory,
} from "./library.ts";
import { Arena } from "./memory.ts";
import { C } from "./windows_layouts.ts";

const KERNEL_SIGNATURES = {
  LoadLibraryA: { parameters: ["buffer"], result: "address" },
  GetProcAddress: { parameters: ["address", "buffer"], result: "address" },
  VirtualAlloc: { parameters: ["address", "address", "u32", "u32"], result: "address" },
  VirtualProtect: { parameters: ["address", "address", "u32", "buffer"], result: "i32" },
} as const;

/** What the code before one call takes at most. */
const THUNK_BYTES = 128;

/** What is made executable at once. */
const PAGE_BYTES = 4_096;

/** Arguments come in four registers, and the others on the stack. */
const IN_REGISTERS = 4;
const MOST_PARAMETERS = 8;

/** Where functions are, by name. */
type Addresses<S extends Signatures> = { readonly [N in keyof S]: number };

/** Makes functions whose error is kept, for one thread. */
export class ErrorKeeper {
  private readonly arena = new Arena(32);
  private readonly answer = this.arena.allocate(4);
  private readonly room = this.arena.allocate(4);
  private readonly getLastError: number;

  private constructor(private readonly kernel: NativeFunctions<typeof KERNEL_SIGNATURES>) {
    this.getLastError = this.find("kernel32.dll", "GetLastError");
  }

  /** A keeper, or the reason why there is none, as a sentence. */
  static open(): { readonly ok: true; readonly keeper: ErrorKeeper } | {
    readonly ok: false;
    readonly because: string;
  } {
    const kernel = openLibrary(["kernel32.dll"], KERNEL_SIGNATURES);
    return kernel.ok ? { ok: true, keeper: new ErrorKeeper(kernel.functions) } : kernel;
  }

  /** The error of the last call of a function made here; what it is where that call did not fail means nothing. */
  readonly lastError = (): number => this.answer.view.getUint32(0, true);

  /** Functions that `library` exports. */
  functions<const S extends Signatures>(library: string, signatures: S): Opened<S> {
    const names: (keyof S & string)[] = Object.keys(signatures);
    const addresses = Object.fromEntries(names.map((name) => [name, this.find(library, name)]));
    const missing = names.find((name) => addresses[name] === 0);
    if (missing !== undefined) return { ok: false, because: `${library} has no ${missing}` };
    return this.functionsAt(addresses as Addresses<S>, signatures);
  }

  /**
   * Functions that lie at `addresses`: at most 32, of at most eight parameters. The page that their code lies in stays
   * for as long as the process does.
   */
  functionsAt<const S extends Signatures>(addresses: Addresses<S>, signatures: S): Opened<S> {
    const { VirtualAlloc, VirtualProtect } = this.kernel;
    const entries = Object.entries(signatures);
    if (entries.length > PAGE_BYTES / THUNK_BYTES) {
      throw new RangeError(
        `Cannot keep the errors of ${entries.length} functions: a page has room for fewer`,
      );
    }
    const thunks = entries.map(([name, { parameters }]) => this.thunk(addresses[name]!, parameters.length));
    const page = VirtualAlloc(0, PAGE_BYTES, C.MEM_RESERVE | C.MEM_COMMIT, C.PAGE_READWRITE);
    if (page === 0) return { ok: false, because: "the system has no memory left" };
    const code = new Uint8Array(viewMemory(page, PAGE_BYTES));
    thunks.forEach((thunk, i) => code.set(thunk, i * THUNK_BYTES));
    if (VirtualProtect(page, PAGE_BYTES, C.PAGE_EXECUTE_READ, this.room.bytes) === 0) {
      return { ok: false, because: "this process may not make code (PAGE_EXECUTE_READ is refused)" };
    }
    const functions = entries.map(([name, signature], i) => [
      name,
      functionAt(page + i * THUNK_BYTES, signature),
    ]);
    // The library is the runtime's own as well, and stays.
    return { ok: true, functions: Object.fromEntries(functions) as NativeFunctions<S>, close: () => {} };
  }

  private find(library: string, name: string): number {
    const { LoadLibraryA, GetProcAddress } = this.kernel;
    const module = LoadLibraryA(ascii(library));
    return module === 0 ? 0 : GetProcAddress(module, ascii(name));
  }

  /** Machine code for x86-64, with Windows' calling convention. */
  private thunk(target: number, parameterCount: number): number[] {
    if (parameterCount > MOST_PARAMETERS) throw new RangeError(`Cannot pass ${parameterCount} parameters on`);
    const onStack = Math.max(0, parameterCount - IN_REGISTERS);
    return [
      ...[0x55], //                                           push rbp
      ...[0x48, 0x89, 0xe5], //                               mov rbp, rsp
      ...[0x48, 0x83, 0xec, 0x60], //                         sub rsp, 96: what the callee wants, and the result
      ...Array.from({ length: onStack }, (_, i) => passOn(i)).flat(),
      ...callAt(target),
      ...[0x48, 0x89, 0x45, 0xf8], //                         mov [rbp - 8], rax
      ...callAt(this.getLastError),
      ...[0x48, 0xb9, ...littleEndian(this.answer.address)], // mov rcx, answer
      ...[0x89, 0x01], //                                     mov [rcx], eax
      ...[0x48, 0x8b, 0x45, 0xf8], //                         mov rax, [rbp - 8]
      ...[0xc9, 0xc3], //                                     leave; ret
    ];
  }
}

/** The `i`th argument on the stack: behind the saved rbp, the return address and 32 bytes for the registers. */
function passOn(i: number): number[] {
  return [
    ...[0x48, 0x8b, 0x45, 0x30 + 8 * i], //       mov rax, [rbp + 48 + 8 * i]
    ...[0x48, 0x89, 0x44, 0x24, 0x20 + 8 * i], // mov [rsp + 32 + 8 * i], rax
  ];
}

function callAt(address: number): number[] {
  return [
    ...[0x48, 0xb8, ...littleEndian(address)], // mov rax, address
    ...[0xff, 0xd0], //                           call rax
  ];
}

function littleEndian(address: number): number[] {
  return Array.from({ length: 8 }, (_, i) => Math.floor(address / 2 ** (8 * i)) % 256);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}
