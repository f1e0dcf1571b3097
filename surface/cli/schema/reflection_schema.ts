// The schema that a server's reflection says, asked for as far as it is needed.

import { RpcError } from "../../call/rpc_error.ts";
import { Status } from "../../call/status.ts";
import type { Channel } from "../../channel/channel.ts";
import type { CallOptions } from "../../client/call_options.ts";
import type { Assembled } from "../../proto/assemble.ts";

import { ProtoError } from "../../proto/errors.ts";
import type { FileNode, Named } from "../../proto/language/nodes.ts";
import { ReflectionClient } from "../../services/reflection_client.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { FilesSchema } from "./files_schema.ts";
import { linkDescribed } from "./link_described.ts";
import type { Schema } from "./schema.ts";

/** What the server of a channel says of itself. */
export class ReflectionSchema implements Schema {
  readonly origin = "the server's reflection";
  readonly #client: ReflectionClient;
  /** Of the calls of the client, which has this object. */
  readonly #options: CallOptions & { waitForReady?: boolean };
  /** Serialised descriptors, each once. */
  readonly #descriptors = new Set<Uint8Array>();
  #services: Promise<readonly string[]> | undefined;
  /** Symbols that the server does not know; a stream of responses may name one in each. */
  readonly #absent = new Set<string>();
  /** Of the descriptors that there are. */
  #files: FilesSchema | undefined;

  /** Its calls have `options`; once the server has answered none waits until it is there. */
  constructor(channel: Channel, options: CallOptions) {
    this.#options = { ...options };
    this.#client = new ReflectionClient(channel, this.#options);
  }

  services(): Promise<readonly string[]> {
    return this.#services ??= asked(() => this.#client.services()).then((names) => names ?? []);
  }

  async find(symbol: string): Promise<Named | FileNode | undefined> {
    const known = await this.#known().find(symbol);
    if (known !== undefined || this.#absent.has(symbol)) return known;
    const found = await this.#ask(symbol);
    if (found === undefined) this.#absent.add(symbol);
    return found;
  }

  async #ask(symbol: string): Promise<Named | FileNode | undefined> {
    const isFile = symbol.endsWith(".proto");
    const descriptors = await asked(() =>
      isFile ? this.#client.file(symbol) : this.#client.descriptors(symbol)
    );
    this.#options.waitForReady = false; // for what a message names: a server that is gone may never be back
    if (descriptors === undefined) {
      // Some servers know methods and values of enums by what they are in alone.
      const outer = symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
      if (isFile || outer === "" || await this.find(outer) === undefined) return undefined;
    } else {
      for (const one of descriptors) this.#descriptors.add(one);
      this.#files = undefined;
    }
    return await this.#known().find(symbol);
  }

  async types(symbol: string): Promise<Assembled> {
    await this.find(symbol);
    return await this.#known().types();
  }

  #known(): FilesSchema {
    if (this.#files !== undefined) return this.#files;
    const files = usable(() => linkDescribed(this.#descriptors));
    return this.#files = new FilesSchema(this.origin, files, files);
  }
}

/** What reflection answers; undefined for NOT_FOUND. Throws CommandError that says what can be done without it. */
async function asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RpcError)) {
      return usable(() => {
        throw error;
      });
    }
    if (error.code === Status.NOT_FOUND) return undefined;
    if (error.code !== Status.UNIMPLEMENTED) throw error;
    throw new CommandError(
      "The server has no reflection, which says what its services are: give their files by --proto or --protoset; " +
        "in pollwire `new Reflection(server)` adds it",
      ExitCode.STATUS + error.code,
    );
  }
}

/** What `use` returns; ProtoErrors are CommandErrors that say what can be done. */
function usable<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    throw new CommandError(
      `${error.message}; --proto or --protoset give the services without reflection`,
      undefined,
      { cause: error },
    );
  }
}
